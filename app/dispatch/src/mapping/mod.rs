//! Mapping review and external references.

pub mod actions;
pub(crate) mod decisions;
pub mod references;
pub mod review;
