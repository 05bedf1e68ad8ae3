//! Deliveries: claimed with a lease, sent outside any transaction, completed with compare-and-swap on the claim.

use chrono::{DateTime, Utc};
use domain::ids::{AttemptId, Id, WebhookEndpointId};
use domain::webhooks::{DeliveryStatus, EndpointStatus};
use sqlx::types::Json;
use uuid::Uuid;

use super::engine::{StoreError, all, maybe, run};
use super::transaction::{SystemTx, TenantTx};
use super::views::{AttemptLine, DeliveryLine};
use crate::actors::Staff;

/// A delivery that this worker may send until its lease ends.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct ClaimedDelivery {
    pub tenant_id: Uuid,
    pub id: Uuid,
    pub endpoint_id: Uuid,
    pub event_id: Uuid,
    pub attempts: i64,
    pub body: Option<String>,
}

/// What sending and rendering need to know.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct DeliveryContext {
    pub url: String,
    pub secret: Vec<u8>,
    pub data_options: Json<Vec<String>>,
    /// What the endpoint's client may do now; an option whose scope is gone tells nothing.
    pub scopes: Json<Vec<String>>,
    pub failures_in_a_row: i64,
    #[sqlx(try_from = "String")]
    pub endpoint_status: EndpointStatus,
    #[sqlx(rename = "type")]
    pub event_type: String,
    pub sequence: i64,
    pub ordering_key: String,
    pub details: Json<serde_json::Value>,
    pub occurred_at: DateTime<Utc>,
    pub target_id: Option<Uuid>,
    pub customer_id: Option<Uuid>,
    pub location_id: Option<Uuid>,
    pub contact_id: Option<Uuid>,
    pub target_external_id: Option<String>,
    pub customer_external_id: Option<String>,
    pub location_external_id: Option<String>,
    pub contact_external_id: Option<String>,
    pub contact_name: Option<String>,
    pub contact_email: Option<String>,
    pub contact_phone: Option<String>,
}

/// How an attempt went and what becomes of its delivery and endpoint.
pub(crate) struct AttemptRecord {
    pub id: AttemptId,
    pub started_at: DateTime<Utc>,
    pub duration_ms: i64,
    pub response_status: Option<i64>,
    pub error: Option<String>,
    pub response_excerpt: Option<String>,
    pub status: DeliveryStatus,
    pub next_attempt_at: DateTime<Utc>,
    pub body: String,
    pub endpoint_status: EndpointStatus,
    pub failures_in_a_row: i64,
}

const CLAIM_SQLITE: &str = "UPDATE webhook_delivery SET status = 'in_flight', claim = $1, claimed_until = $2 WHERE (tenant_id, id) IN (\
    SELECT d.tenant_id, d.id FROM webhook_delivery d WHERE ((d.status = 'pending' AND d.next_attempt_at <= $3) OR (d.status = 'in_flight' AND d.claimed_until <= $3)) \
    AND NOT EXISTS (SELECT 1 FROM webhook_endpoint e JOIN integration_client c ON c.tenant_id = e.tenant_id AND c.id = e.client_id \
      WHERE e.tenant_id = d.tenant_id AND e.id = d.endpoint_id AND (e.status = 'disabled' OR c.revoked_at IS NOT NULL)) \
    ORDER BY d.next_attempt_at LIMIT $4) RETURNING tenant_id, id, endpoint_id, event_id, attempts, body";
const CLAIM_POSTGRES: &str = "UPDATE webhook_delivery SET status = 'in_flight', claim = $1, claimed_until = $2 WHERE (tenant_id, id) IN (\
    SELECT d.tenant_id, d.id FROM webhook_delivery d WHERE ((d.status = 'pending' AND d.next_attempt_at <= $3) OR (d.status = 'in_flight' AND d.claimed_until <= $3)) \
    AND NOT EXISTS (SELECT 1 FROM webhook_endpoint e JOIN integration_client c ON c.tenant_id = e.tenant_id AND c.id = e.client_id \
      WHERE e.tenant_id = d.tenant_id AND e.id = d.endpoint_id AND (e.status = 'disabled' OR c.revoked_at IS NOT NULL)) \
    ORDER BY d.next_attempt_at LIMIT $4 FOR UPDATE OF d SKIP LOCKED) RETURNING tenant_id, id, endpoint_id, event_id, attempts, body";
const NOTHING_DUE: &str = "SELECT id FROM webhook_delivery WHERE (status = 'pending' AND next_attempt_at <= $1) OR (status = 'in_flight' AND claimed_until <= $1) LIMIT 1";
const CONTEXT: &str = "SELECT e.url, e.secret, e.data_options, c.scopes, e.failures_in_a_row, e.status AS endpoint_status, v.type, v.sequence, v.ordering_key, v.details, v.occurred_at, \
    v.target_id, v.customer_id, v.location_id, v.contact_id, t.external_id AS target_external_id, \
    (SELECT min(r.external_id) FROM external_reference r WHERE r.tenant_id = v.tenant_id AND r.source_system_id = e.source_system_id AND r.entity_type = 'customer' AND r.entity_id = v.customer_id) AS customer_external_id, \
    (SELECT min(r.external_id) FROM external_reference r WHERE r.tenant_id = v.tenant_id AND r.source_system_id = e.source_system_id AND r.entity_type = 'location' AND r.entity_id = v.location_id) AS location_external_id, \
    (SELECT min(r.external_id) FROM external_reference r WHERE r.tenant_id = v.tenant_id AND r.source_system_id = e.source_system_id AND r.entity_type = 'contact' AND r.entity_id = v.contact_id) AS contact_external_id, \
    k.display_name AS contact_name, k.email AS contact_email, k.phone AS contact_phone \
    FROM webhook_delivery d JOIN webhook_endpoint e ON e.tenant_id = d.tenant_id AND e.id = d.endpoint_id \
    JOIN integration_client c ON c.tenant_id = e.tenant_id AND c.id = e.client_id \
    JOIN event v ON v.tenant_id = d.tenant_id AND v.id = d.event_id \
    LEFT JOIN target t ON t.tenant_id = v.tenant_id AND t.id = v.target_id AND t.source_system_id = e.source_system_id \
    LEFT JOIN contact k ON k.tenant_id = v.tenant_id AND k.id = v.contact_id \
    WHERE d.tenant_id = $1 AND d.id = $2";
const COMPLETE: &str = "UPDATE webhook_delivery SET status = $4, attempts = attempts + 1, next_attempt_at = $5, body = $6, claim = NULL, claimed_until = NULL \
    WHERE tenant_id = $1 AND id = $2 AND claim = $3";
const INSERT_ATTEMPT: &str = "INSERT INTO webhook_attempt (tenant_id, id, delivery_id, number, started_at, duration_ms, response_status, error, response_excerpt) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
/// Counted by the database, so that failures side by side all count.
const ENDPOINT_HEALTH: &str = "UPDATE webhook_endpoint SET \
    status = CASE WHEN $3 = 'disabled' THEN 'disabled' WHEN $4 = 0 THEN 'active' WHEN failures_in_a_row + 1 >= $5 THEN 'failing' ELSE status END, \
    failures_in_a_row = CASE WHEN $4 = 0 THEN 0 ELSE failures_in_a_row + 1 END \
    WHERE tenant_id = $1 AND id = $2 AND status <> 'disabled'";
const FREEZE_BODY: &str =
    "UPDATE webhook_delivery SET body = $4 WHERE tenant_id = $1 AND id = $2 AND claim = $3 AND body IS NULL";
const HOLD_PENDING: &str = "UPDATE webhook_delivery SET status = 'held' WHERE tenant_id = $1 AND endpoint_id = $2 AND status = 'pending' \
    AND EXISTS (SELECT 1 FROM webhook_endpoint e WHERE e.tenant_id = $1 AND e.id = $2 AND e.status = 'disabled')";
const DELIVERIES: &str = "SELECT d.id, d.status, d.attempts, d.next_attempt_at, d.created_at, v.type, v.sequence, d.body FROM webhook_delivery d \
    JOIN event v ON v.tenant_id = d.tenant_id AND v.id = d.event_id \
    WHERE d.tenant_id = $1 AND d.endpoint_id = $2 ORDER BY d.created_at DESC, d.id DESC LIMIT $3";
const ATTEMPTS: &str = "SELECT a.delivery_id, a.number, a.started_at, a.duration_ms, a.response_status, a.error, a.response_excerpt FROM webhook_attempt a \
    JOIN webhook_delivery d ON d.tenant_id = a.tenant_id AND d.id = a.delivery_id \
    WHERE a.tenant_id = $1 AND d.endpoint_id = $2 ORDER BY a.started_at DESC, a.number DESC LIMIT $3";

impl SystemTx<'_> {
    /// Whether a delivery is due; a cheap look without the writer's place.
    pub(crate) async fn is_delivery_due(&mut self) -> Result<bool, StoreError> {
        Ok(maybe!(&mut self.tx, (Uuid,), NOTHING_DUE, self.now)?.is_some())
    }

    /// Claims due deliveries, and those whose claim ran out because a worker died.
    pub(crate) async fn claim_deliveries(
        &mut self,
        claim: Uuid,
        lease_until: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<ClaimedDelivery>, StoreError> {
        let sql = self.tx.dialect(CLAIM_SQLITE, CLAIM_POSTGRES);
        all!(&mut self.tx, ClaimedDelivery, sql, claim, lease_until, self.now, limit)
    }

    pub(crate) async fn delivery_context(
        &mut self,
        delivery: &ClaimedDelivery,
    ) -> Result<Option<DeliveryContext>, StoreError> {
        maybe!(&mut self.tx, DeliveryContext, CONTEXT, delivery.tenant_id, delivery.id)
    }

    /// Keeps the rendered bytes before they are sent, so that every attempt sends the same; false if the claim was lost.
    pub(crate) async fn freeze_body(
        &mut self,
        delivery: &ClaimedDelivery,
        claim: Uuid,
        body: &str,
    ) -> Result<bool, StoreError> {
        Ok(run!(&mut self.tx, FREEZE_BODY, delivery.tenant_id, delivery.id, claim, body)? == 1)
    }

    /// Records an attempt; false (and nothing written) if the claim was lost meanwhile.
    pub(crate) async fn record_attempt(
        &mut self,
        delivery: &ClaimedDelivery,
        claim: Uuid,
        record: &AttemptRecord,
    ) -> Result<bool, StoreError> {
        let kept = run!(
            &mut self.tx,
            COMPLETE,
            delivery.tenant_id,
            delivery.id,
            claim,
            record.status.name(),
            record.next_attempt_at,
            &record.body
        )?;
        if kept != 1 {
            return Ok(false);
        }
        run!(
            &mut self.tx,
            INSERT_ATTEMPT,
            delivery.tenant_id,
            record.id.uuid(),
            delivery.id,
            delivery.attempts + 1,
            record.started_at,
            record.duration_ms,
            record.response_status,
            record.error.as_deref(),
            record.response_excerpt.as_deref()
        )?;
        run!(
            &mut self.tx,
            ENDPOINT_HEALTH,
            delivery.tenant_id,
            delivery.endpoint_id,
            record.endpoint_status.name(),
            record.failures_in_a_row,
            domain::webhooks::FAILURES_UNTIL_FAILING
        )?;
        if record.status != DeliveryStatus::Delivered {
            run!(&mut self.tx, HOLD_PENDING, delivery.tenant_id, delivery.endpoint_id)?;
        }
        Ok(true)
    }
}

impl TenantTx<'_, Staff> {
    pub(crate) async fn deliveries_of(
        &mut self,
        endpoint: WebhookEndpointId,
        limit: i64,
    ) -> Result<Vec<DeliveryLine>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, DeliveryLine, DELIVERIES, tenant, endpoint.uuid(), limit)
    }

    pub(crate) async fn attempts_of(
        &mut self,
        endpoint: WebhookEndpointId,
        limit: i64,
    ) -> Result<Vec<AttemptLine>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, AttemptLine, ATTEMPTS, tenant, Id::uuid(endpoint), limit)
    }
}
