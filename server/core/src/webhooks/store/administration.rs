//! Statements that retry and delete deliveries for operators.

use domain::ids::WebhookEndpointId;

use crate::db::purpose::Administration;
use crate::db::{StoreError, SystemTx};
use crate::identity::actors::TenantId;

const COUNT_ENDPOINT: &str = "SELECT count(*) FROM webhook_endpoint WHERE tenant_id = $1 AND id = $2";
const RETRY_FAILED: &str = r"
    UPDATE webhook_delivery
    SET status = 'pending',
        lane = 'retry',
        attempts = 0,
        next_attempt_at = $3
    WHERE tenant_id = $1
      AND status = 'failed'
      AND ($2 IS NULL OR endpoint_id = $2)
      AND EXISTS (
          SELECT 1
          FROM webhook_endpoint AS endpoint
          WHERE endpoint.tenant_id = webhook_delivery.tenant_id
            AND endpoint.id = webhook_delivery.endpoint_id
            AND endpoint.status <> 'disabled'
      )
";
/// Takes the deliveries that no worker has claimed out of the queue.
const HOLD_UNDELIVERED: &str = r"
    UPDATE webhook_delivery
    SET status = 'held'
    WHERE tenant_id = $1
      AND endpoint_id = $2
      AND status IN ('pending', 'held', 'failed')
";
const DELETE_ATTEMPTS: &str = r"
    DELETE FROM webhook_attempt
    WHERE tenant_id = $1
      AND delivery_id IN (
          SELECT id
          FROM webhook_delivery
          WHERE tenant_id = $1
            AND endpoint_id = $2
            AND status = 'held'
      )
";
const DELETE_REPLAYS: &str = r"
    DELETE FROM webhook_replay
    WHERE tenant_id = $1
      AND delivery_id IN (
          SELECT id
          FROM webhook_delivery
          WHERE tenant_id = $1
            AND endpoint_id = $2
            AND status = 'held'
      )
";
const DELETE_UNDELIVERED: &str = r"
    DELETE FROM webhook_delivery
    WHERE tenant_id = $1
      AND endpoint_id = $2
      AND status = 'held'
";

impl SystemTx<'_, Administration> {
    pub(crate) async fn has_endpoint(
        &mut self,
        tenant: TenantId,
        endpoint: WebhookEndpointId,
    ) -> Result<bool, StoreError> {
        let arguments = (tenant.uuid(), endpoint.uuid());
        let (count,) = self.tx.fetch_one::<(i64,)>(COUNT_ENDPOINT, arguments).await?;
        Ok(count > 0)
    }

    pub(crate) async fn retry_failed_deliveries(
        &mut self,
        tenant: TenantId,
        endpoint: Option<WebhookEndpointId>,
    ) -> Result<u64, StoreError> {
        let endpoint = endpoint.map(domain::ids::Id::uuid);
        self.tx.execute(RETRY_FAILED, (tenant.uuid(), endpoint, self.now)).await
    }

    pub(crate) async fn delete_undelivered(
        &mut self,
        tenant: TenantId,
        endpoint: WebhookEndpointId,
    ) -> Result<u64, StoreError> {
        let arguments = (tenant.uuid(), endpoint.uuid());
        self.tx.execute(HOLD_UNDELIVERED, arguments).await?;
        self.tx.execute(DELETE_ATTEMPTS, arguments).await?;
        self.tx.execute(DELETE_REPLAYS, arguments).await?;
        self.tx.execute(DELETE_UNDELIVERED, arguments).await
    }
}
