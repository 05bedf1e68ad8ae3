//! Session storage for the session layer: opaque IDs, hashed at rest. Tenant and account are stored in columns, so that an
//! account's sessions can be revoked.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

pub use crate::identity::store::sessions::Realm;
use crate::identity::store::sessions::SessionRow;
use crate::secrets::sha256;
use crate::{Core, CoreResult};

/// The session data key of the signed-in account: tenant and account ID. Only [`crate::identity::sign_in`] creates its value.
pub const ACCOUNT_KEY: &str = "account";

/// The session data key of test mode, for staff and partner sessions.
pub const TEST_MODE_KEY: &str = "testData";

/// The session data key of the staff member in a view-as session of the portal.
pub const IMPERSONATED_BY_KEY: &str = "lookedAtBy";

/// The session ID in the cookie.
#[derive(Debug, Clone, Copy)]
pub struct SessionId(pub i128);

impl SessionId {
    pub(crate) fn hash(self) -> Vec<u8> {
        sha256(&self.0.to_be_bytes())
    }
}

fn row(id: SessionId, data: Value, expires_at: DateTime<Utc>) -> SessionRow {
    let part = |index: usize| {
        data.get(ACCOUNT_KEY)
            .and_then(|account| account.get(index))
            .and_then(Value::as_str)
            .and_then(|text| Uuid::parse_str(text).ok())
    };
    let (tenant, account) = (part(0), part(1));
    SessionRow {
        id_hash: id.hash(),
        tenant,
        account,
        data,
        expires_at,
    }
}

/// Stores a new session; false if the ID is taken.
pub async fn create(
    core: &Core,
    realm: Realm,
    id: SessionId,
    data: Value,
    expires_at: DateTime<Utc>,
) -> CoreResult<bool> {
    let mut tx = core.store.begin_system().await?;
    let written = tx.insert_session(realm, &row(id, data, expires_at)).await?;
    tx.commit().await?;
    Ok(written)
}

/// Updates a session; a session that was deleted in the meantime is not restored.
pub async fn save(core: &Core, realm: Realm, id: SessionId, data: Value, expires_at: DateTime<Utc>) -> CoreResult<()> {
    let mut tx = core.store.begin_system().await?;
    tx.update_session(realm, &row(id, data, expires_at)).await?;
    Ok(tx.commit().await?)
}

/// Reads a session that has not expired.
pub async fn load(core: &Core, realm: Realm, id: SessionId) -> CoreResult<Option<(Value, DateTime<Utc>)>> {
    let mut tx = core.store.read_system().await?;
    Ok(tx.load_session(realm, &id.hash()).await?)
}

/// Deletes a session.
pub async fn delete(core: &Core, realm: Realm, id: SessionId) -> CoreResult<()> {
    let mut tx = core.store.begin_system().await?;
    tx.delete_session(realm, &id.hash()).await?;
    Ok(tx.commit().await?)
}

/// Deletes expired sessions, sign-in attempts, tokens and idempotency records. The worker calls this periodically.
pub async fn delete_expired(core: &Core) -> CoreResult<u64> {
    let mut tx = core.store.begin_system().await?;
    let deleted = tx.delete_expired_sessions().await?
        + tx.purge_attempts().await?
        + tx.delete_expired_tokens().await?
        + tx.purge_stored_responses().await?;
    tx.commit().await?;
    Ok(deleted)
}
