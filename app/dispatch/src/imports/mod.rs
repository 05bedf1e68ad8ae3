//! Import jobs and CSV uploads.

mod columns;
pub mod customer_sheet;
pub mod page;
pub mod upload;
