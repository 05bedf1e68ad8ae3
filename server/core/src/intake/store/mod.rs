//! SQL statements of the `intake` module.

pub(crate) mod requests;
pub(crate) mod terminals;
