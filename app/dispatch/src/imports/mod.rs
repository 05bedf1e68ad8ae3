//! Import jobs and uploads.

pub mod page;
pub mod upload;
