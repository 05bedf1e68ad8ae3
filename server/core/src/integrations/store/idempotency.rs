//! Responses stored under an `Idempotency-Key`.

use crate::db::StoreError;
use crate::db::purpose::Purge;
use crate::db::{SystemTx, TenantTx};
use crate::identity::actors::{Actor as _, ApiClient};

#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct StoredResponse {
    pub fingerprint: Vec<u8>,
    pub response_status: i64,
    pub response_location: Option<String>,
    pub response_body: String,
}

const SELECT_RESPONSE: &str = r"
    SELECT fingerprint, response_status, response_location, response_body
    FROM idempotency_key
    WHERE tenant_id = $1
      AND client_id = $2
      AND route = $3
      AND key = $4
      AND created_at > $5
";
const DELETE_EXPIRED_RESPONSE: &str = r"
    DELETE FROM idempotency_key
    WHERE tenant_id = $1
      AND client_id = $2
      AND route = $3
      AND key = $4
      AND created_at <= $5
";
const INSERT_RESPONSE: &str = r"
    INSERT INTO idempotency_key (
        tenant_id, client_id, route, key, fingerprint, response_status, response_location, response_body,
        created_at
    )
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT (tenant_id, client_id, route, key) DO NOTHING
";

/// How long a stored response is replayed.
const RETENTION: chrono::TimeDelta = chrono::TimeDelta::hours(24);

const DELETE_EXPIRED_RESPONSES: &str = "DELETE FROM idempotency_key WHERE created_at <= $1";

impl SystemTx<'_, Purge> {
    /// Deletes expired responses and returns how many there were.
    pub(crate) async fn purge_stored_responses(&mut self) -> Result<u64, StoreError> {
        self.tx.execute(DELETE_EXPIRED_RESPONSES, (self.now - RETENTION,)).await
    }
}

impl TenantTx<'_, ApiClient> {
    pub(crate) async fn find_stored_response(
        &mut self,
        route: &str,
        key: &str,
    ) -> Result<Option<StoredResponse>, StoreError> {
        let (tenant, client, not_before) = (self.actor.tenant().uuid(), self.actor.id().uuid(), self.now - RETENTION);
        self.tx
            .fetch_optional::<StoredResponse>(SELECT_RESPONSE, (tenant, client, route, key, not_before))
            .await
    }

    /// Stores a response. Returns false if a concurrent request used the key; the caller must then roll back.
    pub(crate) async fn insert_stored_response(
        &mut self,
        route: &str,
        key: &str,
        response: &StoredResponse,
    ) -> Result<bool, StoreError> {
        let (tenant, client, not_before) = (self.actor.tenant().uuid(), self.actor.id().uuid(), self.now - RETENTION);
        self.tx
            .execute(DELETE_EXPIRED_RESPONSE, (tenant, client, route, key, not_before))
            .await?;
        let written = self
            .tx
            .execute(
                INSERT_RESPONSE,
                (
                    tenant,
                    client,
                    route,
                    key,
                    &response.fingerprint,
                    response.response_status,
                    response.response_location.as_deref(),
                    &response.response_body,
                    self.now,
                ),
            )
            .await?;
        Ok(written == 1)
    }
}
