//! visits::store

pub(crate) mod day_entries;
pub(crate) mod reports;
