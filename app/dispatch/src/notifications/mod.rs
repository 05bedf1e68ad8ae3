//! Outgoing emails.

pub mod page;
