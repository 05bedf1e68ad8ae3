//! SQL statements of the sign-in throttle: known networks, and accounts whose owners are told of failures.

use uuid::Uuid;

use crate::db::purpose::{Purge, SignIn};
use crate::db::{StoreError, SystemTx};
use crate::identity::store::sessions::Realm;
use crate::identity::store::sessions::throttle_key;

/// An account whose owner is told of failed attempts to sign in.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct TriedAccount {
    pub tenant_id: Uuid,
    pub display_name: String,
    pub locale: Option<String>,
    pub tenant_name: String,
    pub tenant_locale: String,
    pub zone: String,
}

const SELECT_KNOWN: &str = "SELECT key_hash FROM known_network WHERE key_hash = $1";
const UPSERT_KNOWN: &str = r"
    INSERT INTO known_network (key_hash, seen_at)
    VALUES ($1, $2)
    ON CONFLICT (key_hash) DO UPDATE SET seen_at = excluded.seen_at
";
const PURGE_KNOWN: &str = "DELETE FROM known_network WHERE seen_at < $1";
const TAKE_BACK_ATTEMPT: &str = r"
    UPDATE sign_in_throttle
    SET failures = failures - 1
    WHERE key_hash = $1
      AND failures > 0
";
const SELECT_TRIED_STAFF: &str = r"
    SELECT
        account.tenant_id, account.display_name, account.locale, tenant.name AS tenant_name,
        tenant.locale AS tenant_locale, tenant.zone
    FROM staff_account AS account
    JOIN tenant ON tenant.id = account.tenant_id
    WHERE account.email = $1
      AND account.locked_at IS NULL
    LIMIT 8
";
const SELECT_TRIED_PORTAL_USERS: &str = r"
    SELECT
        account.tenant_id, contact.display_name, account.locale, tenant.name AS tenant_name,
        tenant.locale AS tenant_locale, tenant.zone
    FROM portal_account AS account
    JOIN contact ON contact.tenant_id = account.tenant_id AND contact.id = account.contact_id
    JOIN tenant ON tenant.id = account.tenant_id
    WHERE account.email = $1
      AND account.activated_at IS NOT NULL
      AND account.locked_at IS NULL
    LIMIT 8
";
const SELECT_TRIED_PARTNERS: &str = r"
    SELECT
        account.tenant_id, account.display_name, account.locale, tenant.name AS tenant_name,
        tenant.locale AS tenant_locale, tenant.zone
    FROM partner_account AS account
    JOIN tenant ON tenant.id = account.tenant_id
    WHERE account.email = $1
      AND account.password_hash IS NOT NULL
      AND account.locked_at IS NULL
    LIMIT 8
";

impl SystemTx<'_, SignIn> {
    pub(crate) async fn is_known_network(&mut self, key_hash: &[u8]) -> Result<bool, StoreError> {
        let found = self.tx.fetch_optional::<(Vec<u8>,)>(SELECT_KNOWN, (key_hash,)).await?;
        Ok(found.is_some())
    }

    pub(crate) async fn know_network(&mut self, key_hash: &[u8]) -> Result<(), StoreError> {
        self.tx.execute(UPSERT_KNOWN, (key_hash, self.now)).await.map(drop)
    }

    /// Takes back a counted attempt; a lock that it caused stays.
    pub(crate) async fn take_back_attempt(&mut self, key_hash: &[u8]) -> Result<(), StoreError> {
        self.tx
            .execute(TAKE_BACK_ATTEMPT, (throttle_key(key_hash),))
            .await
            .map(drop)
    }

    /// Returns the accounts with an address whose owners can sign in.
    pub(crate) async fn tried_accounts(&mut self, realm: Realm, email: &str) -> Result<Vec<TriedAccount>, StoreError> {
        let sql = match realm {
            Realm::Staff => SELECT_TRIED_STAFF,
            Realm::Portal => SELECT_TRIED_PORTAL_USERS,
            Realm::Partner => SELECT_TRIED_PARTNERS,
        };
        self.tx.fetch_all::<TriedAccount>(sql, (email,)).await
    }
}

impl SystemTx<'_, Purge> {
    /// Deletes networks that were not used for 90 days.
    pub(crate) async fn purge_known_networks(&mut self) -> Result<u64, StoreError> {
        self.tx
            .execute(PURGE_KNOWN, (self.now - chrono::TimeDelta::days(90),))
            .await
    }
}
