//! Sessions as the session layer keeps them: opaque ids, hashed at rest; what belongs to an account is in columns, so that
//! an account's sessions can be ended.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

pub use crate::identity::store::sessions::Door;
use crate::identity::store::sessions::SessionRow;
use crate::secrets::fingerprint;
use crate::{Core, CoreResult};

/// The member of a session's data that names the account. Only [`crate::identity::sign_in`] makes its value.
pub const ACCOUNT: &str = "account";

/// The member of a staff session's data that asks for the tenant's test data instead of the real.
pub const TEST_DATA: &str = "testData";

/// The member of a portal session's data that names the member of the staff who looks.
pub const LOOK: &str = "lookedAtBy";

/// The reference that a cookie carries.
#[derive(Debug, Clone, Copy)]
pub struct SessionId(pub i128);

impl SessionId {
    pub(crate) fn hash(self) -> Vec<u8> {
        fingerprint(&self.0.to_be_bytes())
    }
}

fn row(id: SessionId, data: Value, expires_at: DateTime<Utc>) -> SessionRow {
    let part = |index: usize| {
        data.get(ACCOUNT)
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

/// Keeps a new session; false if the id is taken.
///
/// # Errors
/// The database does not answer.
pub async fn create(
    core: &Core,
    door: Door,
    id: SessionId,
    data: Value,
    expires_at: DateTime<Utc>,
) -> CoreResult<bool> {
    let mut tx = core.store.begin_system().await?;
    let written = tx.insert_session(door, &row(id, data, expires_at)).await?;
    tx.commit().await?;
    Ok(written)
}

/// Overwrites a session; one that was ended meanwhile stays ended.
///
/// # Errors
/// The database does not answer.
pub async fn save(core: &Core, door: Door, id: SessionId, data: Value, expires_at: DateTime<Utc>) -> CoreResult<()> {
    let mut tx = core.store.begin_system().await?;
    tx.update_session(door, &row(id, data, expires_at)).await?;
    Ok(tx.commit().await?)
}

/// Reads a session that has not expired.
///
/// # Errors
/// The database does not answer.
pub async fn load(core: &Core, door: Door, id: SessionId) -> CoreResult<Option<(Value, DateTime<Utc>)>> {
    let mut tx = core.store.read_system().await?;
    Ok(tx.load_session(door, &id.hash()).await?)
}

/// Ends a session.
///
/// # Errors
/// The database does not answer.
pub async fn delete(core: &Core, door: Door, id: SessionId) -> CoreResult<()> {
    let mut tx = core.store.begin_system().await?;
    tx.delete_session(door, &id.hash()).await?;
    Ok(tx.commit().await?)
}

/// Removes what has served its time: sessions, sign-in attempts, tokens, kept answers. The worker calls this from time to time.
///
/// # Errors
/// The database does not answer.
pub async fn delete_expired(core: &Core) -> CoreResult<u64> {
    let mut tx = core.store.begin_system().await?;
    let deleted = tx.delete_expired_sessions().await?
        + tx.forget_attempts().await?
        + tx.delete_expired_tokens().await?
        + tx.forget_old_answers().await?;
    tx.commit().await?;
    Ok(deleted)
}
