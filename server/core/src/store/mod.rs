//! The only place that speaks SQL. The pools are private; the way in is [`Store::begin`] with an actor.

#![expect(clippy::disallowed_methods, reason = "this is the one place that speaks SQL")]

mod accounts;
mod appointments;
mod audit;
mod customers;
mod deliveries;
mod engine;
mod events;
mod idempotency;
mod imports;
mod integrations;
mod key;
mod migrations;
mod portal;
mod references;
mod releases;
mod reports;
mod requests;
mod sessions;
mod targets;
mod tenants;
mod timeline;
mod transaction;
pub mod views;

#[cfg(test)]
mod conformance;

pub(crate) use accounts::{NewStaff, PortalIdentity, StaffIdentity};
pub(crate) use appointments::NewAppointment;
pub(crate) use audit::NewAudit;
pub(crate) use customers::{NewContact, NewLocation};
pub(crate) use deliveries::{AttemptRecord, ClaimedDelivery, DeliveryContext};
pub use engine::{Engine, Store, StoreError};
pub(crate) use events::NewEvent;
pub(crate) use idempotency::StoredAnswer;
pub(crate) use imports::NewItem;
pub(crate) use integrations::{NewClient, NewEndpoint, NewSourceSystem};
pub use key::Key;
pub(crate) use portal::NewPortalRequest;
pub(crate) use releases::NewRelease;
pub(crate) use reports::{FileRow, NewReport};
pub use sessions::Door;
pub(crate) use sessions::SessionRow;
pub(crate) use targets::TargetRecord;
pub(crate) use tenants::{NewGrant, NewTenant};
pub(crate) use timeline::NewEntry;
pub(crate) use transaction::{SystemTx, TenantTx};
