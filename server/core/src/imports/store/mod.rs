//! imports::store

pub(crate) mod items;
pub(crate) mod jobs;
pub(crate) mod writes;
