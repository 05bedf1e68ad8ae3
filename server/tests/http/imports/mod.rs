//! Imports.

pub mod customer_sheets;
pub mod planned_jobs;
mod retention;
pub mod reviewed_changes;
pub mod uploads;
