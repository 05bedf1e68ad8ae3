//! mapping::store

pub(crate) mod candidates;
pub(crate) mod links;
pub(crate) mod references;
pub(crate) mod review;
