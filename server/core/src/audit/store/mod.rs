//! audit::store

pub(crate) mod log;
pub(crate) mod timeline;
