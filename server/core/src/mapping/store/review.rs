//! Queries and updates of the mapping review.

use chrono::{DateTime, Utc};
use domain::ids::{Id, ImportItemId, SourceSystemId, TargetId};
use domain::jobs::targets::TargetStatus;
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::StoreError;
use crate::db::TenantTx;
use crate::identity::actors::Staff;
use crate::jobs::model::TargetSummary;
use crate::jobs::{TargetRecord, select_target_line};

const COUNT_TARGETS_NEEDING_MAPPING: &str = r"
    SELECT count(*)
    FROM target
    WHERE tenant_id = $1
      AND needs_mapping
      AND status IN ('open', 'scheduled', 'dispatched')
      AND (mapping_snoozed_until IS NULL OR mapping_snoozed_until <= $2)
";
const SNOOZE_MAPPING: &str = r"
    UPDATE target
    SET mapping_snoozed_until = $3
    WHERE tenant_id = $1
      AND id = $2
      AND needs_mapping
";
const SELECT_TARGETS_NEEDING_MAPPING: &str = concat!(
    select_target_line!(),
    r"
        WHERE target.tenant_id = $1
          AND target.needs_mapping
          AND target.status IN ('open', 'scheduled', 'dispatched')
          AND (target.created_at, target.id) > ($2, $3)
          AND $6 = (target.mapping_snoozed_until IS NOT NULL AND target.mapping_snoozed_until > $5)
        ORDER BY target.created_at, target.id
        LIMIT $4
    "
);
const SELECT_PAYLOAD: &str = r"
    SELECT payload
    FROM import_item
    WHERE tenant_id = $1
      AND id = $2
";
const SELECT_SOURCE_OF_TARGET: &str = r"
    SELECT source_system_id
    FROM target
    WHERE tenant_id = $1
      AND id = $2
";
const COUNT_PENDING_OF_CUSTOMER: &str = r"
    SELECT count(DISTINCT target.id)
    FROM target
    JOIN import_item AS item ON item.tenant_id = target.tenant_id
        AND item.target_id = target.id AND item.outcome IN ('created', 'updated', 'unchanged')
    JOIN import_job AS job ON job.tenant_id = item.tenant_id AND job.id = item.job_id AND NOT job.dry_run
    WHERE target.tenant_id = $1
      AND target.source_system_id = $2
      AND target.needs_mapping
      AND target.status IN ('open', 'scheduled', 'dispatched')
      AND item.customer_external_id = $3
      AND target.id <> $4
";
const SELECT_PENDING_PAYLOADS_OF_CUSTOMER: &str = r"
    SELECT item.payload
    FROM target
    JOIN import_item AS item ON item.tenant_id = target.tenant_id
        AND item.target_id = target.id AND item.outcome IN ('created', 'updated', 'unchanged')
    JOIN import_job AS job ON job.tenant_id = item.tenant_id AND job.id = item.job_id AND NOT job.dry_run
    WHERE target.tenant_id = $1
      AND target.source_system_id = $2
      AND target.needs_mapping
      AND target.status IN ('open', 'scheduled', 'dispatched')
      AND item.customer_external_id = $3
      AND target.id <> $4
      AND item.payload IS NOT NULL
      AND NOT EXISTS (
          SELECT 1
          FROM import_item AS later_item
          JOIN import_job AS later_job ON later_job.tenant_id = later_item.tenant_id
              AND later_job.id = later_item.job_id AND NOT later_job.dry_run
          WHERE later_item.tenant_id = item.tenant_id
            AND later_item.target_id = item.target_id
            AND later_item.outcome IN ('created', 'updated', 'unchanged')
            AND (
                later_item.created_at > item.created_at
                OR (later_item.created_at = item.created_at AND later_item.id > item.id)
            )
      )
    ORDER BY target.created_at, target.id
    LIMIT 500
";
const UPDATE_TARGET_LINKS: &str = r"
    UPDATE target
    SET customer_id = $3, location_id = $4, contact_id = $5, needs_mapping = $6, updated_at = $7
    WHERE tenant_id = $1
      AND id = $2
      AND status = $8
";
const MARK_ITEM_RESOLVED: &str = "UPDATE import_item SET resolved_at = $3 WHERE tenant_id = $1 AND id = $2";
impl TenantTx<'_, Staff> {
    pub(crate) async fn count_targets_needing_mapping(&mut self) -> Result<i64, StoreError> {
        let tenant = self.tenant();
        let (count,) = self
            .tx
            .fetch_one::<(i64,)>(COUNT_TARGETS_NEEDING_MAPPING, (tenant, self.now))
            .await?;
        Ok(count)
    }

    /// Snoozes the review of a target, or ends the snooze; returns false if it needs no review.
    pub(crate) async fn snooze_mapping(
        &mut self,
        id: TargetId,
        until: Option<DateTime<Utc>>,
    ) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        Ok(self.tx.execute(SNOOZE_MAPPING, (tenant, id.uuid(), until)).await? == 1)
    }

    /// Lists targets that need a mapping review, oldest first: those that are snoozed, or all others.
    pub(crate) async fn list_targets_needing_mapping(
        &mut self,
        after: Option<(DateTime<Utc>, TargetId)>,
        snoozed: bool,
        limit: i64,
    ) -> Result<Vec<TargetSummary>, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let (created_after, id_after) = after.map_or((DateTime::UNIX_EPOCH, Uuid::nil()), |(at, id)| (at, id.uuid()));
        self.tx
            .fetch_all::<TargetSummary>(
                SELECT_TARGETS_NEEDING_MAPPING,
                (tenant, created_after, id_after, limit, now, snoozed),
            )
            .await
    }

    pub(crate) async fn find_payload_of_item(&mut self, id: ImportItemId) -> Result<Option<Value>, StoreError> {
        let tenant = self.tenant();
        let row: Option<(Option<Json<Value>>,)> = self
            .tx
            .fetch_optional::<(Option<Json<Value>>,)>(SELECT_PAYLOAD, (tenant, id.uuid()))
            .await?;
        Ok(row.and_then(|(payload,)| payload).map(|payload| payload.0))
    }

    pub(crate) async fn source_of_target(&mut self, id: TargetId) -> Result<Option<SourceSystemId>, StoreError> {
        let tenant = self.tenant();
        let row: Option<(Option<Uuid>,)> = self
            .tx
            .fetch_optional::<(Option<Uuid>,)>(SELECT_SOURCE_OF_TARGET, (tenant, id.uuid()))
            .await?;
        Ok(row.and_then(|(source,)| source).map(Id::from_uuid))
    }

    /// Returns how many other targets wait with the same external ID of the customer.
    pub(crate) async fn count_waiting_with_customer(
        &mut self,
        source: SourceSystemId,
        external_id: &str,
        except: TargetId,
    ) -> Result<i64, StoreError> {
        let tenant = self.tenant();
        let (count,) = self
            .tx
            .fetch_one::<(i64,)>(
                COUNT_PENDING_OF_CUSTOMER,
                (tenant, source.uuid(), external_id, except.uuid()),
            )
            .await?;
        Ok(count)
    }

    /// Returns the latest payloads of the other targets that wait with the same external ID of the customer.
    pub(crate) async fn list_waiting_payloads(
        &mut self,
        source: SourceSystemId,
        external_id: &str,
        except: TargetId,
    ) -> Result<Vec<Value>, StoreError> {
        let tenant = self.tenant();
        let rows: Vec<(Json<Value>,)> = self
            .tx
            .fetch_all::<(Json<Value>,)>(
                SELECT_PENDING_PAYLOADS_OF_CUSTOMER,
                (tenant, source.uuid(), external_id, except.uuid()),
            )
            .await?;
        Ok(rows.into_iter().map(|(payload,)| payload.0).collect())
    }

    /// Updates customer, location and contact of a target if it still has the status in which it was read.
    pub(crate) async fn relink_target(
        &mut self,
        target: &TargetRecord,
        read_as: TargetStatus,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(self
            .tx
            .execute(
                UPDATE_TARGET_LINKS,
                (
                    tenant,
                    target.id,
                    target.customer_id,
                    target.location_id,
                    target.contact_id,
                    target.needs_mapping,
                    now,
                    read_as.name(),
                ),
            )
            .await?
            == 1)
    }

    pub(crate) async fn mark_item_resolved(&mut self, id: ImportItemId) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        self.tx
            .execute(MARK_ITEM_RESOLVED, (tenant, id.uuid(), now))
            .await
            .map(drop)
    }
}
