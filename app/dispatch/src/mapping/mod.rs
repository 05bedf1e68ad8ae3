//! Mapping review and references.

pub mod references;
pub mod review;
