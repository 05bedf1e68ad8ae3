//! The beginning of an installation.

pub mod setup;
