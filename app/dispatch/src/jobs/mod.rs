//! Jobs.

pub mod actions;
pub mod change_proposals;
pub mod form;
pub mod list;
pub mod overview;
pub mod page;
pub mod schedule;
pub mod story;
