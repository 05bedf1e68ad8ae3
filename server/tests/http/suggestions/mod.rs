//! Route suggestions.

pub mod api;
pub mod flow;
