//! Statements for sessions, one table for each realm, and for sign-in throttling.

use chrono::{DateTime, Utc};
use domain::ids::{PortalUserKind, StaffKind};
use domain::lifecycle::UnknownName;
use sqlx::types::Json;
use uuid::Uuid;

use crate::branding::{BrandingRow, branding_columns};
use crate::db::Key;
use crate::db::StoreError;
use crate::db::SystemTx;
use crate::db::purpose::{ChangesAccounts, Purge, SignIn};
use crate::identity::account::AccountKey;
use crate::identity::session_data::{SessionData, StoredSessionData};

/// A sign-in realm: sessions of one are not valid in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Realm {
    /// Staff.
    Staff,
    /// Portal users.
    Portal,
    /// Partner users.
    Partner,
}

impl Realm {
    pub const ALL: [Self; 3] = [Self::Staff, Self::Portal, Self::Partner];

    /// Returns the stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Staff => "staff",
            Self::Portal => "portal",
            Self::Partner => "partner",
        }
    }

    /// Finds a realm by its stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|realm| realm.name() == name)
    }
}

impl TryFrom<String> for Realm {
    type Error = UnknownName;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        Self::from_name(&name).ok_or(UnknownName(name))
    }
}

/// A new session.
#[derive(Debug, Clone)]
pub(crate) struct SessionRow {
    pub id_hash: Vec<u8>,
    pub data: SessionData,
    /// What the web server keeps with the session. Nothing else reads it.
    pub web_state: String,
    pub expires_at: DateTime<Utc>,
}

/// Defines a function that returns a statement for a realm's table.
macro_rules! per_realm {
    ($name:ident, $before:literal, $after:literal) => {
        pub(crate) const fn $name(realm: Realm) -> &'static str {
            match realm {
                Realm::Staff => concat!($before, "staff_session", $after),
                Realm::Portal => concat!($before, "portal_session", $after),
                Realm::Partner => concat!($before, "partner_session", $after),
            }
        }
    };
}

per_realm!(
    insert_statement,
    "INSERT INTO ",
    r"
        (id_hash, tenant_id, account_id, data, signed_in_at, last_seen_at, expires_at, web_state)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (id_hash) DO NOTHING
    "
);
per_realm!(
    set_data_statement,
    "UPDATE ",
    r"
        SET tenant_id = $2, account_id = $3, data = $4, signed_in_at = COALESCE(signed_in_at, $5)
        WHERE id_hash = $1
    "
);
per_realm!(
    select_data_statement,
    "SELECT data FROM ",
    " WHERE id_hash = $1 AND expires_at > $2"
);
per_realm!(
    set_web_state_statement,
    "UPDATE ",
    " SET web_state = $2, expires_at = $3 WHERE id_hash = $1"
);
per_realm!(
    select_web_state_statement,
    "SELECT web_state, expires_at FROM ",
    " WHERE id_hash = $1 AND expires_at > $2"
);
per_realm!(delete_statement, "DELETE FROM ", " WHERE id_hash = $1");
per_realm!(touch_statement, "UPDATE ", " SET last_seen_at = $2 WHERE id_hash = $1");
per_realm!(
    delete_sessions_of_account,
    "DELETE FROM ",
    " WHERE tenant_id = $1 AND account_id = $2"
);
per_realm!(
    select_own_statement,
    "SELECT id_hash, data, signed_in_at, last_seen_at FROM ",
    r"
        WHERE tenant_id = $1
          AND account_id = $2
          AND expires_at > $3
          AND last_seen_at > $4
          AND signed_in_at > $5
        ORDER BY last_seen_at DESC
        LIMIT 50
    "
);
per_realm!(
    select_of_account_statement,
    "SELECT id_hash, data, signed_in_at, last_seen_at FROM ",
    r"
        WHERE tenant_id = $1
          AND account_id = $2
          AND expires_at > $3
        ORDER BY last_seen_at DESC
    "
);
per_realm!(
    delete_own_statement,
    "DELETE FROM ",
    " WHERE tenant_id = $1 AND account_id = $2 AND id_hash = $3"
);
per_realm!(delete_expired_statement, "DELETE FROM ", " WHERE expires_at <= $1");

const SELECT_STAFF_OF_SESSION: &str = r"
    SELECT
        staff.tenant_id, staff.id, staff.epoch, staff.second_factor IS NOT NULL AS has_second_factor, staff.role,
        staff.display_name, staff.locale, staff.has_shortcuts,
        tenant.name AS tenant_name, tenant.zone, session.last_seen_at, session.data, sandbox.id AS sandbox_id
    FROM staff_session AS session
    JOIN staff_account AS staff ON staff.tenant_id = session.tenant_id AND staff.id = session.account_id
    JOIN tenant ON tenant.id = staff.tenant_id
    LEFT JOIN tenant AS sandbox ON sandbox.live_tenant_id = tenant.id
    WHERE session.id_hash = $1
      AND session.expires_at > $2
      AND session.last_seen_at > $3
      AND session.signed_in_at > $4
      AND staff.locked_at IS NULL
";
const SELECT_CONTACT_OF_SESSION: &str = concat!(
    r"
        SELECT
            account.tenant_id, account.id, account.epoch, account.contact_id, contact.display_name, account.locale,
            tenant.name AS tenant_name, tenant.zone, session.last_seen_at, session.signed_in_at,
            session.data,
    ",
    branding_columns!(),
    r"
        FROM portal_session AS session
        JOIN portal_account AS account ON account.tenant_id = session.tenant_id
            AND account.id = session.account_id
        JOIN tenant ON tenant.id = account.tenant_id
        JOIN contact ON contact.tenant_id = account.tenant_id AND contact.id = account.contact_id
        LEFT JOIN portal_branding ON portal_branding.tenant_id = account.tenant_id
        WHERE session.id_hash = $1
          AND session.expires_at > $2
          AND session.last_seen_at > $3
          AND session.signed_in_at > $4
          AND account.locked_at IS NULL
    "
);

/// A session of the own account.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct OwnSession {
    pub id_hash: Vec<u8>,
    pub data: Json<StoredSessionData>,
    pub signed_in_at: Option<DateTime<Utc>>,
    pub last_seen_at: DateTime<Utc>,
}

/// A staff session with its account.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct StaffSession {
    pub tenant_id: Uuid,
    pub epoch: i64,
    pub has_second_factor: bool,
    pub id: Key<StaffKind>,
    pub role: String,
    pub display_name: String,
    pub locale: Option<String>,
    pub has_shortcuts: bool,
    pub tenant_name: String,
    pub zone: String,
    pub last_seen_at: DateTime<Utc>,
    pub data: Json<StoredSessionData>,
    /// The tenant's sandbox, if there is one.
    pub sandbox_id: Option<Uuid>,
}

/// A portal session with its account.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct ContactSession {
    pub tenant_id: Uuid,
    pub epoch: i64,
    pub id: Key<PortalUserKind>,
    pub contact_id: Key<domain::ids::ContactKind>,
    pub display_name: String,
    pub locale: Option<String>,
    pub tenant_name: String,
    pub zone: String,
    pub last_seen_at: DateTime<Utc>,
    pub signed_in_at: DateTime<Utc>,
    pub data: Json<StoredSessionData>,
    #[sqlx(flatten)]
    pub branding: BrandingRow,
}

impl<P> SystemTx<'_, P> {
    pub(crate) async fn session_data(
        &mut self,
        realm: Realm,
        id_hash: &[u8],
    ) -> Result<Option<SessionData>, StoreError> {
        let row = self
            .tx
            .fetch_optional::<(Json<StoredSessionData>,)>(select_data_statement(realm), (id_hash, self.now))
            .await?;
        Ok(row.map(|(data,)| data.0.0))
    }

    /// Lists the open sessions of an account, the last used first.
    pub(crate) async fn own_sessions(
        &mut self,
        account: AccountKey,
        idle_since: DateTime<Utc>,
        signed_in_since: DateTime<Utc>,
    ) -> Result<Vec<OwnSession>, StoreError> {
        let arguments = (account.tenant.uuid(), account.id, self.now, idle_since, signed_in_since);
        self.tx
            .fetch_all::<OwnSession>(select_own_statement(account.realm), arguments)
            .await
    }

    /// Lists every session of an account that has not expired, the last used first.
    pub(crate) async fn sessions_of_account(&mut self, account: AccountKey) -> Result<Vec<OwnSession>, StoreError> {
        let arguments = (account.tenant.uuid(), account.id, self.now);
        self.tx
            .fetch_all::<OwnSession>(select_of_account_statement(account.realm), arguments)
            .await
    }

    pub(crate) async fn web_state(
        &mut self,
        realm: Realm,
        id_hash: &[u8],
    ) -> Result<Option<(String, DateTime<Utc>)>, StoreError> {
        self.tx
            .fetch_optional::<(String, DateTime<Utc>)>(select_web_state_statement(realm), (id_hash, self.now))
            .await
    }

    pub(crate) async fn staff_of_session(
        &mut self,
        id_hash: &[u8],
        idle_since: DateTime<Utc>,
        signed_in_since: DateTime<Utc>,
    ) -> Result<Option<StaffSession>, StoreError> {
        self.tx
            .fetch_optional::<StaffSession>(
                SELECT_STAFF_OF_SESSION,
                (id_hash, self.now, idle_since, signed_in_since),
            )
            .await
    }

    pub(crate) async fn contact_of_session(
        &mut self,
        id_hash: &[u8],
        idle_since: DateTime<Utc>,
        signed_in_since: DateTime<Utc>,
    ) -> Result<Option<ContactSession>, StoreError> {
        self.tx
            .fetch_optional::<ContactSession>(
                SELECT_CONTACT_OF_SESSION,
                (id_hash, self.now, idle_since, signed_in_since),
            )
            .await
    }
}

impl SystemTx<'_, SignIn> {
    /// Inserts a session; false if its id is taken.
    pub(crate) async fn insert_session(&mut self, realm: Realm, row: &SessionRow) -> Result<bool, StoreError> {
        let account = row.data.account();
        let written = self
            .tx
            .execute(
                insert_statement(realm),
                (
                    &row.id_hash,
                    account.map(|(tenant, _)| tenant),
                    account.map(|(_, account)| account),
                    Json(&row.data),
                    account.map(|_| self.now),
                    self.now,
                    row.expires_at,
                    &row.web_state,
                ),
            )
            .await?;
        Ok(written == 1)
    }

    /// Sets what a session is allowed to do; false if the session was deleted in the meantime.
    pub(crate) async fn set_session_data(
        &mut self,
        realm: Realm,
        id_hash: &[u8],
        data: &SessionData,
    ) -> Result<bool, StoreError> {
        let account = data.account();
        let written = self
            .tx
            .execute(
                set_data_statement(realm),
                (
                    id_hash,
                    account.map(|(tenant, _)| tenant),
                    account.map(|(_, account)| account),
                    Json(data),
                    account.map(|_| self.now),
                ),
            )
            .await?;
        Ok(written == 1)
    }

    /// Updates what the web server keeps; a session that was deleted in the meantime is not restored.
    pub(crate) async fn set_web_state(
        &mut self,
        realm: Realm,
        id_hash: &[u8],
        web_state: &str,
        expires_at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.tx
            .execute(set_web_state_statement(realm), (id_hash, web_state, expires_at))
            .await
            .map(drop)
    }

    pub(crate) async fn delete_session(&mut self, realm: Realm, id_hash: &[u8]) -> Result<(), StoreError> {
        self.tx.execute(delete_statement(realm), (id_hash,)).await.map(drop)
    }

    pub(crate) async fn touch_session(&mut self, realm: Realm, id_hash: &[u8]) -> Result<(), StoreError> {
        self.tx
            .execute(touch_statement(realm), (id_hash, self.now))
            .await
            .map(drop)
    }
}

impl<P: ChangesAccounts> SystemTx<'_, P> {
    /// Deletes a session of an account; false if there is none.
    pub(crate) async fn delete_own_session(&mut self, account: AccountKey, id_hash: &[u8]) -> Result<bool, StoreError> {
        let arguments = (account.tenant.uuid(), account.id, id_hash);
        Ok(self.tx.execute(delete_own_statement(account.realm), arguments).await? == 1)
    }
}

impl SystemTx<'_, Purge> {
    /// Deletes expired sessions and returns their number.
    pub(crate) async fn delete_expired_sessions(&mut self) -> Result<u64, StoreError> {
        let mut deleted = 0;
        for realm in Realm::ALL {
            deleted += self.execute_now(delete_expired_statement(realm)).await?;
        }
        Ok(deleted)
    }
}

/// Returns the part of a hash that is stored. 128 bits do not collide, and failed attempts of strangers take less space.
pub(super) fn throttle_key(hash: &[u8]) -> &[u8] {
    &hash[..hash.len().min(16)]
}

const COUNT_ATTEMPT: &str = r"
    INSERT INTO sign_in_throttle (key_hash, failures, locked_until, updated_at)
    VALUES ($1, 1, $2, $2)
    ON CONFLICT (key_hash)
    DO UPDATE SET failures = sign_in_throttle.failures + 1, updated_at = excluded.updated_at
    WHERE sign_in_throttle.locked_until <= excluded.updated_at
    RETURNING failures
";
const SELECT_LOCKED_UNTIL: &str = r"
    SELECT locked_until
    FROM sign_in_throttle
    WHERE key_hash = $1
";
const LOCK_ATTEMPTS: &str = r"
    UPDATE sign_in_throttle
    SET locked_until = $2
    WHERE key_hash = $1
      AND locked_until < $2
";
const DELETE_ATTEMPTS: &str = "DELETE FROM sign_in_throttle WHERE key_hash = $1";
const PURGE_ATTEMPTS: &str = "DELETE FROM sign_in_throttle WHERE updated_at < $1";

impl SystemTx<'_, SignIn> {
    /// Counts an attempt before it is made and returns its number since the last success, or `None` while locked.
    pub(crate) async fn count_attempt(&mut self, key_hash: &[u8]) -> Result<Option<i64>, StoreError> {
        Ok(self
            .tx
            .fetch_optional::<(i64,)>(COUNT_ATTEMPT, (throttle_key(key_hash), self.now))
            .await?
            .map(|(failures,)| failures))
    }

    pub(crate) async fn locked_until(&mut self, key_hash: &[u8]) -> Result<Option<DateTime<Utc>>, StoreError> {
        Ok(self
            .tx
            .fetch_optional::<(DateTime<Utc>,)>(SELECT_LOCKED_UNTIL, (throttle_key(key_hash),))
            .await?
            .map(|(until,)| until))
    }

    /// Locks attempts until `until`; never shortens a lock.
    pub(crate) async fn lock_out(&mut self, key_hash: &[u8], until: DateTime<Utc>) -> Result<(), StoreError> {
        self.tx
            .execute(LOCK_ATTEMPTS, (throttle_key(key_hash), until))
            .await
            .map(drop)
    }

    pub(crate) async fn clear_attempts(&mut self, key_hash: &[u8]) -> Result<(), StoreError> {
        self.tx
            .execute(DELETE_ATTEMPTS, (throttle_key(key_hash),))
            .await
            .map(drop)
    }
}

impl SystemTx<'_, Purge> {
    /// Deletes attempts older than one day.
    pub(crate) async fn purge_attempts(&mut self) -> Result<u64, StoreError> {
        self.tx
            .execute(PURGE_ATTEMPTS, (self.now - chrono::TimeDelta::days(1),))
            .await
    }
}
