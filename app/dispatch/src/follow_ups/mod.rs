//! Follow-ups.

pub mod page;
