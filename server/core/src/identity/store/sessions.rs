//! Sessions of staff, portal users and partners in a table each, and the throttle of sign-in.

use chrono::{DateTime, Utc};
use domain::ids::{PartnerId, PortalUserId, PortalUserKind, StaffId, StaffKind};
use sqlx::types::Json;
use uuid::Uuid;

use crate::branding::{LookRow, look_columns};
use crate::db::Key;
use crate::db::SystemTx;
use crate::db::{StoreError, maybe, run};
use crate::identity::actors::TenantId;

/// Which of the doors a session belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// `/app`.
    Staff,
    /// `/portal`.
    Portal,
    /// `/partner`.
    Partner,
}

impl Door {
    /// Every door.
    pub const ALL: [Self; 3] = [Self::Staff, Self::Portal, Self::Partner];

    /// The prefix of the app's addresses.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Staff => "/app",
            Self::Portal => "/portal",
            Self::Partner => "/partner",
        }
    }

    /// The name of the app's cookie.
    pub const fn cookie(self) -> &'static str {
        match self {
            Self::Staff => "ordinavo_staff",
            Self::Portal => "ordinavo_portal",
            Self::Partner => "ordinavo_partner",
        }
    }
}

/// A session as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct SessionRow {
    pub id_hash: Vec<u8>,
    pub tenant: Option<Uuid>,
    pub account: Option<Uuid>,
    pub data: serde_json::Value,
    pub expires_at: DateTime<Utc>,
}

/// One statement for each door's table.
macro_rules! per_door {
    ($name:ident, $before:literal, $after:literal) => {
        pub(crate) const fn $name(door: Door) -> &'static str {
            match door {
                Door::Staff => concat!($before, "staff_session", $after),
                Door::Portal => concat!($before, "portal_session", $after),
                Door::Partner => concat!($before, "partner_session", $after),
            }
        }
    };
}

per_door!(
    insert,
    "INSERT INTO ",
    " (id_hash, tenant_id, account_id, data, signed_in_at, last_seen_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id_hash) DO NOTHING"
);
per_door!(
    update,
    "UPDATE ",
    " SET tenant_id = $2, account_id = $3, data = $4, expires_at = $5 WHERE id_hash = $1"
);
per_door!(
    load,
    "SELECT data, expires_at FROM ",
    " WHERE id_hash = $1 AND expires_at > $2"
);
per_door!(delete, "DELETE FROM ", " WHERE id_hash = $1");
per_door!(touch, "UPDATE ", " SET last_seen_at = $2 WHERE id_hash = $1");
per_door!(end_all, "DELETE FROM ", " WHERE tenant_id = $1 AND account_id = $2");
per_door!(expired, "DELETE FROM ", " WHERE expires_at <= $1");

const STAFF_OF_SESSION: &str = "SELECT a.tenant_id, a.id, a.role, a.display_name, a.locale, t.name AS tenant_name, t.zone, s.last_seen_at, s.data, twin.id AS twin_id \
    FROM staff_session s JOIN staff_account a ON a.tenant_id = s.tenant_id AND a.id = s.account_id JOIN tenant t ON t.id = a.tenant_id LEFT JOIN tenant twin ON twin.live_tenant_id = t.id \
    WHERE s.id_hash = $1 AND s.expires_at > $2 AND s.last_seen_at > $3 AND s.signed_in_at > $4 AND a.locked_at IS NULL";
const CONTACT_OF_SESSION: &str = concat!(
    "SELECT a.tenant_id, a.id, a.contact_id, c.display_name, a.locale, t.name AS tenant_name, t.zone, s.last_seen_at, s.signed_in_at, s.data, ",
    look_columns!(),
    " \
    FROM portal_session s JOIN portal_account a ON a.tenant_id = s.tenant_id AND a.id = s.account_id JOIN tenant t ON t.id = a.tenant_id \
    JOIN contact c ON c.tenant_id = a.tenant_id AND c.id = a.contact_id LEFT JOIN portal_look w ON w.tenant_id = a.tenant_id \
    WHERE s.id_hash = $1 AND s.expires_at > $2 AND s.last_seen_at > $3 AND s.signed_in_at > $4 AND a.locked_at IS NULL"
);

/// A staff session with its account.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct StaffSession {
    pub tenant_id: Uuid,
    pub id: Key<StaffKind>,
    pub role: String,
    pub display_name: String,
    pub locale: Option<String>,
    pub tenant_name: String,
    pub zone: String,
    pub last_seen_at: DateTime<Utc>,
    pub data: Json<serde_json::Value>,
    /// Where the tenant's test data is, if there is any.
    pub twin_id: Option<Uuid>,
}

/// A portal session with its account.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct ContactSession {
    pub tenant_id: Uuid,
    pub id: Key<PortalUserKind>,
    pub contact_id: Key<domain::ids::ContactKind>,
    pub display_name: String,
    pub locale: Option<String>,
    pub tenant_name: String,
    pub zone: String,
    pub last_seen_at: DateTime<Utc>,
    pub signed_in_at: DateTime<Utc>,
    pub data: Json<serde_json::Value>,
    #[sqlx(flatten)]
    pub look: LookRow,
}

const ROLE_OF_STAFF: &str = "SELECT role FROM staff_account WHERE tenant_id = $1 AND id = $2 AND locked_at IS NULL";

impl SystemTx<'_> {
    /// Inserts a session; false if its id is taken.
    pub(crate) async fn insert_session(&mut self, door: Door, row: &SessionRow) -> Result<bool, StoreError> {
        let signed_in = row.account.map(|_| self.now);
        let written = run!(
            &mut self.tx,
            insert(door),
            &row.id_hash,
            row.tenant,
            row.account,
            Json(&row.data),
            signed_in,
            self.now,
            row.expires_at
        )?;
        Ok(written == 1)
    }

    /// Overwrites a session that exists; one that was ended meanwhile stays ended.
    pub(crate) async fn update_session(&mut self, door: Door, row: &SessionRow) -> Result<(), StoreError> {
        run!(
            &mut self.tx,
            update(door),
            &row.id_hash,
            row.tenant,
            row.account,
            Json(&row.data),
            row.expires_at
        )
        .map(drop)
    }

    pub(crate) async fn load_session(
        &mut self,
        door: Door,
        id_hash: &[u8],
    ) -> Result<Option<(serde_json::Value, DateTime<Utc>)>, StoreError> {
        let row = maybe!(
            &mut self.tx,
            (Json<serde_json::Value>, DateTime<Utc>),
            load(door),
            id_hash,
            self.now
        )?;
        Ok(row.map(|(data, expires_at)| (data.0, expires_at)))
    }

    pub(crate) async fn delete_session(&mut self, door: Door, id_hash: &[u8]) -> Result<(), StoreError> {
        run!(&mut self.tx, delete(door), id_hash).map(drop)
    }

    pub(crate) async fn touch_session(&mut self, door: Door, id_hash: &[u8]) -> Result<(), StoreError> {
        run!(&mut self.tx, touch(door), id_hash, self.now).map(drop)
    }

    pub(crate) async fn end_staff_sessions(&mut self, tenant: TenantId, id: StaffId) -> Result<(), StoreError> {
        run!(&mut self.tx, end_all(Door::Staff), tenant.uuid(), id.uuid()).map(drop)
    }

    pub(crate) async fn end_partner_sessions(&mut self, tenant: TenantId, id: PartnerId) -> Result<(), StoreError> {
        run!(&mut self.tx, end_all(Door::Partner), tenant.uuid(), id.uuid()).map(drop)
    }

    pub(crate) async fn end_portal_sessions(&mut self, tenant: TenantId, id: PortalUserId) -> Result<(), StoreError> {
        run!(&mut self.tx, end_all(Door::Portal), tenant.uuid(), id.uuid()).map(drop)
    }

    pub(crate) async fn staff_of_session(
        &mut self,
        id_hash: &[u8],
        idle_since: DateTime<Utc>,
        signed_in_since: DateTime<Utc>,
    ) -> Result<Option<StaffSession>, StoreError> {
        maybe!(
            &mut self.tx,
            StaffSession,
            STAFF_OF_SESSION,
            id_hash,
            self.now,
            idle_since,
            signed_in_since
        )
    }

    pub(crate) async fn contact_of_session(
        &mut self,
        id_hash: &[u8],
        idle_since: DateTime<Utc>,
        signed_in_since: DateTime<Utc>,
    ) -> Result<Option<ContactSession>, StoreError> {
        maybe!(
            &mut self.tx,
            ContactSession,
            CONTACT_OF_SESSION,
            id_hash,
            self.now,
            idle_since,
            signed_in_since
        )
    }

    /// The role of a member of the staff who is not locked.
    pub(crate) async fn role_of_staff(&mut self, tenant: Uuid, id: Uuid) -> Result<Option<String>, StoreError> {
        Ok(maybe!(&mut self.tx, (String,), ROLE_OF_STAFF, tenant, id)?.map(|(role,)| role))
    }

    /// Removes what has expired; the number of removed sessions.
    pub(crate) async fn delete_expired_sessions(&mut self) -> Result<u64, StoreError> {
        let mut deleted = 0;
        for door in Door::ALL {
            deleted += self.execute_now(expired(door)).await?;
        }
        Ok(deleted)
    }
}

const THROTTLE_ATTEMPT: &str = "INSERT INTO sign_in_throttle (key_hash, failures, locked_until, updated_at) VALUES ($1, 1, $2, $2) \
    ON CONFLICT (key_hash) DO UPDATE SET failures = sign_in_throttle.failures + 1, updated_at = excluded.updated_at \
    WHERE sign_in_throttle.locked_until <= excluded.updated_at RETURNING failures";
const THROTTLE_LOCKED: &str = "SELECT locked_until FROM sign_in_throttle WHERE key_hash = $1";
const THROTTLE_LOCK: &str = "UPDATE sign_in_throttle SET locked_until = $2 WHERE key_hash = $1 AND locked_until < $2";
const THROTTLE_CLEAR: &str = "DELETE FROM sign_in_throttle WHERE key_hash = $1";
const THROTTLE_FORGET: &str = "DELETE FROM sign_in_throttle WHERE updated_at < $1";

impl SystemTx<'_> {
    /// Counts an attempt before it is made; the answer is its number since the last success, or `None` while locked.
    pub(crate) async fn count_attempt(&mut self, key_hash: &[u8]) -> Result<Option<i64>, StoreError> {
        Ok(maybe!(&mut self.tx, (i64,), THROTTLE_ATTEMPT, key_hash, self.now)?.map(|(failures,)| failures))
    }

    pub(crate) async fn locked_until(&mut self, key_hash: &[u8]) -> Result<Option<DateTime<Utc>>, StoreError> {
        Ok(maybe!(&mut self.tx, (DateTime<Utc>,), THROTTLE_LOCKED, key_hash)?.map(|(until,)| until))
    }

    /// Locks until a moment; an earlier one changes nothing.
    pub(crate) async fn lock_attempts(&mut self, key_hash: &[u8], until: DateTime<Utc>) -> Result<(), StoreError> {
        run!(&mut self.tx, THROTTLE_LOCK, key_hash, until).map(drop)
    }

    pub(crate) async fn clear_throttle(&mut self, key_hash: &[u8]) -> Result<(), StoreError> {
        run!(&mut self.tx, THROTTLE_CLEAR, key_hash).map(drop)
    }

    /// Forgets attempts that nobody repeated for a day.
    pub(crate) async fn forget_attempts(&mut self) -> Result<u64, StoreError> {
        run!(&mut self.tx, THROTTLE_FORGET, self.now - chrono::TimeDelta::days(1))
    }
}
