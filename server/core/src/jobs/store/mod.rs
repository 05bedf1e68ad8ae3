//! jobs::store

pub(crate) mod change_proposals;
pub(crate) mod targets;
