//! Portal access.

pub mod access;
pub mod calendar;
pub mod in_progress;
mod invitations;
pub mod limits;
mod pages;
mod story;
pub mod visibility;
