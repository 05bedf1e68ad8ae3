//! Database access for external references, mapping candidates and the mapping review.

pub(crate) mod candidates;
pub(crate) mod links;
pub(crate) mod references;
pub(crate) mod review;
pub(crate) mod review_choices;
pub(crate) mod review_references;
