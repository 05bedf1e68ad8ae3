//! Jobs.

pub mod actions;
pub mod change_proposals;
pub mod page;
