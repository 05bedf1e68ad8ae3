//! The audit log.

pub mod actions;
pub mod page;
