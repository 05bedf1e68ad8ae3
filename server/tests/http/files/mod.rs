//! File storage.

pub mod messages;
pub mod scanning;
pub mod stores;
pub mod submissions;
pub mod sweep;
