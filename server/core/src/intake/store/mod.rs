//! intake::store

pub(crate) mod requests;
pub(crate) mod terminals;
