//! Customers with their locations and contacts.

pub mod changes;
pub mod contact;
pub mod customer_form;
pub mod list;
pub mod location;
pub mod overview;
pub mod page;
pub mod records;
