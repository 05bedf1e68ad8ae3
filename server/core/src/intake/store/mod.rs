//! SQL statements of the `intake` module.

pub(crate) mod forms;
pub(crate) mod request_files;
pub(crate) mod requests;
pub(crate) mod terminals;
