//! Statements for the secrets of webhook endpoints.

use chrono::{DateTime, Utc};
use domain::ids::{WebhookEndpointId, WebhookSecretId};

use crate::db::StoreError;
use crate::db::TenantTx;
use crate::identity::actors::Operator;

/// A secret to insert; `secret` and `signing_key` are encrypted.
pub(crate) struct NewWebhookSecret<'a> {
    pub id: WebhookSecretId,
    pub endpoint: WebhookEndpointId,
    pub secret: &'a [u8],
    pub signing_key: Option<&'a [u8]>,
    pub public_key: Option<&'a str>,
}

const INSERT_SECRET: &str = r"
    INSERT INTO webhook_secret (tenant_id, id, endpoint_id, secret, signing_key, public_key, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
";
const EXPIRE_SECRETS: &str = r"
    UPDATE webhook_secret
    SET expires_at = $3
    WHERE tenant_id = $1
      AND endpoint_id = $2
      AND (expires_at IS NULL OR expires_at > $3)
";
const DELETE_EXPIRED_SECRETS: &str =
    "DELETE FROM webhook_secret WHERE tenant_id = $1 AND endpoint_id = $2 AND expires_at <= $3";
const COUNT_SECRETS: &str = r"
    SELECT count(*)
    FROM webhook_secret
    WHERE tenant_id = $1
      AND endpoint_id = $2
      AND (expires_at IS NULL OR expires_at > $3)
";
impl<A: Operator> TenantTx<'_, A> {
    pub(crate) async fn insert_webhook_secret(&mut self, new: &NewWebhookSecret<'_>) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        self.tx
            .execute(
                INSERT_SECRET,
                (
                    tenant,
                    new.id.uuid(),
                    new.endpoint.uuid(),
                    new.secret,
                    new.signing_key,
                    new.public_key,
                    now,
                ),
            )
            .await
            .map(drop)
    }

    /// Sets the expiry of the current secrets and deletes expired ones.
    pub(crate) async fn expire_webhook_secrets(
        &mut self,
        endpoint: WebhookEndpointId,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        self.tx.execute(EXPIRE_SECRETS, (tenant, endpoint.uuid(), at)).await?;
        self.tx
            .execute(DELETE_EXPIRED_SECRETS, (tenant, endpoint.uuid(), now))
            .await
            .map(drop)
    }

    pub(crate) async fn count_webhook_secrets(&mut self, endpoint: WebhookEndpointId) -> Result<i64, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let (count,) = self
            .tx
            .fetch_one::<(i64,)>(COUNT_SECRETS, (tenant, endpoint.uuid(), now))
            .await?;
        Ok(count)
    }
}
