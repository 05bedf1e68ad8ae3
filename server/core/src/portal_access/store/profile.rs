//! What portal users keep of themselves: password, language, sessions.

use chrono::{DateTime, Utc};
use domain::ids::{ContactKind, PortalUserKind};
use sqlx::types::Json;
use uuid::Uuid;

use crate::branding::{LookRow, look_columns};
use crate::db::Key;
use crate::db::{StoreError, all, maybe, one, run};
use crate::db::{SystemTx, TenantTx};
use crate::identity::SET_PORTAL_PASSWORD;
use crate::identity::actors::{Actor as _, Contact};
use crate::identity::{Door, end_all};
use crate::intake::ClosedToken;

/// The own account.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct OwnAccount {
    pub email: String,
    pub password_hash: String,
}

/// One of the own sessions.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct OwnSession {
    pub id_hash: Vec<u8>,
    pub data: Json<serde_json::Value>,
    pub signed_in_at: Option<DateTime<Utc>>,
    pub last_seen_at: DateTime<Utc>,
}

/// The account behind a calendar's secret address.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct FeedContact {
    pub tenant_id: Uuid,
    pub id: Key<PortalUserKind>,
    pub contact_id: Key<ContactKind>,
    pub display_name: String,
    pub locale: Option<String>,
    pub tenant_name: String,
    pub zone: String,
    #[sqlx(flatten)]
    pub look: LookRow,
}

const FEED: &str = "SELECT feed_token FROM portal_account WHERE tenant_id = $1 AND id = $2";
const SET_FEED: &str = "UPDATE portal_account SET feed_hash = $3, feed_token = $4 WHERE tenant_id = $1 AND id = $2";
const CONTACT_OF_FEED: &str = concat!(
    "SELECT a.tenant_id, a.id, a.contact_id, c.display_name, a.locale, t.name AS tenant_name, t.zone, ",
    look_columns!(),
    " FROM portal_account a JOIN tenant t ON t.id = a.tenant_id \
    JOIN contact c ON c.tenant_id = a.tenant_id AND c.id = a.contact_id LEFT JOIN portal_look w ON w.tenant_id = a.tenant_id WHERE a.feed_hash = $1 AND a.locked_at IS NULL AND a.activated_at IS NOT NULL"
);
const FEED_TOKENS: &str =
    "SELECT tenant_id, id, feed_token FROM portal_account WHERE feed_token IS NOT NULL ORDER BY tenant_id, id";
const SET_FEED_TOKEN: &str = "UPDATE portal_account SET feed_token = $3 WHERE tenant_id = $1 AND id = $2";
const OWN: &str = "SELECT email, password_hash FROM portal_account WHERE tenant_id = $1 AND id = $2";
const SESSIONS: &str = "SELECT id_hash, data, signed_in_at, last_seen_at FROM portal_session WHERE tenant_id = $1 AND account_id = $2 AND expires_at > $3 AND last_seen_at > $4 AND signed_in_at > $5 ORDER BY last_seen_at DESC LIMIT 50";
const END_ONE: &str = "DELETE FROM portal_session WHERE tenant_id = $1 AND account_id = $2 AND id_hash = $3";

impl TenantTx<'_, Contact> {
    fn own(&self) -> (Uuid, Uuid) {
        (self.actor.tenant().uuid(), self.actor.id().uuid())
    }

    pub(crate) async fn own_account(&mut self) -> Result<OwnAccount, StoreError> {
        let (tenant, own) = self.own();
        one!(&mut self.tx, OwnAccount, OWN, tenant, own)
    }

    /// The token of the own calendar, encrypted, if there is one.
    pub(crate) async fn own_feed(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        let (tenant, own) = self.own();
        Ok(one!(&mut self.tx, (Option<Vec<u8>>,), FEED, tenant, own)?.0)
    }

    /// Gives the own calendar a new address, or none.
    pub(crate) async fn set_own_feed(&mut self, token: Option<&ClosedToken>) -> Result<(), StoreError> {
        let (tenant, own) = self.own();
        run!(
            &mut self.tx,
            SET_FEED,
            tenant,
            own,
            token.map(|token| token.hash.clone()),
            token.map(|token| token.closed.clone())
        )
        .map(drop)
    }

    /// Sets the own password and ends every session.
    pub(crate) async fn set_own_password(&mut self, hash: &str) -> Result<(), StoreError> {
        let ((tenant, own), now) = (self.own(), self.now);
        run!(&mut self.tx, SET_PORTAL_PASSWORD, tenant, own, hash, now)?;
        run!(&mut self.tx, end_all(Door::Portal), tenant, own).map(drop)
    }

    pub(crate) async fn own_sessions(
        &mut self,
        idle_since: DateTime<Utc>,
        signed_in_since: DateTime<Utc>,
    ) -> Result<Vec<OwnSession>, StoreError> {
        let ((tenant, own), now) = (self.own(), self.now);
        all!(
            &mut self.tx,
            OwnSession,
            SESSIONS,
            tenant,
            own,
            now,
            idle_since,
            signed_in_since
        )
    }

    pub(crate) async fn end_own_sessions(&mut self) -> Result<u64, StoreError> {
        let (tenant, own) = self.own();
        run!(&mut self.tx, end_all(Door::Portal), tenant, own)
    }

    pub(crate) async fn end_own_session(&mut self, id_hash: &[u8]) -> Result<bool, StoreError> {
        let (tenant, own) = self.own();
        Ok(run!(&mut self.tx, END_ONE, tenant, own, id_hash)? == 1)
    }
}

impl SystemTx<'_> {
    pub(crate) async fn contact_of_feed(&mut self, hash: &[u8]) -> Result<Option<FeedContact>, StoreError> {
        maybe!(&mut self.tx, FeedContact, CONTACT_OF_FEED, hash)
    }

    /// Tokens of calendars, to be encrypted under another key.
    pub(crate) async fn feed_tokens(&mut self) -> Result<Vec<(Uuid, Uuid, Vec<u8>)>, StoreError> {
        all!(&mut self.tx, (Uuid, Uuid, Vec<u8>), FEED_TOKENS)
    }

    pub(crate) async fn set_feed_token(&mut self, tenant: Uuid, id: Uuid, token: &[u8]) -> Result<(), StoreError> {
        run!(&mut self.tx, SET_FEED_TOKEN, tenant, id, token).map(drop)
    }
}
