//! Portal access.

pub mod actions;
pub mod expired;
pub mod page;
pub mod visibility;
