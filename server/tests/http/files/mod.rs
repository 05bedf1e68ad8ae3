//! Where files are stored.

pub mod stores;
