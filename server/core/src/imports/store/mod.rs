//! Database access for import jobs, their items and the records they write.

pub(crate) mod client_revocation;
pub(crate) mod items;
pub(crate) mod jobs;
mod retention;
pub(crate) mod target_writes;
pub(crate) mod writes;
