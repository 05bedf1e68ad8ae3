//! Portal access.

pub mod actions;
pub mod page;
pub mod visibility;
