//! Statements for webhook endpoints.

use domain::ids::{ClientId, Id, SourceSystemId, WebhookEndpointId};
use domain::webhooks::{DisabledReason, EndpointStatus, Health, Ordering};
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::StoreError;
use crate::db::TenantTx;
use crate::identity::actors::{Operator, Partner, Staff};
use crate::webhooks::model::EndpointSummary;

/// An endpoint to insert, or the new values of an existing one.
pub(crate) struct NewEndpoint<'a> {
    pub id: WebhookEndpointId,
    pub client: ClientId,
    pub source_system: SourceSystemId,
    pub url: &'a str,
    pub description: Option<&'a str>,
    pub event_types: &'a [String],
    pub data_options: &'a [String],
    pub ordering: Ordering,
}

const INSERT_ENDPOINT: &str = r"
    INSERT INTO webhook_endpoint (tenant_id, id, client_id, source_system_id, url, description,
        event_types, data_options, ordering, api_version, status, failures_in_a_row, failed_deliveries,
        created_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'active', 0, 0, $11, $11)
";
const UPDATE_ENDPOINT: &str = r"
    UPDATE webhook_endpoint
    SET url = $3,
        description = $4,
        event_types = $5,
        data_options = $6,
        ordering = $7,
        updated_at = $8
    WHERE tenant_id = $1
      AND id = $2
      AND deleted_at IS NULL
";
const COUNT_ENDPOINTS: &str =
    "SELECT count(*) FROM webhook_endpoint WHERE tenant_id = $1 AND client_id = $2 AND deleted_at IS NULL";
const COUNT_ENDPOINTS_OF_SOURCE: &str = r"
    SELECT count(*)
    FROM webhook_endpoint AS endpoint
    JOIN source_system AS source ON source.tenant_id = endpoint.tenant_id
        AND source.id = endpoint.source_system_id
    WHERE endpoint.tenant_id = $1
      AND source.key = $2
      AND endpoint.status <> 'disabled'
      AND endpoint.deleted_at IS NULL
";
macro_rules! select_endpoints {
    () => {
        r"
    SELECT endpoint.id, endpoint.client_id, endpoint.source_system_id, endpoint.url,
        endpoint.description, endpoint.event_types, endpoint.data_options, endpoint.ordering,
        endpoint.api_version, endpoint.status, endpoint.failures_in_a_row, endpoint.failed_deliveries,
        endpoint.first_failure_at, endpoint.last_success_at, endpoint.disabled_at, endpoint.disabled_reason,
        endpoint.created_at, endpoint.updated_at, source.key AS source_key, client.name AS client_name,
        client.scopes AS client_scopes, (client.revoked_at IS NOT NULL) AS is_client_revoked,
        (
            SELECT secret.public_key
            FROM webhook_secret AS secret
            WHERE secret.tenant_id = endpoint.tenant_id
              AND secret.endpoint_id = endpoint.id
              AND secret.expires_at IS NULL
        ) AS public_key,
        (
            SELECT max(secret.expires_at)
            FROM webhook_secret AS secret
            WHERE secret.tenant_id = endpoint.tenant_id
              AND secret.endpoint_id = endpoint.id
              AND secret.expires_at > $4
        ) AS rotating_until
    FROM webhook_endpoint AS endpoint
    JOIN source_system AS source ON source.tenant_id = endpoint.tenant_id
        AND source.id = endpoint.source_system_id
    JOIN integration_client AS client ON client.tenant_id = endpoint.tenant_id
        AND client.id = endpoint.client_id
"
    };
}
const SELECT_ENDPOINTS: &str = concat!(
    select_endpoints!(),
    r"
    WHERE endpoint.tenant_id = $1
      AND endpoint.deleted_at IS NULL
      AND ($2 IS NULL OR endpoint.client_id = $2)
      AND ($3 IS NULL OR endpoint.id = $3)
    ORDER BY endpoint.created_at, endpoint.id
    LIMIT 500
"
);
const SELECT_ENDPOINTS_OF_SOURCE: &str = concat!(
    select_endpoints!(),
    r"
    WHERE endpoint.tenant_id = $1
      AND endpoint.deleted_at IS NULL
      AND endpoint.source_system_id = $2
      AND ($3 IS NULL OR endpoint.id = $3)
    ORDER BY endpoint.created_at, endpoint.id
    LIMIT 500
"
);
const UPDATE_STATUS: &str = r"
    UPDATE webhook_endpoint
    SET status = $3,
        failures_in_a_row = $4,
        failed_deliveries = $5,
        first_failure_at = $6,
        disabled_at = $7,
        disabled_reason = $8,
        updated_at = $9
    WHERE tenant_id = $1
      AND id = $2
      AND deleted_at IS NULL
      AND status = $10
";
const HOLD_DELIVERIES: &str = r"
    UPDATE webhook_delivery
    SET status = 'held'
    WHERE tenant_id = $1
      AND endpoint_id = $2
      AND status = 'pending'
";
const DELETE_ENDPOINT: &str = r"
    UPDATE webhook_endpoint
    SET status = 'disabled',
        disabled_reason = 'person',
        disabled_at = $3,
        deleted_at = $3,
        updated_at = $3
    WHERE tenant_id = $1
      AND id = $2
      AND deleted_at IS NULL
";
const DELETE_SECRETS: &str = "DELETE FROM webhook_secret WHERE tenant_id = $1 AND endpoint_id = $2";
impl TenantTx<'_, Staff> {
    /// Returns whether a source system has an endpoint that events are sent to.
    pub(crate) async fn has_endpoint(&mut self, source_key: &str) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        let (count,) = self
            .tx
            .fetch_one::<(i64,)>(COUNT_ENDPOINTS_OF_SOURCE, (tenant, source_key))
            .await?;
        Ok(count > 0)
    }
}

impl<A: Operator> TenantTx<'_, A> {
    pub(crate) async fn endpoints(
        &mut self,
        client: Option<ClientId>,
        id: Option<WebhookEndpointId>,
    ) -> Result<Vec<EndpointSummary>, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        self.tx
            .fetch_all::<EndpointSummary>(SELECT_ENDPOINTS, (tenant, client.map(Id::uuid), id.map(Id::uuid), now))
            .await
    }

    pub(crate) async fn count_endpoints(&mut self, client: ClientId) -> Result<i64, StoreError> {
        let tenant = self.tenant();
        let (count,) = self
            .tx
            .fetch_one::<(i64,)>(COUNT_ENDPOINTS, (tenant, client.uuid()))
            .await?;
        Ok(count)
    }

    pub(crate) async fn insert_endpoint(&mut self, new: &NewEndpoint<'_>) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        self.tx
            .execute(
                INSERT_ENDPOINT,
                (
                    tenant,
                    new.id.uuid(),
                    new.client.uuid(),
                    new.source_system.uuid(),
                    new.url,
                    new.description,
                    Json(new.event_types),
                    Json(new.data_options),
                    new.ordering.name(),
                    domain::webhooks::API_VERSION,
                    now,
                ),
            )
            .await?;
        Ok(())
    }

    pub(crate) async fn update_endpoint(&mut self, new: &NewEndpoint<'_>) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        self.tx
            .execute(
                UPDATE_ENDPOINT,
                (
                    tenant,
                    new.id.uuid(),
                    new.url,
                    new.description,
                    Json(new.event_types),
                    Json(new.data_options),
                    new.ordering.name(),
                    now,
                ),
            )
            .await
            .map(drop)
    }

    /// Changes the status of an endpoint if it is still `from`, and returns whether it was. Disabling holds the pending
    /// deliveries.
    pub(crate) async fn set_endpoint_status(
        &mut self,
        id: WebhookEndpointId,
        from: EndpointStatus,
        to: EndpointStatus,
        reason: Option<DisabledReason>,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let health = Health::fresh();
        let disabled_at = (to == EndpointStatus::Disabled).then_some(now);
        let written = self
            .tx
            .execute(
                UPDATE_STATUS,
                (
                    tenant,
                    id.uuid(),
                    domain::lifecycle::Lifecycle::name(to),
                    health.failures_in_a_row,
                    health.failed_deliveries,
                    health.first_failure_at,
                    disabled_at,
                    reason.map(DisabledReason::name),
                    now,
                    domain::lifecycle::Lifecycle::name(from),
                ),
            )
            .await?;
        if written == 1 && to == EndpointStatus::Disabled {
            self.tx.execute(HOLD_DELIVERIES, (tenant, id.uuid())).await?;
        }
        Ok(written == 1)
    }

    /// Marks an endpoint as deleted, holds its pending deliveries and deletes its secrets.
    pub(crate) async fn delete_endpoint(&mut self, id: WebhookEndpointId) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let written = self.tx.execute(DELETE_ENDPOINT, (tenant, id.uuid(), now)).await?;
        self.tx.execute(HOLD_DELIVERIES, (tenant, id.uuid())).await?;
        self.tx.execute(DELETE_SECRETS, (tenant, id.uuid())).await?;
        Ok(written == 1)
    }

    pub(crate) async fn endpoint(
        &mut self,
        client: Option<ClientId>,
        id: WebhookEndpointId,
    ) -> Result<Option<EndpointSummary>, StoreError> {
        Ok(self.endpoints(client, Some(id)).await?.pop())
    }

    /// Returns the source system and scopes of a client; `None` if it does not exist or has been revoked.
    pub(crate) async fn client_of_endpoint(
        &mut self,
        id: ClientId,
    ) -> Result<Option<(SourceSystemId, Vec<String>)>, StoreError> {
        const SELECT_CLIENT: &str = r"
    SELECT source_system_id, scopes
    FROM integration_client
    WHERE tenant_id = $1
      AND id = $2
      AND revoked_at IS NULL
";
        let tenant = self.tenant();
        let row: Option<(Uuid, Json<Vec<String>>)> = self
            .tx
            .fetch_optional::<(Uuid, Json<Vec<String>>)>(SELECT_CLIENT, (tenant, id.uuid()))
            .await?;
        Ok(row.map(|(source, scopes)| (Id::from_uuid(source), scopes.0)))
    }
}

impl TenantTx<'_, Partner> {
    /// Returns the endpoints of the partner's source system, or the one with the ID.
    pub(crate) async fn endpoints_of_source(
        &mut self,
        id: Option<WebhookEndpointId>,
    ) -> Result<Vec<EndpointSummary>, StoreError> {
        let (tenant, source, now) = (self.tenant(), self.actor.source_system().uuid(), self.now);
        self.tx
            .fetch_all::<EndpointSummary>(SELECT_ENDPOINTS_OF_SOURCE, (tenant, source, id.map(Id::uuid), now))
            .await
    }
}
