//! Customers, locations and contacts.

pub mod client_records;
pub mod write_rules;
