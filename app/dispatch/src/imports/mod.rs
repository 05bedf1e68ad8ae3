//! Import jobs and CSV uploads.

pub mod customer_sheet;
pub mod page;
pub mod upload;
