//! Outgoing emails.

pub mod actions;
pub mod page;
pub mod reach;
