//! Requests: list, new request and details.

pub mod actions;
pub mod list;
pub mod new;
pub mod page;
mod story;
