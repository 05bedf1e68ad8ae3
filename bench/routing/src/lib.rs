//! Problems for the route engine: Solomon instances, generated field service days and random problems.

pub mod field;
pub mod random;
pub mod solomon;
