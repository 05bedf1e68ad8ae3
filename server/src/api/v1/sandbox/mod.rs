//! What test keys can do beyond live ones.

pub mod advance;
pub mod events;
