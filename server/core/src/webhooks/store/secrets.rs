//! Statements for the secrets of webhook endpoints.

use chrono::{DateTime, Utc};
use domain::ids::{WebhookEndpointId, WebhookSecretId};

use crate::db::TenantTx;
use crate::db::{StoreError, one, run};
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
        run!(
            &mut self.tx,
            INSERT_SECRET,
            tenant,
            new.id.uuid(),
            new.endpoint.uuid(),
            new.secret,
            new.signing_key,
            new.public_key,
            now
        )
        .map(drop)
    }

    /// Sets the expiry of the current secrets and deletes expired ones.
    pub(crate) async fn expire_webhook_secrets(
        &mut self,
        endpoint: WebhookEndpointId,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        run!(&mut self.tx, EXPIRE_SECRETS, tenant, endpoint.uuid(), at)?;
        run!(&mut self.tx, DELETE_EXPIRED_SECRETS, tenant, endpoint.uuid(), now).map(drop)
    }

    pub(crate) async fn count_webhook_secrets(&mut self, endpoint: WebhookEndpointId) -> Result<i64, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let (count,) = one!(&mut self.tx, (i64,), COUNT_SECRETS, tenant, endpoint.uuid(), now)?;
        Ok(count)
    }
}
