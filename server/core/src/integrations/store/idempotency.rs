//! Answers kept under an `Idempotency-Key`, written in the transaction of the work they tell of.

use crate::db::{StoreError, maybe, run};
use crate::db::{SystemTx, TenantTx};
use crate::identity::actors::{Actor as _, ApiClient};

/// An answer that was given before.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct StoredAnswer {
    pub fingerprint: Vec<u8>,
    pub response_status: i64,
    pub response_location: Option<String>,
    pub response_body: String,
}

const FIND: &str = "SELECT fingerprint, response_status, response_location, response_body FROM idempotency_key \
    WHERE tenant_id = $1 AND client_id = $2 AND route = $3 AND key = $4 AND created_at > $5";
const FORGET_OLD: &str = "DELETE FROM idempotency_key WHERE tenant_id = $1 AND client_id = $2 AND route = $3 AND key = $4 AND created_at <= $5";
const INSERT: &str = "INSERT INTO idempotency_key (tenant_id, client_id, route, key, fingerprint, response_status, response_location, response_body, created_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (tenant_id, client_id, route, key) DO NOTHING";

/// How long an answer is kept.
const KEPT: chrono::TimeDelta = chrono::TimeDelta::hours(24);

const FORGET_ALL_OLD: &str = "DELETE FROM idempotency_key WHERE created_at <= $1";

impl SystemTx<'_> {
    /// Forgets answers that are no longer given again.
    pub(crate) async fn forget_old_answers(&mut self) -> Result<u64, StoreError> {
        run!(&mut self.tx, FORGET_ALL_OLD, self.now - KEPT)
    }
}

impl TenantTx<'_, ApiClient> {
    pub(crate) async fn stored_answer(&mut self, route: &str, key: &str) -> Result<Option<StoredAnswer>, StoreError> {
        let (tenant, client, since) = (self.actor.tenant().uuid(), self.actor.id().uuid(), self.now - KEPT);
        maybe!(&mut self.tx, StoredAnswer, FIND, tenant, client, route, key, since)
    }

    /// Keeps an answer; false if another request with this key was faster, when this transaction must be rolled back.
    pub(crate) async fn store_answer(
        &mut self,
        route: &str,
        key: &str,
        answer: &StoredAnswer,
    ) -> Result<bool, StoreError> {
        let (tenant, client, since) = (self.actor.tenant().uuid(), self.actor.id().uuid(), self.now - KEPT);
        run!(&mut self.tx, FORGET_OLD, tenant, client, route, key, since)?;
        let written = run!(
            &mut self.tx,
            INSERT,
            tenant,
            client,
            route,
            key,
            &answer.fingerprint,
            answer.response_status,
            answer.response_location.as_deref(),
            &answer.response_body,
            self.now
        )?;
        Ok(written == 1)
    }
}
