//! integrations::store

pub(crate) mod client_records;
pub(crate) mod clients;
pub(crate) mod idempotency;
