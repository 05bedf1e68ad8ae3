//! SQL statements of webhook endpoints and deliveries.

pub(crate) mod administration;
pub(crate) mod client_revocation;
pub(crate) mod deliveries;
pub(crate) mod delivery_records;
pub(crate) mod delivery_views;
pub(crate) mod endpoints;
pub(crate) mod health_mails;
pub(crate) mod recoveries;
pub(crate) mod secrets;
