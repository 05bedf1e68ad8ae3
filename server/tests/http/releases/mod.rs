//! Releases.

pub mod approval;
pub mod panel;
