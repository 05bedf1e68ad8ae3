//! Database access for customers, locations and contacts.

pub(crate) mod client_records;
pub(crate) mod editing;
pub(crate) mod export;
pub(crate) mod history;
pub(crate) mod records;
pub(crate) mod sheets;
