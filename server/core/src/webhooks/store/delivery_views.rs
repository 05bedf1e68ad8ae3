//! Queries of deliveries and attempts for clients and staff, and deletion of old events.

use chrono::{DateTime, Utc};
use domain::ids::{ClientId, DeliveryId, Id, WebhookEndpointId};
use domain::webhooks::DeliveryStatus;
use sqlx::types::Json;
use uuid::Uuid;

use crate::billing::model::BillingSummary;
use crate::db::EngineSql;
use crate::db::StoreError;
use crate::db::bulk::hex;
use crate::db::far_future;
use crate::db::purpose::Purge;
use crate::db::{SystemTx, TenantTx};
use crate::identity::actors::{DeliveryReader, Staff};
use crate::webhooks::model::{AttemptEntry, DeliveryCount, DeliverySummary};

/// Filter of a list of deliveries.
#[derive(Debug, Clone, Default)]
pub struct DeliveryFilter {
    pub status: Option<DeliveryStatus>,
    pub event_type: Option<String>,
    /// Inclusive lower bound of the creation time.
    pub since: Option<DateTime<Utc>>,
    /// Exclusive upper bound of the creation time.
    pub until: Option<DateTime<Utc>>,
}

macro_rules! delivery {
    () => {
        r"
    SELECT delivery.id, delivery.endpoint_id, delivery.event_id, delivery.status, delivery.attempts,
        delivery.next_attempt_at, delivery.created_at, delivery.delivered_at, delivery.last_status,
        delivery.last_failure, delivery.body, delivery.body_options, event.type, event.sequence,
        event.ordering_key, endpoint.url, endpoint.status AS endpoint_status, endpoint.data_options,
        client.scopes
    FROM webhook_delivery AS delivery
    JOIN event ON event.tenant_id = delivery.tenant_id AND event.id = delivery.event_id
    JOIN webhook_endpoint AS endpoint ON endpoint.tenant_id = delivery.tenant_id
        AND endpoint.id = delivery.endpoint_id AND endpoint.deleted_at IS NULL
    JOIN integration_client AS client ON client.tenant_id = endpoint.tenant_id
        AND client.id = endpoint.client_id
"
    };
}
const SELECT_DELIVERIES: &str = concat!(
    delivery!(),
    r"
    WHERE delivery.tenant_id = $1
      AND delivery.endpoint_id = $2
      AND ($3 IS NULL OR delivery.status = $3)
      AND ($4 IS NULL OR event.type = $4)
      AND delivery.created_at >= $5
      AND delivery.created_at < $6
      AND (delivery.created_at, delivery.id) < ($7, $8)
    ORDER BY delivery.created_at DESC, delivery.id DESC
    LIMIT $9
"
);
const SELECT_DELIVERY: &str = concat!(
    delivery!(),
    "WHERE delivery.tenant_id = $1 AND delivery.id = $2 AND ($3 IS NULL OR endpoint.client_id = $3)"
);
const SELECT_ATTEMPTS: &str = r"
    SELECT *
    FROM (
        SELECT attempt.id, attempt.delivery_id,
            row_number() OVER (ORDER BY attempt.started_at, attempt.id) AS number, attempt.cause,
            attempt.url, attempt.signature, attempt.started_at, attempt.duration_ms,
            attempt.response_status, attempt.failure, attempt.error, attempt.response_excerpt
        FROM webhook_attempt AS attempt
        WHERE attempt.tenant_id = $1
          AND attempt.delivery_id = $2
    ) x
    ORDER BY number DESC
    LIMIT $3
";
const COUNT_BY_STATUS: &str = r"
    SELECT delivery.status, count(*) AS deliveries
    FROM webhook_delivery AS delivery
    WHERE delivery.tenant_id = $1
      AND delivery.endpoint_id = $2
      AND delivery.created_at >= $3
    GROUP BY delivery.status
";
/// Successful and failed attempts of an endpoint per hour.
static COUNT_BY_HOUR: EngineSql = EngineSql::new(
    r"
    SELECT extract(epoch FROM ($3 - attempt.started_at))::BIGINT / 3600 AS hours_ago,
        sum(CASE WHEN attempt.failure IS NULL THEN 1 ELSE 0 END)::BIGINT AS arrived,
        sum(CASE WHEN attempt.failure IS NULL THEN 0 ELSE 1 END)::BIGINT AS failed
    FROM webhook_delivery AS delivery
    JOIN webhook_attempt AS attempt ON attempt.tenant_id = delivery.tenant_id
        AND attempt.delivery_id = delivery.id
    WHERE delivery.tenant_id = $1
      AND delivery.endpoint_id = $2
      AND delivery.created_at >= $4
      AND attempt.started_at >= $4
    GROUP BY 1
",
);
/// Billing triggers with the delivery status of the event that was created with them.
const SELECT_BILLING_TRIGGERS: &str = r"
    SELECT billing.id, billing.visit_report_id, billing.target_id, target.number,
        target.external_id AS target_external_id, customer.name AS customer_name, billing.work_minutes,
        billing.raised_at, billing.acknowledged_at, billing.reference,
        (
            SELECT count(*)
            FROM webhook_delivery AS delivery
            WHERE delivery.tenant_id = billing.tenant_id
              AND delivery.event_id = event.id
        ) AS deliveries,
        (
            SELECT count(*)
            FROM webhook_delivery AS delivery
            WHERE delivery.tenant_id = billing.tenant_id
              AND delivery.event_id = event.id
              AND delivery.status = 'delivered'
        ) AS delivered,
        (
            SELECT count(*)
            FROM webhook_delivery AS delivery
            WHERE delivery.tenant_id = billing.tenant_id
              AND delivery.event_id = event.id
              AND delivery.status IN ('failed', 'held')
        ) AS stuck
    FROM billing_trigger AS billing
    JOIN target ON target.tenant_id = billing.tenant_id AND target.id = billing.target_id
    LEFT JOIN customer ON customer.tenant_id = target.tenant_id AND customer.id = target.customer_id
    LEFT JOIN event ON event.tenant_id = billing.tenant_id AND event.id = billing.event_id
    WHERE billing.tenant_id = $1
      AND (billing.raised_at, billing.id) < ($2, $3)
      AND ($4 IS NULL OR ($4 = 1 AND billing.acknowledged_at IS NOT NULL) OR ($4 = 0
          AND billing.acknowledged_at IS NULL))
    ORDER BY billing.raised_at DESC, billing.id DESC
    LIMIT $5
";

const SELECT_OLD_EVENTS: &str = r"
    SELECT tenant_id, id
    FROM event
    WHERE tenant_id = $1
      AND occurred_at < $2
    ORDER BY occurred_at
    LIMIT 500
";
static DELETE_OLD_EVENTS: [EngineSql; 5] = [
    EngineSql::new(
        r"
            DELETE FROM webhook_attempt
            WHERE tenant_id = $1
              AND delivery_id IN (
                  SELECT delivery.id
                  FROM webhook_delivery AS delivery
                  WHERE delivery.tenant_id = $1
                    AND delivery.event_id = ANY (ARRAY(SELECT jsonb_array_elements_text($2)::UUID))
              )
        ",
    ),
    EngineSql::new(
        r"
            DELETE FROM webhook_replay
            WHERE tenant_id = $1
              AND delivery_id IN (
                  SELECT delivery.id
                  FROM webhook_delivery AS delivery
                  WHERE delivery.tenant_id = $1
                    AND delivery.event_id = ANY (ARRAY(SELECT jsonb_array_elements_text($2)::UUID))
              )
        ",
    ),
    EngineSql::new(
        r"
            DELETE FROM webhook_delivery
            WHERE tenant_id = $1
              AND event_id = ANY (ARRAY(SELECT jsonb_array_elements_text($2)::UUID))
        ",
    ),
    EngineSql::new(
        r"
            UPDATE billing_trigger
            SET event_id = NULL
            WHERE tenant_id = $1
              AND event_id = ANY (ARRAY(SELECT jsonb_array_elements_text($2)::UUID))
        ",
    ),
    EngineSql::new(
        r"
            DELETE FROM event
            WHERE tenant_id = $1
              AND id = ANY (ARRAY(SELECT jsonb_array_elements_text($2)::UUID))
        ",
    ),
];

impl<A: DeliveryReader> TenantTx<'_, A> {
    /// Returns a page of an endpoint's deliveries, newest first.
    pub(crate) async fn list_deliveries(
        &mut self,
        endpoint: WebhookEndpointId,
        filter: &DeliveryFilter,
        before: Option<(DateTime<Utc>, DeliveryId)>,
        limit: i64,
    ) -> Result<Vec<DeliverySummary>, StoreError> {
        let tenant = self.tenant();
        let (at, id) = before.map_or((far_future(), Uuid::max()), |(at, id)| (at, id.uuid()));
        self.tx
            .fetch_all::<DeliverySummary>(
                SELECT_DELIVERIES,
                (
                    tenant,
                    endpoint.uuid(),
                    filter.status.map(domain::lifecycle::Lifecycle::name),
                    filter.event_type.as_deref(),
                    filter.since.unwrap_or_default(),
                    filter.until.unwrap_or_else(far_future),
                    at,
                    id,
                    limit,
                ),
            )
            .await
    }

    /// Returns a delivery, restricted to the endpoints of `client` if given.
    pub(crate) async fn delivery(
        &mut self,
        client: Option<ClientId>,
        id: DeliveryId,
    ) -> Result<Option<DeliverySummary>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_optional::<DeliverySummary>(SELECT_DELIVERY, (tenant, id.uuid(), client.map(Id::uuid)))
            .await
    }

    /// Returns the attempts of a delivery, newest first.
    pub(crate) async fn list_attempts(&mut self, id: DeliveryId, limit: i64) -> Result<Vec<AttemptEntry>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<AttemptEntry>(SELECT_ATTEMPTS, (tenant, id.uuid(), limit))
            .await
    }

    /// Returns the number of deliveries of an endpoint per status, created at or after `since`.
    pub(crate) async fn delivery_counts(
        &mut self,
        endpoint: WebhookEndpointId,
        since: DateTime<Utc>,
    ) -> Result<Vec<DeliveryCount>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<DeliveryCount>(COUNT_BY_STATUS, (tenant, endpoint.uuid(), since))
            .await
    }

    /// Returns the attempts of the last 24 hours per hour: hours ago, succeeded, failed.
    pub(crate) async fn attempts_by_hour(
        &mut self,
        endpoint: WebhookEndpointId,
    ) -> Result<Vec<(i64, i64, i64)>, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let sql = &COUNT_BY_HOUR;
        self.tx
            .fetch_all::<(i64, i64, i64)>(sql, (tenant, endpoint.uuid(), now, now - chrono::TimeDelta::hours(24)))
            .await
    }
}

impl TenantTx<'_, Staff> {
    /// Returns a page of billing triggers with their delivery status, newest first.
    pub(crate) async fn billing_lines(
        &mut self,
        before: Option<(DateTime<Utc>, domain::ids::BillingTriggerId)>,
        acknowledged: Option<bool>,
        limit: i64,
    ) -> Result<Vec<BillingSummary>, StoreError> {
        let tenant = self.tenant();
        let (at, id) = before.map_or((far_future(), Uuid::max()), |(at, id)| (at, id.uuid()));
        self.tx
            .fetch_all::<BillingSummary>(
                SELECT_BILLING_TRIGGERS,
                (tenant, at, id, acknowledged.map(i64::from), limit),
            )
            .await
    }
}

impl SystemTx<'_, Purge> {
    /// Deletes a batch of events of a tenant that occurred before `before`, with their deliveries and attempts. Returns
    /// the number of deleted events.
    pub(crate) async fn purge_old_events(
        &mut self,
        tenant: crate::identity::actors::TenantId,
        before: DateTime<Utc>,
    ) -> Result<usize, StoreError> {
        let old: Vec<(Uuid, Uuid)> = self
            .tx
            .fetch_all::<(Uuid, Uuid)>(SELECT_OLD_EVENTS, (tenant.uuid(), before))
            .await?;
        if old.is_empty() {
            return Ok(0);
        }
        let ids: Vec<String> = old.iter().map(|(_, id)| hex(*id)).collect();
        for sql in &DELETE_OLD_EVENTS {
            self.tx.execute(sql, (tenant.uuid(), Json(&ids))).await?;
        }
        Ok(old.len())
    }
}
