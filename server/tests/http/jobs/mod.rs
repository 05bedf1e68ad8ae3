//! Jobs.

pub mod by_hand;
