//! File storage.

pub mod stores;
