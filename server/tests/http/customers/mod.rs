//! Customers, locations and contacts.

pub mod by_hand;
pub mod client_records;
pub mod overview;
pub mod write_rules;
