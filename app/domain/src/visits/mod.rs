//! Visits: the steps that technicians record, and their reports.

pub mod day_entries;
pub mod reports;
