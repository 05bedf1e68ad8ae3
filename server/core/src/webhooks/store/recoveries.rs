//! Statements for recoveries and replays of the deliveries of an endpoint.

use chrono::{DateTime, Utc};
use domain::ids::{DeliveryId, Id, RecoveryId, ReplayId, WebhookEndpointId};
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::EngineSql;
use crate::db::StoreError;
use crate::db::{TenantTx, WORK_CHANNEL};
use crate::identity::actors::Operator;
use crate::webhooks::model::RecoverySummary;

/// Range of creation times; `since` is inclusive, `until` exclusive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Range {
    pub since: DateTime<Utc>,
    pub until: DateTime<Utc>,
}

const INSERT_RECOVERY: &str = r"
    INSERT INTO webhook_recovery (tenant_id, id, endpoint_id, since, until, deliveries, requested_by,
        created_at)
    VALUES ($1, $2, $3, $4, $5, 0, $6, $7)
";
const RECOVER_DELIVERIES: &str = r"
    UPDATE webhook_delivery
    SET status = 'pending',
        lane = 'retry',
        attempts = 0,
        next_attempt_at = $5,
        recovery_id = $6
    WHERE tenant_id = $1
      AND endpoint_id = $2
      AND status IN ('held', 'failed')
      AND created_at >= $3
      AND created_at < $4
";
const UPDATE_RECOVERY_COUNT: &str = "UPDATE webhook_recovery SET deliveries = $3 WHERE tenant_id = $1 AND id = $2";
const SELECT_RECOVERIES: &str = r"
    SELECT recovery.id, recovery.since, recovery.until, recovery.deliveries, recovery.requested_by,
        recovery.created_at,
        (
            SELECT count(*)
            FROM webhook_delivery AS delivery
            WHERE delivery.tenant_id = recovery.tenant_id
              AND delivery.recovery_id = recovery.id
              AND delivery.status = 'delivered'
        ) AS delivered,
        (
            SELECT count(*)
            FROM webhook_delivery AS delivery
            WHERE delivery.tenant_id = recovery.tenant_id
              AND delivery.recovery_id = recovery.id
              AND delivery.status IN ('pending', 'in_flight')
        ) AS waiting
    FROM webhook_recovery AS recovery
    WHERE recovery.tenant_id = $1
      AND recovery.endpoint_id = $2
    ORDER BY recovery.created_at DESC, recovery.id DESC
    LIMIT 10
";
const INSERT_REPLAY: &str = r"
    INSERT INTO webhook_replay (tenant_id, id, delivery_id, endpoint_id, requested_by, requested_at)
    VALUES ($1, $2, $3, $4, $5, $6)
";
const SELECT_DELIVERIES_IN_RANGE: &str = r"
    SELECT delivery.id
    FROM webhook_delivery AS delivery
    WHERE delivery.tenant_id = $1
      AND delivery.endpoint_id = $2
      AND delivery.created_at >= $3
      AND delivery.created_at < $4
    ORDER BY delivery.created_at, delivery.id
    LIMIT $5
";
static INSERT_REPLAYS: EngineSql = EngineSql::new(
    r"
    INSERT INTO webhook_replay (tenant_id, id, delivery_id, endpoint_id, requested_by, requested_at)
    SELECT $1, x.id, x.delivery_id, $2, $3, $4
    FROM jsonb_to_recordset($5) AS x (id UUID, delivery_id UUID)
",
);

impl<A: Operator> TenantTx<'_, A> {
    /// Reschedules held and failed deliveries with a new retry schedule. Returns the recovery and the number of
    /// deliveries.
    pub(crate) async fn recover_deliveries(
        &mut self,
        endpoint: WebhookEndpointId,
        range: Range,
    ) -> Result<(RecoveryId, i64), StoreError> {
        let (tenant, now, id) = (self.tenant(), self.now, self.new_id::<domain::ids::RecoveryKind>());
        let label = self.actor.label();
        self.tx
            .execute(
                INSERT_RECOVERY,
                (tenant, id.uuid(), endpoint.uuid(), range.since, range.until, label, now),
            )
            .await?;
        let count = self
            .tx
            .execute(
                RECOVER_DELIVERIES,
                (tenant, endpoint.uuid(), range.since, range.until, now, id.uuid()),
            )
            .await?;
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        self.tx
            .execute(UPDATE_RECOVERY_COUNT, (tenant, id.uuid(), count))
            .await?;
        Ok((id, count))
    }

    pub(crate) async fn list_recoveries(
        &mut self,
        endpoint: WebhookEndpointId,
    ) -> Result<Vec<RecoverySummary>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<RecoverySummary>(SELECT_RECOVERIES, (tenant, endpoint.uuid()))
            .await
    }

    /// Requests one more attempt of a delivery.
    pub(crate) async fn insert_replay(
        &mut self,
        delivery: DeliveryId,
        endpoint: WebhookEndpointId,
    ) -> Result<ReplayId, StoreError> {
        let (tenant, now, id) = (self.tenant(), self.now, self.new_id::<domain::ids::ReplayKind>());
        let label = self.actor.label();
        self.tx
            .execute(
                INSERT_REPLAY,
                (tenant, id.uuid(), delivery.uuid(), endpoint.uuid(), label, now),
            )
            .await?;
        Ok(id)
    }

    /// Requests one more attempt of at most `limit` deliveries in a range. Returns the number of deliveries.
    pub(crate) async fn insert_replays(
        &mut self,
        endpoint: WebhookEndpointId,
        range: Range,
        limit: i64,
    ) -> Result<usize, StoreError> {
        let (tenant, now, label) = (self.tenant(), self.now, self.actor.label());
        let found: Vec<(Uuid,)> = self
            .tx
            .fetch_all::<(Uuid,)>(
                SELECT_DELIVERIES_IN_RANGE,
                (tenant, endpoint.uuid(), range.since, range.until, limit),
            )
            .await?;
        let rows: Vec<_> = found
            .iter()
            .map(|(delivery,)| {
                let id: ReplayId = Id::from_uuid(self.store.randomness.uuid_v7(now));
                serde_json::json!({ "id": crate::db::bulk::hex_id(id), "delivery_id": crate::db::bulk::hex(*delivery) })
            })
            .collect();
        if !rows.is_empty() {
            let sql = &INSERT_REPLAYS;
            self.tx
                .execute(sql, (tenant, endpoint.uuid(), label, now, Json(&rows)))
                .await?;
        }
        Ok(rows.len())
    }

    /// Notifies the workers of other processes at commit.
    pub(crate) async fn wake_workers(&mut self) -> Result<(), StoreError> {
        self.tx.notify(WORK_CHANNEL).await
    }
}
