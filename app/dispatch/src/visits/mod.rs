//! The technician's day, visit reports and sync conflicts.

pub mod actions;
pub(crate) mod changes;
pub mod day_sheet;
pub mod my_day;
pub mod notice_actions;
pub(crate) mod notices;
pub(crate) mod photos;
pub mod report;
pub mod reports;
pub mod stop;
pub(crate) mod stop_card;
pub mod sync_conflicts;
