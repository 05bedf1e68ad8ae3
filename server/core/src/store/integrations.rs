//! Webhook endpoints.

use domain::ids::{ClientId, Id, SourceSystemId, WebhookEndpointId};
use sqlx::types::Json;

use super::engine::{StoreError, all, one, run};
use super::transaction::TenantTx;
use super::views::EndpointLine;
use crate::actors::Operator;

/// An endpoint to make.
pub(crate) struct NewEndpoint<'a> {
    pub id: WebhookEndpointId,
    pub client: ClientId,
    pub source_system: SourceSystemId,
    pub url: &'a str,
    pub description: Option<&'a str>,
    pub event_types: &'a [String],
    pub data_options: &'a [String],
    pub secret: &'a [u8],
}

const INSERT_ENDPOINT: &str = "INSERT INTO webhook_endpoint (tenant_id, id, client_id, source_system_id, url, description, event_types, data_options, secret, status, failures_in_a_row, created_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'active', 0, $10)";
const COUNT_ENDPOINTS: &str = "SELECT count(*) FROM webhook_endpoint WHERE tenant_id = $1 AND client_id = $2";
const ENDPOINTS: &str = "SELECT e.id, e.url, e.description, e.event_types, e.data_options, e.status, e.created_at, s.key AS source_key, c.name AS client_name \
    FROM webhook_endpoint e JOIN source_system s ON s.tenant_id = e.tenant_id AND s.id = e.source_system_id \
    JOIN integration_client c ON c.tenant_id = e.tenant_id AND c.id = e.client_id \
    WHERE e.tenant_id = $1 AND ($2 IS NULL OR e.client_id = $2) AND ($3 IS NULL OR e.id = $3) ORDER BY e.created_at, e.id LIMIT 200";

impl<A: Operator> TenantTx<'_, A> {
    pub(crate) async fn endpoints(
        &mut self,
        client: Option<ClientId>,
        id: Option<WebhookEndpointId>,
    ) -> Result<Vec<EndpointLine>, StoreError> {
        let tenant = self.tenant();
        all!(
            &mut self.tx,
            EndpointLine,
            ENDPOINTS,
            tenant,
            client.map(Id::uuid),
            id.map(Id::uuid)
        )
    }

    pub(crate) async fn count_endpoints(&mut self, client: ClientId) -> Result<i64, StoreError> {
        let tenant = self.tenant();
        let (count,) = one!(&mut self.tx, (i64,), COUNT_ENDPOINTS, tenant, client.uuid())?;
        Ok(count)
    }

    pub(crate) async fn insert_endpoint(&mut self, new: &NewEndpoint<'_>) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        run!(
            &mut self.tx,
            INSERT_ENDPOINT,
            tenant,
            new.id.uuid(),
            new.client.uuid(),
            new.source_system.uuid(),
            new.url,
            new.description,
            Json(new.event_types),
            Json(new.data_options),
            new.secret,
            now
        )?;
        Ok(())
    }
}
