//! Database access for external references, mapping candidates and the mapping review.

pub(crate) mod candidates;
pub(crate) mod links;
pub(crate) mod references;
pub(crate) mod review;
