//! Releases.

pub mod panel;
