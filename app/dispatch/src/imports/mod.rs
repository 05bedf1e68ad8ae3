//! Import jobs and CSV uploads.

pub mod page;
pub mod upload;
