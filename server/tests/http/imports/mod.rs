//! Imports.

pub mod planned_jobs;
pub mod reviewed_changes;
pub mod uploads;
