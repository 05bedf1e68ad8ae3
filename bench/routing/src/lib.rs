//! Problems for the route engine: Solomon's, a set of field service days, and any number of random ones.

pub mod field;
pub mod random;
pub mod solomon;
