//! Recording of finished attempts, delivery status and endpoint health, in batches with compare-and-swap on the claim.

use chrono::{DateTime, Utc};
use domain::ids::{AttemptId, Id, SourceSystemKind, WebhookEndpointKind};
use domain::webhooks::{DeliveryStatus, EndpointStatus, FailureKind, Health, Trigger};
use serde_json::json;
use sqlx::types::Json;
use uuid::Uuid;

use crate::audit::{self, NewAuditEntry};
use crate::db::EngineSql;
use crate::db::Key;
use crate::db::StoreError;
use crate::db::SystemTx;
use crate::db::bulk::{format_timestamp, hex};
use crate::db::purpose::WebhookQueue;
use crate::events::{self, NewEvent};
use crate::identity::actors::TenantId;
use crate::webhooks::store::deliveries::{EndpointKey, places};

/// A finished attempt and the resulting status of its delivery.
#[derive(Debug, Clone)]
pub(crate) struct AttemptRecord {
    pub id: AttemptId,
    pub claim: Uuid,
    pub place: EndpointKey,
    pub delivery: Uuid,
    pub replay: Option<Uuid>,
    pub url: String,
    pub signature: String,
    pub started_at: DateTime<Utc>,
    pub duration_ms: i64,
    pub response_status: Option<i64>,
    pub failure: Option<FailureKind>,
    pub error: Option<String>,
    pub response_excerpt: Option<String>,
    pub status: DeliveryStatus,
    pub next_attempt_at: DateTime<Utc>,
    pub disable_requested: bool,
}

/// Health of an endpoint, locked for update.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct EndpointHealth {
    #[sqlx(flatten)]
    pub place: EndpointKey,
    pub source_system_id: Key<SourceSystemKind>,
    #[sqlx(try_from = "String")]
    pub status: EndpointStatus,
    pub failures_in_a_row: i64,
    pub failed_deliveries: i64,
    pub first_failure_at: Option<DateTime<Utc>>,
    pub last_success_at: Option<DateTime<Utc>>,
    pub disabled_at: Option<DateTime<Utc>>,
    pub disabled_reason: Option<String>,
}

impl EndpointHealth {
    pub(crate) fn health(&self) -> Health {
        Health {
            status: self.status,
            failures_in_a_row: self.failures_in_a_row,
            first_failure_at: self.first_failure_at,
            failed_deliveries: self.failed_deliveries,
        }
    }
}

/// A replay that succeeded in the meantime takes precedence: the delivery stays delivered.
static UPDATE_DELIVERIES: EngineSql = EngineSql::new(
    r"
    UPDATE webhook_delivery
    SET status = CASE WHEN webhook_delivery.delivered_at IS NOT NULL THEN 'delivered' ELSE input.status END,
        lane = 'retry',
        attempts = attempts + 1,
        next_attempt_at = input.next,
        claim = NULL,
        claimed_until = NULL,
        last_status = input.answer,
        last_failure = input.failure,
        delivered_at = COALESCE(webhook_delivery.delivered_at, input.delivered)
    FROM jsonb_to_recordset($1) AS input (t UUID, d UUID, c UUID, status TEXT, next TIMESTAMPTZ,
        answer BIGINT, failure TEXT, delivered TIMESTAMPTZ)
    WHERE webhook_delivery.tenant_id = input.t
      AND webhook_delivery.id = input.d
      AND webhook_delivery.claim = input.c
    RETURNING webhook_delivery.id
",
);
static COMPLETE_REPLAYS: EngineSql = EngineSql::new(
    r"
    UPDATE webhook_replay
    SET done_at = $1,
        claim = NULL,
        claimed_until = NULL
    FROM jsonb_to_recordset($2) AS input (t UUID, r UUID, c UUID)
    WHERE webhook_replay.tenant_id = input.t
      AND webhook_replay.id = input.r
      AND webhook_replay.claim = input.c
",
);
/// A replay updates the last result of the delivery; a success ends the retry schedule.
static UPDATE_REPLAYED: EngineSql = EngineSql::new(
    r"
    UPDATE webhook_delivery
    SET last_status = input.answer,
        last_failure = input.failure,
        delivered_at = COALESCE(webhook_delivery.delivered_at, input.delivered),
        status = CASE WHEN input.delivered IS NOT NULL AND webhook_delivery.status <> 'in_flight'
            THEN 'delivered' ELSE webhook_delivery.status END
    FROM jsonb_to_recordset($1) AS input (t UUID, d UUID, answer BIGINT, failure TEXT,
        delivered TIMESTAMPTZ)
    WHERE webhook_delivery.tenant_id = input.t
      AND webhook_delivery.id = input.d
",
);
static INSERT_ATTEMPTS: EngineSql = EngineSql::new(
    r"
    INSERT INTO webhook_attempt (tenant_id, id, delivery_id, cause, url, signature, started_at,
        duration_ms, response_status, failure, error, response_excerpt)
    SELECT input.t, input.id, input.d, input.cause, input.url, input.signature, input.started,
        input.took, input.answer, input.failure, input.error, input.excerpt
    FROM jsonb_to_recordset($1) AS input (t UUID, id UUID, d UUID, cause TEXT, url TEXT, signature TEXT,
        started TIMESTAMPTZ, took BIGINT, answer BIGINT, failure TEXT, error TEXT, excerpt TEXT)
",
);

static SELECT_HEALTH: EngineSql = EngineSql::new(
    r"
    SELECT endpoint.tenant_id, endpoint.id AS endpoint_id, endpoint.source_system_id, endpoint.status,
        endpoint.failures_in_a_row, endpoint.failed_deliveries, endpoint.first_failure_at,
        endpoint.last_success_at, endpoint.disabled_at, endpoint.disabled_reason
    FROM jsonb_to_recordset($1) AS j (t UUID, e UUID)
    JOIN webhook_endpoint AS endpoint ON endpoint.tenant_id = j.t AND endpoint.id = j.e
    ORDER BY endpoint.tenant_id, endpoint.id
    FOR NO KEY UPDATE OF endpoint
",
);
static UPDATE_HEALTH: EngineSql = EngineSql::new(
    r"
    UPDATE webhook_endpoint
    SET status = input.status,
        failures_in_a_row = input.failures,
        failed_deliveries = input.failed,
        first_failure_at = input.first,
        last_success_at = input.success,
        disabled_at = input.disabled,
        disabled_reason = input.reason
    FROM jsonb_to_recordset($1) AS input (t UUID, e UUID, status TEXT, failures BIGINT, failed BIGINT,
        first TIMESTAMPTZ, success TIMESTAMPTZ, disabled TIMESTAMPTZ, reason TEXT)
    WHERE webhook_endpoint.tenant_id = input.t
      AND webhook_endpoint.id = input.e
",
);
const HOLD_DELIVERIES_OF_DISABLED: &str = r"
    UPDATE webhook_delivery
    SET status = 'held'
    WHERE status = 'pending'
      AND (tenant_id, endpoint_id) IN (
          SELECT endpoint.tenant_id, endpoint.id
          FROM webhook_endpoint AS endpoint
          WHERE endpoint.status = 'disabled'
      )
";
const RELEASE_EXPIRED_CLAIMS: &str = r"
    UPDATE webhook_delivery
    SET status = 'pending',
        claim = NULL,
        claimed_until = NULL
    WHERE status = 'in_flight'
      AND claimed_until <= $1
";
const RELEASE_DELIVERIES: &str = r"
    UPDATE webhook_delivery
    SET status = 'pending',
        claim = NULL,
        claimed_until = NULL
    WHERE status = 'in_flight'
      AND claim = $1
";
const RELEASE_REPLAYS: &str = r"
    UPDATE webhook_replay
    SET claim = NULL,
        claimed_until = NULL
    WHERE done_at IS NULL
      AND claim = $1
";

impl SystemTx<'_, WebhookQueue> {
    /// Records attempts. Returns the scheduled deliveries whose claim was still valid; the others have been claimed by
    /// another worker, and only their attempt is stored.
    pub(crate) async fn record_attempts(&mut self, records: &[AttemptRecord]) -> Result<Vec<Uuid>, StoreError> {
        let row = |record: &AttemptRecord| {
            let delivered = (record.status == DeliveryStatus::Delivered).then(|| format_timestamp(record.started_at));
            json!({
                "t": hex(record.place.tenant_id), "d": hex(record.delivery), "r": record.replay.map(hex), "c": hex(record.claim), "status": record.status.name(), "next": format_timestamp(record.next_attempt_at),
                "answer": record.response_status, "failure": record.failure.map(FailureKind::name), "delivered": delivered,
            })
        };
        let scheduled: Vec<_> = records
            .iter()
            .filter(|record| record.replay.is_none())
            .map(row)
            .collect();
        let replays: Vec<_> = records
            .iter()
            .filter(|record| record.replay.is_some())
            .map(row)
            .collect();
        let mut updated = Vec::new();
        if !scheduled.is_empty() {
            let sql = &UPDATE_DELIVERIES;
            let rows: Vec<(Uuid,)> = self.tx.fetch_all::<(Uuid,)>(sql, (Json(&scheduled),)).await?;
            updated.extend(rows.into_iter().map(|(id,)| id));
        }
        if !replays.is_empty() {
            let sql = &COMPLETE_REPLAYS;
            self.tx.execute(sql, (self.now, Json(&replays))).await?;
            let sql = &UPDATE_REPLAYED;
            self.tx.execute(sql, (Json(&replays),)).await?;
        }
        let attempts: Vec<_> = records
            .iter()
            .map(|record| {
                let cause = if record.replay.is_some() { Trigger::Manual } else { Trigger::Automatic };
                json!({
                    "t": hex(record.place.tenant_id), "id": hex(Id::uuid(record.id)), "d": hex(record.delivery), "cause": cause.name(), "url": record.url, "signature": record.signature,
                    "started": format_timestamp(record.started_at), "took": record.duration_ms, "answer": record.response_status, "failure": record.failure.map(FailureKind::name),
                    "error": record.error, "excerpt": record.response_excerpt,
                })
            })
            .collect();
        let sql = &INSERT_ATTEMPTS;
        self.tx.execute(sql, (Json(&attempts),)).await?;
        Ok(updated)
    }

    /// Returns the health of the endpoints, locked until the end of the transaction.
    pub(crate) async fn lock_endpoint_health(
        &mut self,
        endpoints: &[EndpointKey],
    ) -> Result<Vec<EndpointHealth>, StoreError> {
        let sql = &SELECT_HEALTH;
        self.tx.fetch_all::<EndpointHealth>(sql, (places(endpoints),)).await
    }

    pub(crate) async fn update_endpoint_health(&mut self, healths: &[EndpointHealth]) -> Result<(), StoreError> {
        let rows: Vec<_> = healths
            .iter()
            .map(|health| {
                json!({
                    "t": hex(health.place.tenant_id), "e": hex(health.place.endpoint_id), "status": health.status.name(), "failures": health.failures_in_a_row, "failed": health.failed_deliveries,
                    "first": health.first_failure_at.map(format_timestamp), "success": health.last_success_at.map(format_timestamp), "disabled": health.disabled_at.map(format_timestamp), "reason": health.disabled_reason,
                })
            })
            .collect();
        let sql = &UPDATE_HEALTH;
        self.tx.execute(sql, (Json(&rows),)).await.map(drop)
    }

    /// Holds the pending deliveries of disabled endpoints.
    pub(crate) async fn hold_deliveries_of_disabled(&mut self) -> Result<u64, StoreError> {
        self.tx.execute(HOLD_DELIVERIES_OF_DISABLED, ()).await
    }

    /// Returns deliveries with an expired claim to the queue; their worker has crashed.
    pub(crate) async fn release_expired_claims(&mut self) -> Result<u64, StoreError> {
        self.tx.execute(RELEASE_EXPIRED_CLAIMS, (self.now,)).await
    }

    /// Returns the deliveries and replays of a claim to the queue; their worker stops.
    pub(crate) async fn release_claim(&mut self, claim: Uuid) -> Result<(), StoreError> {
        self.tx.execute(RELEASE_DELIVERIES, (claim,)).await?;
        self.tx.execute(RELEASE_REPLAYS, (claim,)).await.map(drop)
    }

    /// Emits an event about a health change to the other endpoints of the source system, and writes an audit entry.
    pub(crate) async fn emit_endpoint_change(
        &mut self,
        health: &EndpointHealth,
        kind: domain::events::EventType,
    ) -> Result<(), StoreError> {
        let tenant = TenantId::from_uuid(health.place.tenant_id);
        let id: Id<WebhookEndpointKind> = Id::from_uuid(health.place.endpoint_id);
        let mut endpoint = json!({ "id": id, "status": health.status.name() });
        if let Some(reason) = &health.disabled_reason {
            endpoint["reason"] = json!(reason);
        }
        let event = NewEvent::for_endpoint(kind, health.source_system_id, id)
            .with_details(json!({ "webhookEndpoint": endpoint }));
        let event_id = Id::from_uuid(self.store.randomness.uuid_v7(self.now));
        events::write(&mut self.tx, self.store, tenant, self.now, vec![(event_id, event)]).await?;
        let entry = NewAuditEntry::new("system:webhooks", kind.name(), id)
            .with_details(json!({ "reason": health.disabled_reason, "failuresInARow": health.failures_in_a_row }));
        audit::write(&mut self.tx, self.store, tenant, self.now, vec![entry]).await
    }
}
