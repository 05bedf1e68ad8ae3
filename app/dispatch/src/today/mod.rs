//! What needs attention today.

mod load;
pub(crate) mod page;
