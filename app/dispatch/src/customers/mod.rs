//! Customers.

pub mod page;
