//! The technician's day, visit reports and sync conflicts.

pub mod actions;
pub mod day_sheet;
pub mod my_day;
pub(crate) mod photos;
pub mod report;
pub mod reports;
pub mod stop;
pub mod sync_conflicts;
