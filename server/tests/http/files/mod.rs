//! File storage.

pub mod scanning;
pub mod stores;
pub mod submissions;
pub mod sweep;
