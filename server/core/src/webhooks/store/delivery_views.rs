//! Deliveries and attempts as clients and staff read them; what is kept of them, and for how long.

use chrono::{DateTime, Utc};
use domain::ids::{ClientId, DeliveryId, Id, WebhookEndpointId};
use domain::webhooks::DeliveryStatus;
use sqlx::types::Json;
use uuid::Uuid;

use crate::billing::model::BillingLine;
use crate::db::bulk::hex;
use crate::db::far_future;
use crate::db::{StoreError, all, maybe, run};
use crate::db::{SystemTx, TenantTx};
use crate::identity::actors::{Operator, Staff};
use crate::webhooks::model::{AttemptLine, DeliveryCount, DeliveryLine};

/// What a list of deliveries is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct DeliveryFilter {
    /// Only in this state.
    pub status: Option<DeliveryStatus>,
    /// Only of this event type.
    pub event_type: Option<String>,
    /// Only made at or after this moment.
    pub since: Option<DateTime<Utc>>,
    /// Only made before this moment.
    pub until: Option<DateTime<Utc>>,
}

macro_rules! delivery {
    () => {
        "SELECT d.id, d.endpoint_id, d.event_id, d.status, d.attempts, d.next_attempt_at, d.created_at, d.delivered_at, d.last_status, d.last_failure, d.body, d.body_options, v.type, v.sequence, v.ordering_key, e.url, e.status AS endpoint_status, e.data_options, c.scopes \
         FROM webhook_delivery d JOIN event v ON v.tenant_id = d.tenant_id AND v.id = d.event_id \
         JOIN webhook_endpoint e ON e.tenant_id = d.tenant_id AND e.id = d.endpoint_id AND e.deleted_at IS NULL \
         JOIN integration_client c ON c.tenant_id = e.tenant_id AND c.id = e.client_id "
    };
}
const DELIVERIES: &str = concat!(
    delivery!(),
    "WHERE d.tenant_id = $1 AND d.endpoint_id = $2 AND ($3 IS NULL OR d.status = $3) AND ($4 IS NULL OR v.type = $4) AND d.created_at >= $5 AND d.created_at < $6 \
     AND (d.created_at, d.id) < ($7, $8) ORDER BY d.created_at DESC, d.id DESC LIMIT $9"
);
const DELIVERY: &str = concat!(
    delivery!(),
    "WHERE d.tenant_id = $1 AND d.id = $2 AND ($3 IS NULL OR e.client_id = $3)"
);
const ATTEMPTS: &str = "SELECT * FROM (SELECT a.id, a.delivery_id, row_number() OVER (ORDER BY a.started_at, a.id) AS number, a.cause, a.url, a.signature, a.started_at, a.duration_ms, a.response_status, a.failure, a.error, a.response_excerpt \
    FROM webhook_attempt a WHERE a.tenant_id = $1 AND a.delivery_id = $2) x ORDER BY number DESC LIMIT $3";
const COUNTS: &str = "SELECT d.status, count(*) AS deliveries FROM webhook_delivery d WHERE d.tenant_id = $1 AND d.endpoint_id = $2 AND d.created_at >= $3 GROUP BY d.status";
/// The last 24 hours of an endpoint by the hour: what arrived and what failed.
const HOURS_SQLITE: &str = "SELECT CAST((julianday($3) - julianday(a.started_at)) * 24 AS INTEGER) AS hours_ago, sum(CASE WHEN a.failure IS NULL THEN 1 ELSE 0 END) AS arrived, sum(CASE WHEN a.failure IS NULL THEN 0 ELSE 1 END) AS failed \
    FROM webhook_delivery d JOIN webhook_attempt a ON a.tenant_id = d.tenant_id AND a.delivery_id = d.id WHERE d.tenant_id = $1 AND d.endpoint_id = $2 AND d.created_at >= $4 AND a.started_at >= $4 GROUP BY 1";
const HOURS_POSTGRES: &str = "SELECT floor(extract(epoch FROM ($3 - a.started_at)) / 3600)::bigint AS hours_ago, sum(CASE WHEN a.failure IS NULL THEN 1 ELSE 0 END)::bigint AS arrived, sum(CASE WHEN a.failure IS NULL THEN 0 ELSE 1 END)::bigint AS failed \
    FROM webhook_delivery d JOIN webhook_attempt a ON a.tenant_id = d.tenant_id AND a.delivery_id = d.id WHERE d.tenant_id = $1 AND d.endpoint_id = $2 AND d.created_at >= $4 AND a.started_at >= $4 GROUP BY 1";
/// Billing triggers with what became of telling of them: the deliveries of the event that was written with them.
const BILLING: &str = "SELECT b.id, b.visit_report_id, b.target_id, t.number, t.external_id AS target_external_id, c.name AS customer_name, b.work_minutes, b.raised_at, b.acknowledged_at, b.reference, \
    (SELECT count(*) FROM webhook_delivery d WHERE d.tenant_id = b.tenant_id AND d.event_id = v.id) AS deliveries, \
    (SELECT count(*) FROM webhook_delivery d WHERE d.tenant_id = b.tenant_id AND d.event_id = v.id AND d.status = 'delivered') AS delivered, \
    (SELECT count(*) FROM webhook_delivery d WHERE d.tenant_id = b.tenant_id AND d.event_id = v.id AND d.status IN ('failed', 'held')) AS stuck \
    FROM billing_trigger b JOIN target t ON t.tenant_id = b.tenant_id AND t.id = b.target_id LEFT JOIN customer c ON c.tenant_id = t.tenant_id AND c.id = t.customer_id \
    LEFT JOIN event v ON v.tenant_id = b.tenant_id AND v.id = b.event_id \
    WHERE b.tenant_id = $1 AND (b.raised_at, b.id) < ($2, $3) AND ($4 IS NULL OR ($4 = 1 AND b.acknowledged_at IS NOT NULL) OR ($4 = 0 AND b.acknowledged_at IS NULL)) \
    ORDER BY b.raised_at DESC, b.id DESC LIMIT $5";

const OLD_EVENTS: &str =
    "SELECT tenant_id, id FROM event WHERE tenant_id = $1 AND occurred_at < $2 ORDER BY occurred_at LIMIT 500";
macro_rules! of_events {
    ($before:literal, $after:literal) => {
        [
            concat!($before, "SELECT unhex(value) FROM json_each($2)", $after),
            concat!($before, "SELECT jsonb_array_elements_text($2)::uuid", $after),
        ]
    };
}
const FORGET: [[&str; 2]; 5] = [
    of_events!(
        "DELETE FROM webhook_attempt WHERE tenant_id = $1 AND delivery_id IN (SELECT d.id FROM webhook_delivery d WHERE d.tenant_id = $1 AND d.event_id IN (",
        "))"
    ),
    of_events!(
        "DELETE FROM webhook_replay WHERE tenant_id = $1 AND delivery_id IN (SELECT d.id FROM webhook_delivery d WHERE d.tenant_id = $1 AND d.event_id IN (",
        "))"
    ),
    of_events!(
        "DELETE FROM webhook_delivery WHERE tenant_id = $1 AND event_id IN (",
        ")"
    ),
    of_events!(
        "UPDATE billing_trigger SET event_id = NULL WHERE tenant_id = $1 AND event_id IN (",
        ")"
    ),
    of_events!("DELETE FROM event WHERE tenant_id = $1 AND id IN (", ")"),
];

impl<A: Operator> TenantTx<'_, A> {
    /// A page of an endpoint's deliveries, newest first.
    pub(crate) async fn deliveries_of(
        &mut self,
        endpoint: WebhookEndpointId,
        filter: &DeliveryFilter,
        before: Option<(DateTime<Utc>, DeliveryId)>,
        limit: i64,
    ) -> Result<Vec<DeliveryLine>, StoreError> {
        let tenant = self.tenant();
        let (at, id) = before.map_or((far_future(), Uuid::max()), |(at, id)| (at, id.uuid()));
        all!(
            &mut self.tx,
            DeliveryLine,
            DELIVERIES,
            tenant,
            endpoint.uuid(),
            filter.status.map(domain::lifecycle::Lifecycle::name),
            filter.event_type.as_deref(),
            filter.since.unwrap_or_default(),
            filter.until.unwrap_or_else(far_future),
            at,
            id,
            limit
        )
    }

    /// A delivery; of this client's endpoints only, if one is named.
    pub(crate) async fn delivery(
        &mut self,
        client: Option<ClientId>,
        id: DeliveryId,
    ) -> Result<Option<DeliveryLine>, StoreError> {
        let tenant = self.tenant();
        maybe!(
            &mut self.tx,
            DeliveryLine,
            DELIVERY,
            tenant,
            id.uuid(),
            client.map(Id::uuid)
        )
    }

    /// The attempts at a delivery, newest first.
    pub(crate) async fn attempts_of(&mut self, id: DeliveryId, limit: i64) -> Result<Vec<AttemptLine>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, AttemptLine, ATTEMPTS, tenant, id.uuid(), limit)
    }
}

impl TenantTx<'_, Staff> {
    /// How many deliveries an endpoint has in each state since a moment.
    pub(crate) async fn delivery_counts(
        &mut self,
        endpoint: WebhookEndpointId,
        since: DateTime<Utc>,
    ) -> Result<Vec<DeliveryCount>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, DeliveryCount, COUNTS, tenant, endpoint.uuid(), since)
    }

    /// Attempts of the last 24 hours by the hour: hours ago, arrived, failed.
    pub(crate) async fn hours_of(&mut self, endpoint: WebhookEndpointId) -> Result<Vec<(i64, i64, i64)>, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let sql = self.tx.dialect(HOURS_SQLITE, HOURS_POSTGRES);
        all!(
            &mut self.tx,
            (i64, i64, i64),
            sql,
            tenant,
            endpoint.uuid(),
            now,
            now - chrono::TimeDelta::hours(24)
        )
    }

    /// A page of billing triggers, newest first, with how telling of them went.
    pub(crate) async fn billing_lines(
        &mut self,
        before: Option<(DateTime<Utc>, domain::ids::BillingTriggerId)>,
        acknowledged: Option<bool>,
        limit: i64,
    ) -> Result<Vec<BillingLine>, StoreError> {
        let tenant = self.tenant();
        let (at, id) = before.map_or((far_future(), Uuid::max()), |(at, id)| (at, id.uuid()));
        all!(
            &mut self.tx,
            BillingLine,
            BILLING,
            tenant,
            at,
            id,
            acknowledged.map(i64::from),
            limit
        )
    }
}

impl SystemTx<'_> {
    /// Forgets some events of a tenant that are older than a moment, with their deliveries and attempts; the answer is how
    /// many.
    pub(crate) async fn forget_old_events(
        &mut self,
        tenant: crate::identity::actors::TenantId,
        before: DateTime<Utc>,
    ) -> Result<usize, StoreError> {
        let old: Vec<(Uuid, Uuid)> = all!(&mut self.tx, (Uuid, Uuid), OLD_EVENTS, tenant.uuid(), before)?;
        if old.is_empty() {
            return Ok(0);
        }
        let ids: Vec<String> = old.iter().map(|(_, id)| hex(*id)).collect();
        for [sqlite, postgres] in FORGET {
            let sql = self.tx.dialect(sqlite, postgres);
            run!(&mut self.tx, sql, tenant.uuid(), Json(&ids))?;
        }
        Ok(old.len())
    }
}
