//! Webhooks: endpoint management for clients and staff, deliveries and attempts, and the delivery worker.

pub mod administration;
pub mod body;
pub mod deliveries;
pub mod dispatch;
pub mod endpoints;
pub(crate) mod exchange;
pub mod guard;
mod health_mails;
pub mod model;
pub mod signature;
#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;

use crate::secrets::AssociatedData;
use uuid::Uuid;

/// Associated data kind of an encrypted webhook secret: table and column.
pub(crate) const SECRET_FIELD: &str = "webhook_secret.secret";
/// Associated data kind of an encrypted Ed25519 key seed.
pub(crate) const SIGNING_KEY_FIELD: &str = "webhook_secret.signing_key";

/// Returns the associated data that binds an encrypted secret to its tenant, column and row.
pub(crate) const fn place(kind: &'static str, tenant: Uuid, row: Uuid) -> AssociatedData<'static> {
    AssociatedData { tenant, kind, row }
}
