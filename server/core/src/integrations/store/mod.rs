//! Database access for integration clients, their records and stored responses.

pub(crate) mod client_records;
pub(crate) mod clients;
pub(crate) mod idempotency;
