//! The only place that speaks SQL. The pools are private; the way in is [`Store::begin`] with an actor.

#![expect(clippy::disallowed_methods, reason = "this is the one place that speaks SQL")]

mod accounts;
mod appointments;
mod audit;
mod bulk;
mod candidates;
mod client_views;
mod clients;
mod connect;
mod customers;
mod deliveries;
mod delivery_records;
mod delivery_views;
mod endpoints;
mod engine;
mod events;
mod follow_ups;
mod idempotency;
mod import_items;
mod import_writes;
mod imports;
mod key;
mod mapping_desk;
mod mapping_links;
mod mapping_views;
mod migrations;
mod partners;
mod portal;
mod proposals;
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
mod webhook_views;

#[cfg(test)]
mod conformance;

pub(crate) use accounts::{NewStaff, PortalIdentity, StaffIdentity};
pub(crate) use appointments::NewAppointment;
pub(crate) use audit::NewAudit;
pub(crate) use candidates::{Candidates, KnownCustomer, Questions};
pub use clients::SourceForm;
pub(crate) use clients::{SecretIdentity, SourceSettings};
pub(crate) use connect::{NewClientRequest, Which};
pub(crate) use customers::{NewContact, NewLocation};
pub(crate) use deliveries::{Claim, DueDelivery, EndpointPlace, SigningSecret};
pub(crate) use delivery_records::AttemptRecord;
pub use delivery_views::DeliveryFilter;
pub(crate) use endpoints::{NewEndpoint, NewWebhookSecret, Range};
pub use engine::{Engine, Store, StoreError, statements};
pub(crate) use events::{EventContext, NewEvent};
pub(crate) use idempotency::StoredAnswer;
pub use import_items::ItemFilter;
pub(crate) use import_items::{ItemRow, WaitingItem};
pub(crate) use import_writes::{ContactRow, LocationRow, ReferenceKind, ReferenceRow};
pub(crate) use imports::{ClaimedJob, NewJob};
pub use key::Key;
pub(crate) use partners::{ItemNotes, PartnerIdentity};
pub(crate) use portal::NewPortalRequest;
pub(crate) use releases::NewRelease;
pub(crate) use reports::{FileRow, NewReport};
pub use sessions::Door;
pub(crate) use sessions::SessionRow;
pub(crate) use targets::TargetRecord;
pub(crate) use tenants::{NewGrant, NewTenant};
pub(crate) use timeline::NewEntry;
pub(crate) use transaction::{SystemTx, TenantTx};
pub(crate) use webhook_views::effective;
