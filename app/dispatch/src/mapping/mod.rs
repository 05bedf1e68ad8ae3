//! Mapping review and external references.

pub mod references;
pub mod review;
