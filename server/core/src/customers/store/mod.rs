//! Database access for customers, locations and contacts.

pub(crate) mod client_records;
pub(crate) mod records;
