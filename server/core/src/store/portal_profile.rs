//! What portal users keep of themselves: password, language, sessions.

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use uuid::Uuid;

use super::engine::{StoreError, all, one, run};
use super::transaction::TenantTx;
use crate::actors::{Actor as _, Contact};

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

const OWN: &str = "SELECT email, password_hash FROM portal_account WHERE tenant_id = $1 AND id = $2";
const SET_PASSWORD: &str = "UPDATE portal_account SET password_hash = $3 WHERE tenant_id = $1 AND id = $2";
const SESSIONS: &str = "SELECT id_hash, data, signed_in_at, last_seen_at FROM portal_session WHERE tenant_id = $1 AND account_id = $2 AND expires_at > $3 AND last_seen_at > $4 AND signed_in_at > $5 ORDER BY last_seen_at DESC LIMIT 50";
const END_ALL: &str = "DELETE FROM portal_session WHERE tenant_id = $1 AND account_id = $2";
const END_ONE: &str = "DELETE FROM portal_session WHERE tenant_id = $1 AND account_id = $2 AND id_hash = $3";

impl TenantTx<'_, Contact> {
    fn own(&self) -> (Uuid, Uuid) {
        (self.actor.tenant().uuid(), self.actor.id().uuid())
    }

    pub(crate) async fn own_account(&mut self) -> Result<OwnAccount, StoreError> {
        let (tenant, own) = self.own();
        one!(&mut self.tx, OwnAccount, OWN, tenant, own)
    }

    /// Sets the own password and ends every session.
    pub(crate) async fn set_own_password(&mut self, hash: &str) -> Result<(), StoreError> {
        let (tenant, own) = self.own();
        run!(&mut self.tx, SET_PASSWORD, tenant, own, hash)?;
        run!(&mut self.tx, END_ALL, tenant, own).map(drop)
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
        run!(&mut self.tx, END_ALL, tenant, own)
    }

    pub(crate) async fn end_own_session(&mut self, id_hash: &[u8]) -> Result<bool, StoreError> {
        let (tenant, own) = self.own();
        Ok(run!(&mut self.tx, END_ONE, tenant, own, id_hash)? == 1)
    }
}
