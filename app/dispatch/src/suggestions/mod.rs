//! Route suggestions.

pub mod page;
