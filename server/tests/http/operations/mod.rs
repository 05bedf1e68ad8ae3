//! Operating an installation.

pub mod commands;
pub mod crash;
pub mod full_disk;
pub mod logs;
