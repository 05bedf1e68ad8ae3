//! SQL statements of the `visits` module.

pub(crate) mod changes;
pub(crate) mod client_reports;
pub(crate) mod day_entries;
pub(crate) mod day_photos;
pub(crate) mod notices;
pub(crate) mod of_customer;
pub(crate) mod of_job;
pub(crate) mod reports;
pub(crate) mod under_way;
