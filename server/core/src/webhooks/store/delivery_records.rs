//! How deliveries went: attempts, states and the health of endpoints, recorded for many at once with compare-and-swap on the
//! claim.

use chrono::{DateTime, Utc};
use domain::ids::{AttemptId, Id, SourceSystemKind, WebhookEndpointKind};
use domain::webhooks::{DeliveryStatus, EndpointStatus, FailureKind, Health, Trigger};
use serde_json::json;
use sqlx::types::Json;
use uuid::Uuid;

use crate::audit::{self, NewAudit};
use crate::db::Key;
use crate::db::SystemTx;
use crate::db::bulk::{format_timestamp, hex};
use crate::db::{StoreError, all, run};
use crate::events::{self, NewEvent};
use crate::identity::actors::TenantId;
use crate::webhooks::store::deliveries::{EndpointPlace, places};

/// How an attempt went and what becomes of its delivery.
#[derive(Debug, Clone)]
pub(crate) struct AttemptRecord {
    pub id: AttemptId,
    pub claim: Uuid,
    pub place: EndpointPlace,
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
    pub asks_to_stop: bool,
}

/// The health of an endpoint, read to be changed.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct EndpointHealth {
    #[sqlx(flatten)]
    pub place: EndpointPlace,
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

/// A manual attempt that arrived meanwhile counts: the delivery stays delivered.
const RECORD_SQLITE: &str = "WITH n AS MATERIALIZED (SELECT unhex(value->>'t') AS t, unhex(value->>'d') AS d, unhex(value->>'c') AS c, value->>'status' AS status, value->>'next' AS next, value->>'answer' AS answer, value->>'failure' AS failure, value->>'delivered' AS delivered FROM json_each($1)) \
    UPDATE webhook_delivery SET status = CASE WHEN webhook_delivery.delivered_at IS NOT NULL THEN 'delivered' ELSE n.status END, lane = 'retry', attempts = attempts + 1, next_attempt_at = n.next, \
    claim = NULL, claimed_until = NULL, last_status = n.answer, last_failure = n.failure, delivered_at = COALESCE(webhook_delivery.delivered_at, n.delivered) \
    FROM n \
    WHERE webhook_delivery.tenant_id = n.t AND webhook_delivery.id = n.d AND webhook_delivery.claim = n.c RETURNING webhook_delivery.id";
const RECORD_POSTGRES: &str = "UPDATE webhook_delivery SET status = CASE WHEN webhook_delivery.delivered_at IS NOT NULL THEN 'delivered' ELSE n.status END, lane = 'retry', attempts = attempts + 1, next_attempt_at = n.next, \
    claim = NULL, claimed_until = NULL, last_status = n.answer, last_failure = n.failure, delivered_at = COALESCE(webhook_delivery.delivered_at, n.delivered) \
    FROM jsonb_to_recordset($1) AS n (t UUID, d UUID, c UUID, status TEXT, next TIMESTAMPTZ, answer BIGINT, failure TEXT, delivered TIMESTAMPTZ) \
    WHERE webhook_delivery.tenant_id = n.t AND webhook_delivery.id = n.d AND webhook_delivery.claim = n.c RETURNING webhook_delivery.id";
const RECORD_REPLAYS_SQLITE: &str = "WITH n AS MATERIALIZED (SELECT unhex(value->>'t') AS t, unhex(value->>'r') AS r, unhex(value->>'c') AS c FROM json_each($2)) \
    UPDATE webhook_replay SET done_at = $1, claim = NULL, claimed_until = NULL FROM n \
    WHERE webhook_replay.tenant_id = n.t AND webhook_replay.id = n.r AND webhook_replay.claim = n.c";
const RECORD_REPLAYS_POSTGRES: &str = "UPDATE webhook_replay SET done_at = $1, claim = NULL, claimed_until = NULL FROM jsonb_to_recordset($2) AS n (t UUID, r UUID, c UUID) \
    WHERE webhook_replay.tenant_id = n.t AND webhook_replay.id = n.r AND webhook_replay.claim = n.c";
/// A replay tells how the delivery went last, and a success ends the schedule.
const REPLAYED_SQLITE: &str = "WITH n AS MATERIALIZED (SELECT unhex(value->>'t') AS t, unhex(value->>'d') AS d, value->>'answer' AS answer, value->>'failure' AS failure, value->>'delivered' AS delivered FROM json_each($1)) \
    UPDATE webhook_delivery SET last_status = n.answer, last_failure = n.failure, delivered_at = COALESCE(webhook_delivery.delivered_at, n.delivered), \
    status = CASE WHEN n.delivered IS NOT NULL AND webhook_delivery.status <> 'in_flight' THEN 'delivered' ELSE webhook_delivery.status END \
    FROM n \
    WHERE webhook_delivery.tenant_id = n.t AND webhook_delivery.id = n.d";
const REPLAYED_POSTGRES: &str = "UPDATE webhook_delivery SET last_status = n.answer, last_failure = n.failure, delivered_at = COALESCE(webhook_delivery.delivered_at, n.delivered), \
    status = CASE WHEN n.delivered IS NOT NULL AND webhook_delivery.status <> 'in_flight' THEN 'delivered' ELSE webhook_delivery.status END \
    FROM jsonb_to_recordset($1) AS n (t UUID, d UUID, answer BIGINT, failure TEXT, delivered TIMESTAMPTZ) WHERE webhook_delivery.tenant_id = n.t AND webhook_delivery.id = n.d";
const ATTEMPTS_SQLITE: &str = "INSERT INTO webhook_attempt (tenant_id, id, delivery_id, cause, url, signature, started_at, duration_ms, response_status, failure, error, response_excerpt) \
    SELECT unhex(value->>'t'), unhex(value->>'id'), unhex(value->>'d'), value->>'cause', value->>'url', value->>'signature', value->>'started', value->>'took', value->>'answer', value->>'failure', value->>'error', value->>'excerpt' FROM json_each($1)";
const ATTEMPTS_POSTGRES: &str = "INSERT INTO webhook_attempt (tenant_id, id, delivery_id, cause, url, signature, started_at, duration_ms, response_status, failure, error, response_excerpt) \
    SELECT n.t, n.id, n.d, n.cause, n.url, n.signature, n.started, n.took, n.answer, n.failure, n.error, n.excerpt \
    FROM jsonb_to_recordset($1) AS n (t UUID, id UUID, d UUID, cause TEXT, url TEXT, signature TEXT, started TIMESTAMPTZ, took BIGINT, answer BIGINT, failure TEXT, error TEXT, excerpt TEXT)";

macro_rules! health {
    ($from:literal, $lock:literal) => {
        concat!(
            "SELECT e.tenant_id, e.id AS endpoint_id, e.source_system_id, e.status, e.failures_in_a_row, e.failed_deliveries, e.first_failure_at, e.last_success_at, e.disabled_at, e.disabled_reason FROM ",
            $from, " ORDER BY e.tenant_id, e.id", $lock
        )
    };
}
const HEALTH_SQLITE: &str = health!(
    "json_each($1) j JOIN webhook_endpoint e ON e.tenant_id = unhex(j.value->>'t') AND e.id = unhex(j.value->>'e')",
    ""
);
const HEALTH_POSTGRES: &str = health!(
    "jsonb_to_recordset($1) AS j (t UUID, e UUID) JOIN webhook_endpoint e ON e.tenant_id = j.t AND e.id = j.e",
    " FOR NO KEY UPDATE OF e"
);
const SET_HEALTH_SQLITE: &str = "WITH n AS MATERIALIZED (SELECT unhex(value->>'t') AS t, unhex(value->>'e') AS e, value->>'status' AS status, value->>'failures' AS failures, value->>'failed' AS failed, value->>'first' AS first, value->>'success' AS success, value->>'disabled' AS disabled, value->>'reason' AS reason FROM json_each($1)) \
    UPDATE webhook_endpoint SET status = n.status, failures_in_a_row = n.failures, failed_deliveries = n.failed, first_failure_at = n.first, last_success_at = n.success, disabled_at = n.disabled, disabled_reason = n.reason \
    FROM n \
    WHERE webhook_endpoint.tenant_id = n.t AND webhook_endpoint.id = n.e";
const SET_HEALTH_POSTGRES: &str = "UPDATE webhook_endpoint SET status = n.status, failures_in_a_row = n.failures, failed_deliveries = n.failed, first_failure_at = n.first, last_success_at = n.success, disabled_at = n.disabled, disabled_reason = n.reason \
    FROM jsonb_to_recordset($1) AS n (t UUID, e UUID, status TEXT, failures BIGINT, failed BIGINT, first TIMESTAMPTZ, success TIMESTAMPTZ, disabled TIMESTAMPTZ, reason TEXT) WHERE webhook_endpoint.tenant_id = n.t AND webhook_endpoint.id = n.e";
const HOLD_DISABLED: &str = "UPDATE webhook_delivery SET status = 'held' WHERE status = 'pending' AND (tenant_id, endpoint_id) IN (SELECT e.tenant_id, e.id FROM webhook_endpoint e WHERE e.status = 'disabled')";
const RELEASE_EXPIRED: &str = "UPDATE webhook_delivery SET status = 'pending', claim = NULL, claimed_until = NULL WHERE status = 'in_flight' AND claimed_until <= $1";

impl SystemTx<'_> {
    /// Records how attempts went. The answer are those of the schedule whose claim still held; the others were taken up
    /// by another worker, and only the attempt itself is noted.
    pub(crate) async fn record_attempts(&mut self, records: &[AttemptRecord]) -> Result<Vec<Uuid>, StoreError> {
        let row = |record: &AttemptRecord| {
            let delivered = (record.status == DeliveryStatus::Delivered).then(|| format_timestamp(record.started_at));
            json!({
                "t": hex(record.place.tenant_id), "d": hex(record.delivery), "r": record.replay.map(hex), "c": hex(record.claim), "status": record.status.name(), "next": format_timestamp(record.next_attempt_at),
                "answer": record.response_status, "failure": record.failure.map(FailureKind::name), "delivered": delivered,
            })
        };
        let plain: Vec<_> = records
            .iter()
            .filter(|record| record.replay.is_none())
            .map(row)
            .collect();
        let replays: Vec<_> = records
            .iter()
            .filter(|record| record.replay.is_some())
            .map(row)
            .collect();
        let mut kept = Vec::new();
        if !plain.is_empty() {
            let sql = self.tx.dialect(RECORD_SQLITE, RECORD_POSTGRES);
            let rows: Vec<(Uuid,)> = all!(&mut self.tx, (Uuid,), sql, Json(&plain))?;
            kept.extend(rows.into_iter().map(|(id,)| id));
        }
        if !replays.is_empty() {
            let sql = self.tx.dialect(RECORD_REPLAYS_SQLITE, RECORD_REPLAYS_POSTGRES);
            run!(&mut self.tx, sql, self.now, Json(&replays))?;
            let sql = self.tx.dialect(REPLAYED_SQLITE, REPLAYED_POSTGRES);
            run!(&mut self.tx, sql, Json(&replays))?;
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
        let sql = self.tx.dialect(ATTEMPTS_SQLITE, ATTEMPTS_POSTGRES);
        run!(&mut self.tx, sql, Json(&attempts))?;
        Ok(kept)
    }

    /// The health of some endpoints, locked until the end of the transaction.
    pub(crate) async fn endpoint_healths(
        &mut self,
        endpoints: &[EndpointPlace],
    ) -> Result<Vec<EndpointHealth>, StoreError> {
        let sql = self.tx.dialect(HEALTH_SQLITE, HEALTH_POSTGRES);
        all!(&mut self.tx, EndpointHealth, sql, places(endpoints))
    }

    pub(crate) async fn set_endpoint_healths(&mut self, healths: &[EndpointHealth]) -> Result<(), StoreError> {
        let rows: Vec<_> = healths
            .iter()
            .map(|health| {
                json!({
                    "t": hex(health.place.tenant_id), "e": hex(health.place.endpoint_id), "status": health.status.name(), "failures": health.failures_in_a_row, "failed": health.failed_deliveries,
                    "first": health.first_failure_at.map(format_timestamp), "success": health.last_success_at.map(format_timestamp), "disabled": health.disabled_at.map(format_timestamp), "reason": health.disabled_reason,
                })
            })
            .collect();
        let sql = self.tx.dialect(SET_HEALTH_SQLITE, SET_HEALTH_POSTGRES);
        run!(&mut self.tx, sql, Json(&rows)).map(drop)
    }

    /// Holds what still waits for an endpoint that is disabled.
    pub(crate) async fn hold_for_disabled(&mut self) -> Result<u64, StoreError> {
        run!(&mut self.tx, HOLD_DISABLED)
    }

    /// Gives back what a worker claimed that has died.
    pub(crate) async fn release_expired_claims(&mut self) -> Result<u64, StoreError> {
        run!(&mut self.tx, RELEASE_EXPIRED, self.now)
    }

    /// Tells the other endpoints of the same source system, and the audit log, what became of an endpoint.
    pub(crate) async fn tell_of_endpoint(
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
        let event = NewEvent {
            kind,
            ordering_key: id.to_string(),
            source: Some(health.source_system_id.0),
            target: None,
            customer: None,
            location: None,
            contact: None,
            endpoint: Some(id),
            details: json!({ "webhookEndpoint": endpoint }),
        };
        let event_id = Id::from_uuid(self.store.randomness.uuid_v7(self.now));
        events::write(&mut self.tx, self.store, tenant, self.now, vec![(event_id, event)]).await?;
        let entry = NewAudit {
            actor: "system:webhooks".to_owned(),
            action: kind.name(),
            subject: id.to_string(),
            details: json!({ "reason": health.disabled_reason, "failuresInARow": health.failures_in_a_row }),
        };
        audit::write(&mut self.tx, tenant, self.now, vec![entry]).await
    }
}
