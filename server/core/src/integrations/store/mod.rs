//! Database access for integration clients, their source systems and stored responses.

pub(crate) mod clients;
pub(crate) mod credentials;
pub(crate) mod gates;
pub(crate) mod idempotency;
pub(crate) mod records;
pub(crate) mod sandbox;
pub(crate) mod sources;
pub(crate) mod usage;
