//! Jobs.

pub mod change_proposals;
pub mod page;
