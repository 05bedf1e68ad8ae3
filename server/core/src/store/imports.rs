//! Import jobs and items.

use chrono::{DateTime, Utc};
use domain::ids::{Id, ImportItemId, ImportJobId, TargetId};
use domain::imports::ItemOutcome;
use domain::mapping::MappingSettings;
use serde_json::Value;
use sqlx::types::Json;

use super::engine::{StoreError, all, run};
use super::transaction::TenantTx;
use super::views::ImportItemView;
use crate::actors::{Actor as _, ApiClient, Staff};

/// An item to record.
pub(crate) struct NewItem<'a> {
    pub id: ImportItemId,
    pub job: ImportJobId,
    pub external_id: &'a str,
    pub outcome: ItemOutcome,
    pub target: Option<TargetId>,
    pub mapping: &'a Value,
    pub warnings: &'a Value,
    pub errors: &'a Value,
    pub decision: &'a Value,
}

const INSERT_JOB: &str = "INSERT INTO import_job (tenant_id, id, client_id, source_system_id, status, mode, dry_run, settings, created_at, started_at, finished_at) \
    VALUES ($1, $2, $3, $4, 'completed', 'single', $5, $6, $7, $7, $7)";
const INSERT_ITEM: &str = "INSERT INTO import_item (tenant_id, id, job_id, position, external_id, outcome, target_id, mapping, warnings, errors, decision, created_at) \
    VALUES ($1, $2, $3, 0, $4, $5, $6, $7, $8, $9, $10, $11)";
macro_rules! item {
    () => {
        "SELECT i.id, i.job_id, i.external_id, i.outcome, i.target_id, i.mapping, i.warnings, i.errors, i.decision, i.created_at, c.name AS client_name, s.key AS source_key \
         FROM import_item i JOIN import_job j ON j.tenant_id = i.tenant_id AND j.id = i.job_id \
         JOIN integration_client c ON c.tenant_id = j.tenant_id AND c.id = j.client_id \
         JOIN source_system s ON s.tenant_id = j.tenant_id AND s.id = j.source_system_id "
    };
}
const ITEMS: &str = concat!(
    item!(),
    "WHERE i.tenant_id = $1 AND (i.created_at < $2 OR (i.created_at = $2 AND i.id < $3)) ORDER BY i.created_at DESC, i.id DESC LIMIT $4"
);
const ITEMS_OF_JOB: &str = concat!(
    item!(),
    "WHERE i.tenant_id = $1 AND i.job_id = $2 ORDER BY i.position LIMIT 500"
);
const ITEMS_OF_TARGET: &str = concat!(
    item!(),
    "WHERE i.tenant_id = $1 AND i.target_id = $2 ORDER BY i.created_at DESC, i.id DESC LIMIT 20"
);

impl TenantTx<'_, ApiClient> {
    /// Records a single import that has just run as a job of its own.
    pub(crate) async fn insert_single_job(
        &mut self,
        id: ImportJobId,
        dry_run: bool,
        settings: &MappingSettings,
    ) -> Result<(), StoreError> {
        let (tenant, client, source, now) = (
            self.actor.tenant().uuid(),
            self.actor.id().uuid(),
            self.actor.source_system.uuid(),
            self.now,
        );
        run!(
            &mut self.tx,
            INSERT_JOB,
            tenant,
            id.uuid(),
            client,
            source,
            dry_run,
            Json(settings),
            now
        )?;
        Ok(())
    }

    pub(crate) async fn insert_item(&mut self, new: &NewItem<'_>) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        run!(
            &mut self.tx,
            INSERT_ITEM,
            tenant,
            new.id.uuid(),
            new.job.uuid(),
            new.external_id,
            new.outcome.name(),
            new.target.map(Id::uuid),
            Json(new.mapping),
            Json(new.warnings),
            Json(new.errors),
            Json(new.decision),
            now
        )?;
        Ok(())
    }
}

impl TenantTx<'_, Staff> {
    /// A page of items of all jobs, newest first.
    pub(crate) async fn import_items(
        &mut self,
        before: Option<(DateTime<Utc>, ImportItemId)>,
        limit: i64,
    ) -> Result<Vec<ImportItemView>, StoreError> {
        let tenant = self.tenant();
        let (at, id) = before.map_or(
            (
                DateTime::from_timestamp(32_503_680_000, 0).unwrap_or_default(),
                uuid::Uuid::max(),
            ),
            |(at, id)| (at, id.uuid()),
        );
        all!(&mut self.tx, ImportItemView, ITEMS, tenant, at, id, limit)
    }

    pub(crate) async fn items_of_job(&mut self, job: ImportJobId) -> Result<Vec<ImportItemView>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, ImportItemView, ITEMS_OF_JOB, tenant, job.uuid())
    }

    pub(crate) async fn items_of_target(&mut self, target: TargetId) -> Result<Vec<ImportItemView>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, ImportItemView, ITEMS_OF_TARGET, tenant, target.uuid())
    }
}
