//! The history that customer and team share.

pub mod timeline;
