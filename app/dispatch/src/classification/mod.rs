//! Classification rules.

pub mod actions;
pub mod page;
