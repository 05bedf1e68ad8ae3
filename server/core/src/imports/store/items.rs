//! The items of import jobs: payload, outcome and decision.

use chrono::{DateTime, Utc};
use domain::ids::{Id, ImportItemId, ImportItemKind, ImportJobId, TargetId};
use domain::imports::ItemOutcome;
use domain::imports::results::{ItemNote, ItemStatus};
use serde_json::{Value, json};
use sqlx::types::Json;

use crate::db::EngineSql;
use crate::db::Key;
use crate::db::StoreError;
use crate::db::TenantTx;
use crate::db::bulk::hex_id;
use crate::db::far_future;
use crate::identity::actors::{Actor as _, ApiClient, ImportReader, Operator, Staff};
use crate::imports::model::ImportItemView;

/// An item to insert, or the result of a pending one.
#[derive(Debug, Clone)]
pub(crate) struct ImportItemRow {
    pub id: ImportItemId,
    pub position: i64,
    pub external_id: String,
    pub status: ItemStatus,
    pub outcome: Option<ItemOutcome>,
    pub target: Option<TargetId>,
    pub payload: Value,
    /// Number of the line in an uploaded file, from 1; not changed by the result.
    pub line: Option<i64>,
    /// The external IDs that were sent for customer, location and contact.
    pub references: [Option<String>; 3],
    pub mapping: Value,
    pub warnings: Value,
    pub errors: Value,
    pub decision: Value,
}

impl ImportItemRow {
    fn json(&self) -> Value {
        let [customer, location, contact] = &self.references;
        json!({
            "id": hex_id(self.id), "position": self.position, "external_id": self.external_id, "status": self.status.name(),
            "outcome": self.outcome.map(ItemOutcome::name), "target_id": self.target.map(hex_id), "payload": self.payload, "line": self.line,
            "customer_external_id": customer, "location_external_id": location, "contact_external_id": contact,
            "mapping": self.mapping, "warnings": self.warnings, "errors": self.errors, "decision": self.decision,
        })
    }
}

/// A pending item.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct PendingItem {
    pub id: Key<ImportItemKind>,
    pub position: i64,
    pub external_id: String,
    pub payload: Json<Value>,
    pub errors: Json<Value>,
}

/// The filter of a list of items.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ItemFilter {
    /// A status or an outcome.
    pub status: Option<String>,
    /// Items with this code among their warnings or errors.
    pub warning_code: Option<String>,
}

static INSERT_ITEMS: EngineSql = EngineSql::new(
    r"
    INSERT INTO import_item (
        tenant_id, id, job_id, position, external_id, status, outcome, target_id, payload,
        line, customer_external_id, location_external_id, contact_external_id, mapping, warnings, errors,
        decision, created_at
    )
    SELECT
        $1, input.id, $2, input.position, input.external_id, input.status, input.outcome, input.target_id,
        input.payload, input.line, input.customer_external_id, input.location_external_id,
        input.contact_external_id, input.mapping, input.warnings, input.errors, input.decision, $4
    FROM jsonb_to_recordset($3) AS input (
        id UUID, position BIGINT, external_id TEXT, status TEXT, outcome TEXT, target_id UUID,
        payload JSONB, line BIGINT, customer_external_id TEXT, location_external_id TEXT, contact_external_id TEXT,
        mapping JSONB, warnings JSONB, errors JSONB, decision JSONB
    )
",
);
static COMPLETE_ITEMS: EngineSql = EngineSql::new(
    r"
    UPDATE import_item
    SET
        status = input.status, outcome = input.outcome, target_id = input.target_id,
        customer_external_id = input.customer_external_id,
        location_external_id = input.location_external_id, contact_external_id = input.contact_external_id,
        mapping = input.mapping, warnings = input.warnings, errors = input.errors, decision = input.decision
    FROM jsonb_to_recordset($2) AS input (
        id UUID, status TEXT, outcome TEXT, target_id UUID, customer_external_id TEXT,
        location_external_id TEXT, contact_external_id TEXT, mapping JSONB, warnings JSONB, errors JSONB,
        decision JSONB
    )
    WHERE import_item.tenant_id = $1
      AND import_item.id = input.id
      AND import_item.status = 'pending'
",
);
const SELECT_PENDING_ITEMS: &str = r"
    SELECT id, position, external_id, payload, errors
    FROM import_item
    WHERE tenant_id = $1
      AND job_id = $2
      AND status = 'pending'
    ORDER BY position
    LIMIT $3
";
const CANCEL_PENDING_ITEMS: &str = r"
    UPDATE import_item
    SET status = 'cancelled'
    WHERE tenant_id = $1
      AND job_id = $2
      AND status = 'pending'
";

/// The payload of an item that may be sent again, with its notes.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct RetryableItem {
    pub payload: Json<Value>,
    pub warnings: Json<Value>,
    pub errors: Json<Value>,
}

/// Skips items whose target was imported again later, since a retry would overwrite newer data.
const SELECT_RETRYABLE_ITEMS: &str = r"
    SELECT item.payload, item.warnings, item.errors
    FROM import_item AS item
    JOIN import_job AS job ON job.tenant_id = item.tenant_id AND job.id = item.job_id
    WHERE item.tenant_id = $1
      AND item.job_id = $2
      AND item.payload IS NOT NULL
      AND (item.status IN ('failed', 'cancelled') OR item.outcome IN ('failed', 'skipped'))
      AND NOT EXISTS (
          SELECT 1
          FROM target
          JOIN import_item AS later_item ON later_item.tenant_id = target.tenant_id
              AND later_item.target_id = target.id
              AND later_item.outcome IN ('created', 'updated', 'unchanged')
          JOIN import_job AS later_job ON later_job.tenant_id = later_item.tenant_id
              AND later_job.id = later_item.job_id AND NOT later_job.dry_run
          WHERE target.tenant_id = item.tenant_id
            AND target.source_system_id = job.source_system_id
            AND target.external_id = item.external_id
            AND (
                later_item.created_at > item.created_at
                OR (later_item.created_at = item.created_at AND later_item.id > item.id)
            )
      )
    ORDER BY item.position
";

/// A line of an uploaded file as its dry run has left it.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct LineItem {
    pub position: i64,
    pub line: Option<i64>,
    pub payload: Json<Value>,
    pub errors: Json<Vec<ItemNote>>,
}

const SELECT_LINES: &str = r"
    SELECT position, line, payload, errors
    FROM import_item
    WHERE tenant_id = $1
      AND job_id = $2
      AND payload IS NOT NULL
    ORDER BY position
";

macro_rules! select_item {
    () => {
        r"
            SELECT
                item.id, item.job_id, item.position, item.line, item.external_id, item.status, item.outcome,
                item.target_id, item.mapping, item.warnings, item.errors, item.decision, item.resolved_at,
                item.created_at, job.dry_run, client.name AS client_name, source.key AS source_key
            FROM import_item AS item
            JOIN import_job AS job ON job.tenant_id = item.tenant_id AND job.id = item.job_id
            JOIN integration_client AS client ON client.tenant_id = job.tenant_id
                AND client.id = job.client_id
            JOIN source_system AS source ON source.tenant_id = job.tenant_id
                AND source.id = job.source_system_id
        "
    };
}
static SELECT_ITEMS_OF_JOB: EngineSql = EngineSql::new(concat!(
    select_item!(),
    r"
        WHERE item.tenant_id = $1
          AND item.job_id = $2
          AND item.position > $3
          AND ($4::TEXT IS NULL OR item.status = $4 OR item.outcome = $4)
          AND (
              $5::TEXT IS NULL
              OR EXISTS (
                  SELECT 1
                  FROM jsonb_array_elements(item.warnings) AS note (value)
                  WHERE note.value->>'code' = $5
              )
              OR EXISTS (
                  SELECT 1
                  FROM jsonb_array_elements(item.errors) AS note (value)
                  WHERE note.value->>'code' = $5
              )
          )
        ORDER BY item.position
        LIMIT $6
    "
));
const SELECT_ITEMS: &str = concat!(
    select_item!(),
    r"
        WHERE item.tenant_id = $1
          AND (item.created_at, item.id) < ($2, $3)
        ORDER BY item.created_at DESC, item.id DESC
        LIMIT $4
    "
);
/// Selects the item that last changed the target, ignoring dry runs and rejected items.
const SELECT_LATEST_APPLIED_ITEM: &str = concat!(
    select_item!(),
    r"
        WHERE item.tenant_id = $1
          AND item.target_id = $2
          AND NOT job.dry_run
          AND item.outcome IN ('created', 'updated', 'unchanged')
        ORDER BY item.created_at DESC, item.id DESC
        LIMIT 1
    "
);
const SELECT_ITEMS_OF_TARGET: &str = concat!(
    select_item!(),
    r"
        WHERE item.tenant_id = $1
          AND item.target_id = $2
        ORDER BY item.created_at DESC, item.id DESC
        LIMIT 20
    "
);

impl<A: ImportReader> TenantTx<'_, A> {
    /// Returns a page of the items of a job in input order.
    pub(crate) async fn items_of_job(
        &mut self,
        job: ImportJobId,
        after: i64,
        filter: &ItemFilter,
        limit: i64,
    ) -> Result<Vec<ImportItemView>, StoreError> {
        let tenant = self.tenant();
        let sql = &SELECT_ITEMS_OF_JOB;
        self.tx
            .fetch_all::<ImportItemView>(
                sql,
                (
                    tenant,
                    job.uuid(),
                    after,
                    filter.status.as_deref(),
                    filter.warning_code.as_deref(),
                    limit,
                ),
            )
            .await
    }
}

impl<A: Operator> TenantTx<'_, A> {
    pub(crate) async fn insert_items(&mut self, job: ImportJobId, rows: &[ImportItemRow]) -> Result<(), StoreError> {
        let json: Vec<_> = rows.iter().map(ImportItemRow::json).collect();
        let (tenant, now) = (self.tenant(), self.now);
        let sql = &INSERT_ITEMS;
        self.tx
            .execute(sql, (tenant, job.uuid(), Json(&json), now))
            .await
            .map(drop)
    }

    /// Returns the lines of the file that a job has read, in their order.
    pub(crate) async fn list_lines_of_job(&mut self, job: ImportJobId) -> Result<Vec<LineItem>, StoreError> {
        let tenant = self.tenant();
        self.tx.fetch_all::<LineItem>(SELECT_LINES, (tenant, job.uuid())).await
    }

    pub(crate) async fn cancel_pending_items(&mut self, job: ImportJobId) -> Result<(), StoreError> {
        let tenant = self.tenant();
        self.tx
            .execute(CANCEL_PENDING_ITEMS, (tenant, job.uuid()))
            .await
            .map(drop)
    }

    /// Returns the items of a job that failed, were skipped or were cancelled.
    pub(crate) async fn list_retryable_items(&mut self, job: ImportJobId) -> Result<Vec<RetryableItem>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<RetryableItem>(SELECT_RETRYABLE_ITEMS, (tenant, job.uuid()))
            .await
    }
}

impl TenantTx<'_, ApiClient> {
    /// Returns the next pending items in input order.
    pub(crate) async fn list_pending_items(
        &mut self,
        job: ImportJobId,
        limit: i64,
    ) -> Result<Vec<PendingItem>, StoreError> {
        let tenant = self.actor.tenant().uuid();
        self.tx
            .fetch_all::<PendingItem>(SELECT_PENDING_ITEMS, (tenant, job.uuid(), limit))
            .await
    }

    /// Stores the results of pending items.
    ///
    /// # Errors
    /// A conflict if one of them is not pending, because another worker has claimed the job.
    pub(crate) async fn complete_items(&mut self, rows: &[ImportItemRow]) -> Result<(), StoreError> {
        let json: Vec<_> = rows.iter().map(ImportItemRow::json).collect();
        let tenant = self.tenant();
        let sql = &COMPLETE_ITEMS;
        let written = self.tx.execute(sql, (tenant, Json(&json))).await?;
        if written == rows.len() as u64 {
            Ok(())
        } else {
            Err(StoreError::Conflict("item completed by another worker".to_owned()))
        }
    }
}

impl TenantTx<'_, Staff> {
    /// Returns a page of the items of all jobs, newest first.
    pub(crate) async fn import_items(
        &mut self,
        before: Option<(DateTime<Utc>, ImportItemId)>,
        limit: i64,
    ) -> Result<Vec<ImportItemView>, StoreError> {
        let tenant = self.tenant();
        let (created_before, id_before) = before.map_or((far_future(), uuid::Uuid::max()), |(at, id)| (at, id.uuid()));
        self.tx
            .fetch_all::<ImportItemView>(SELECT_ITEMS, (tenant, created_before, id_before, limit))
            .await
    }

    /// Returns the latest item that was applied to a target.
    pub(crate) async fn applied_item_of_target(
        &mut self,
        target: TargetId,
    ) -> Result<Option<ImportItemView>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_optional::<ImportItemView>(SELECT_LATEST_APPLIED_ITEM, (tenant, Id::uuid(target)))
            .await
    }

    pub(crate) async fn items_of_target(&mut self, target: TargetId) -> Result<Vec<ImportItemView>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<ImportItemView>(SELECT_ITEMS_OF_TARGET, (tenant, Id::uuid(target)))
            .await
    }
}
