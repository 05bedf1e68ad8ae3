//! Billing triggers.

pub mod page;
