//! Customers, locations and contacts.

pub mod client_records;
