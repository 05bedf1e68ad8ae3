//! The webhook endpoints of a revoked integration client.

use domain::ids::ClientId;

use crate::db::{StoreError, TenantTx};
use crate::identity::actors::Staff;

const DISABLE_ENDPOINTS_OF_CLIENT: &str = r"
    UPDATE webhook_endpoint
    SET status = 'disabled', disabled_at = $3, disabled_reason = 'client_revoked'
    WHERE tenant_id = $1
      AND client_id = $2
      AND status <> 'disabled'
";
const HOLD_DELIVERIES_OF_CLIENT: &str = r"
    UPDATE webhook_delivery
    SET status = 'held'
    WHERE tenant_id = $1
      AND status = 'pending'
      AND endpoint_id IN (
          SELECT endpoint.id
          FROM webhook_endpoint AS endpoint
          WHERE endpoint.tenant_id = $1
            AND endpoint.client_id = $2
      )
";

impl TenantTx<'_, Staff> {
    /// Disables the endpoints of a revoked client and holds their pending deliveries.
    pub(crate) async fn disable_endpoints_of_client(&mut self, client: ClientId) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        self.tx
            .execute(DISABLE_ENDPOINTS_OF_CLIENT, (tenant, client.uuid(), now))
            .await?;
        self.tx
            .execute(HOLD_DELIVERIES_OF_CLIENT, (tenant, client.uuid()))
            .await
            .map(drop)
    }
}
