//! Visits: the steps that technicians record, their notices to dispatch, and their reports.

pub mod day_entries;
pub mod figures;
pub mod notices;
pub mod reports;
