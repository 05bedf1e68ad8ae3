//! Webhooks: endpoints as clients and staff handle them, deliveries and attempts, events to read, and the worker that sends.

pub mod body;
pub mod deliveries;
pub mod dispatch;
pub mod endpoints;
pub(crate) mod exchange;
pub mod guard;
pub mod model;
pub mod signature;
#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;

use crate::secrets::AssociatedData;
use uuid::Uuid;

/// What the table and column of an endpoint's secret are called when it is encrypted.
pub(crate) const SECRET_PLACE: &str = "webhook_secret.secret";
/// The same for the seed of its Ed25519 key.
pub(crate) const KEY_PLACE: &str = "webhook_secret.signing_key";

/// Where a secret stands, so that it opens nowhere else.
pub(crate) const fn place(kind: &'static str, tenant: Uuid, row: Uuid) -> AssociatedData<'static> {
    AssociatedData { tenant, kind, row }
}
