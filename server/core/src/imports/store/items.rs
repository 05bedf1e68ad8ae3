//! The items of import jobs: what was sent, what became of it and why.

use chrono::{DateTime, Utc};
use domain::ids::{Id, ImportItemId, ImportItemKind, ImportJobId, TargetId};
use domain::import_results::ItemStatus;
use domain::imports::ItemOutcome;
use serde_json::{Value, json};
use sqlx::types::Json;

use crate::db::Key;
use crate::db::TenantTx;
use crate::db::bulk::hex_id;
use crate::db::far_future;
use crate::db::{StoreError, all, maybe, run};
use crate::identity::actors::{Actor as _, ApiClient, ImportReader, Operator, Staff};
use crate::imports::model::ImportItemView;

/// An item to record, or the end of one that waited.
#[derive(Debug, Clone)]
pub(crate) struct ItemRow {
    pub id: ImportItemId,
    pub position: i64,
    pub external_id: String,
    pub status: ItemStatus,
    pub outcome: Option<ItemOutcome>,
    pub target: Option<TargetId>,
    pub payload: Value,
    /// The external ids that were sent for customer, location and contact.
    pub references: [Option<String>; 3],
    pub mapping: Value,
    pub warnings: Value,
    pub errors: Value,
    pub decision: Value,
}

impl ItemRow {
    fn json(&self) -> Value {
        let [customer, location, contact] = &self.references;
        json!({
            "id": hex_id(self.id), "position": self.position, "external_id": self.external_id, "status": self.status.name(),
            "outcome": self.outcome.map(ItemOutcome::name), "target_id": self.target.map(hex_id), "payload": self.payload,
            "customer_external_id": customer, "location_external_id": location, "contact_external_id": contact,
            "mapping": self.mapping, "warnings": self.warnings, "errors": self.errors, "decision": self.decision,
        })
    }
}

/// An item that waits for the worker.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct WaitingItem {
    pub id: Key<ImportItemKind>,
    pub position: i64,
    pub external_id: String,
    pub payload: Json<Value>,
    pub errors: Json<Value>,
}

/// What a list of items is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ItemFilter {
    /// One status or outcome.
    pub status: Option<String>,
    /// Items with this warning or error.
    pub warning_code: Option<String>,
}

const INSERT_SQLITE: &str = "INSERT INTO import_item (tenant_id, id, job_id, position, external_id, status, outcome, target_id, payload, customer_external_id, location_external_id, contact_external_id, \
    mapping, warnings, errors, decision, created_at) \
    SELECT $1, unhex(value->>'id'), $2, value->>'position', value->>'external_id', value->>'status', value->>'outcome', unhex(value->>'target_id'), value->'payload', \
    value->>'customer_external_id', value->>'location_external_id', value->>'contact_external_id', value->'mapping', value->'warnings', value->'errors', value->'decision', $4 FROM json_each($3)";
const INSERT_POSTGRES: &str = "INSERT INTO import_item (tenant_id, id, job_id, position, external_id, status, outcome, target_id, payload, customer_external_id, location_external_id, contact_external_id, \
    mapping, warnings, errors, decision, created_at) \
    SELECT $1, x.id, $2, x.position, x.external_id, x.status, x.outcome, x.target_id, x.payload, x.customer_external_id, x.location_external_id, x.contact_external_id, x.mapping, x.warnings, x.errors, x.decision, $4 \
    FROM jsonb_to_recordset($3) AS x (id UUID, position BIGINT, external_id TEXT, status TEXT, outcome TEXT, target_id UUID, payload JSONB, customer_external_id TEXT, location_external_id TEXT, \
    contact_external_id TEXT, mapping JSONB, warnings JSONB, errors JSONB, decision JSONB)";
const COMPLETE_SQLITE: &str = "WITH n AS MATERIALIZED (SELECT unhex(value->>'id') AS id, value->>'status' AS status, \
    value->>'outcome' AS outcome, unhex(value->>'target_id') AS target_id, value->>'customer_external_id' AS customer_external_id, value->>'location_external_id' AS location_external_id, \
    value->>'contact_external_id' AS contact_external_id, value->'mapping' AS mapping, value->'warnings' AS warnings, value->'errors' AS errors, value->'decision' AS decision FROM json_each($2)) \
    UPDATE import_item SET status = n.status, outcome = n.outcome, target_id = n.target_id, customer_external_id = n.customer_external_id, location_external_id = n.location_external_id, \
    contact_external_id = n.contact_external_id, mapping = n.mapping, warnings = n.warnings, errors = n.errors, decision = n.decision FROM n \
    WHERE import_item.tenant_id = $1 AND import_item.id = n.id AND import_item.status = 'pending'";
const COMPLETE_POSTGRES: &str = "UPDATE import_item SET status = n.status, outcome = n.outcome, target_id = n.target_id, customer_external_id = n.customer_external_id, location_external_id = n.location_external_id, \
    contact_external_id = n.contact_external_id, mapping = n.mapping, warnings = n.warnings, errors = n.errors, decision = n.decision FROM jsonb_to_recordset($2) AS n (id UUID, status TEXT, outcome TEXT, \
    target_id UUID, customer_external_id TEXT, location_external_id TEXT, contact_external_id TEXT, mapping JSONB, warnings JSONB, errors JSONB, decision JSONB) \
    WHERE import_item.tenant_id = $1 AND import_item.id = n.id AND import_item.status = 'pending'";
const WAITING: &str = "SELECT id, position, external_id, payload, errors FROM import_item WHERE tenant_id = $1 AND job_id = $2 AND status = 'pending' ORDER BY position LIMIT $3";
const CANCEL_WAITING: &str =
    "UPDATE import_item SET status = 'cancelled' WHERE tenant_id = $1 AND job_id = $2 AND status = 'pending'";
/// What was sent of an item that may be sent again, with what was said about it.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct RepeatableItem {
    pub payload: Json<Value>,
    pub warnings: Json<Value>,
    pub errors: Json<Value>,
}

/// An item whose target was imported again since then is left out: what was sent later must not be overwritten.
const REPEATABLE: &str = "SELECT i.payload, i.warnings, i.errors FROM import_item i JOIN import_job j ON j.tenant_id = i.tenant_id AND j.id = i.job_id \
    WHERE i.tenant_id = $1 AND i.job_id = $2 AND i.payload IS NOT NULL AND (i.status IN ('failed', 'cancelled') OR i.outcome IN ('failed', 'skipped')) \
    AND NOT EXISTS (SELECT 1 FROM target t JOIN import_item later ON later.tenant_id = t.tenant_id AND later.target_id = t.id AND later.outcome IN ('created', 'updated', 'unchanged') \
      JOIN import_job k ON k.tenant_id = later.tenant_id AND k.id = later.job_id AND NOT k.dry_run \
      WHERE t.tenant_id = i.tenant_id AND t.source_system_id = j.source_system_id AND t.external_id = i.external_id \
        AND (later.created_at > i.created_at OR (later.created_at = i.created_at AND later.id > i.id))) \
    ORDER BY i.position";

const PAYLOADS: &str =
    "SELECT payload FROM import_item WHERE tenant_id = $1 AND job_id = $2 AND payload IS NOT NULL ORDER BY position";

macro_rules! item {
    () => {
        "SELECT i.id, i.job_id, i.position, i.external_id, i.status, i.outcome, i.target_id, i.mapping, i.warnings, i.errors, i.decision, i.resolved_at, i.created_at, j.dry_run, \
         c.name AS client_name, s.key AS source_key \
         FROM import_item i JOIN import_job j ON j.tenant_id = i.tenant_id AND j.id = i.job_id \
         JOIN integration_client c ON c.tenant_id = j.tenant_id AND c.id = j.client_id \
         JOIN source_system s ON s.tenant_id = j.tenant_id AND s.id = j.source_system_id "
    };
}
macro_rules! filtered_sqlite {
    () => {
        "WHERE i.tenant_id = $1 AND i.job_id = $2 AND i.position > $3 AND ($4 IS NULL OR i.status = $4 OR i.outcome = $4) \
         AND ($5 IS NULL OR EXISTS (SELECT 1 FROM json_each(i.warnings) w WHERE w.value->>'code' = $5) OR EXISTS (SELECT 1 FROM json_each(i.errors) w WHERE w.value->>'code' = $5)) \
         ORDER BY i.position LIMIT $6"
    };
}
macro_rules! filtered_postgres {
    () => {
        "WHERE i.tenant_id = $1 AND i.job_id = $2 AND i.position > $3 AND ($4::TEXT IS NULL OR i.status = $4 OR i.outcome = $4) \
         AND ($5::TEXT IS NULL OR i.warnings @> jsonb_build_array(jsonb_build_object('code', $5::TEXT)) OR i.errors @> jsonb_build_array(jsonb_build_object('code', $5::TEXT))) \
         ORDER BY i.position LIMIT $6"
    };
}
const OF_JOB_SQLITE: &str = concat!(item!(), filtered_sqlite!());
const OF_JOB_POSTGRES: &str = concat!(item!(), filtered_postgres!());
const ITEMS: &str = concat!(
    item!(),
    "WHERE i.tenant_id = $1 AND (i.created_at, i.id) < ($2, $3) ORDER BY i.created_at DESC, i.id DESC LIMIT $4"
);
/// What a target is made of was written by an item, and not only tried out or refused.
const APPLIED_TO_TARGET: &str = concat!(
    item!(),
    "WHERE i.tenant_id = $1 AND i.target_id = $2 AND NOT j.dry_run AND i.outcome IN ('created', 'updated', 'unchanged') ORDER BY i.created_at DESC, i.id DESC LIMIT 1"
);
const OF_TARGET: &str = concat!(
    item!(),
    "WHERE i.tenant_id = $1 AND i.target_id = $2 ORDER BY i.created_at DESC, i.id DESC LIMIT 20"
);

impl<A: ImportReader> TenantTx<'_, A> {
    /// A page of the items of a job in input order.
    pub(crate) async fn items_of_job(
        &mut self,
        job: ImportJobId,
        after: i64,
        filter: &ItemFilter,
        limit: i64,
    ) -> Result<Vec<ImportItemView>, StoreError> {
        let tenant = self.tenant();
        let sql = self.tx.dialect(OF_JOB_SQLITE, OF_JOB_POSTGRES);
        all!(
            &mut self.tx,
            ImportItemView,
            sql,
            tenant,
            job.uuid(),
            after,
            filter.status.as_deref(),
            filter.warning_code.as_deref(),
            limit
        )
    }
}

impl<A: Operator> TenantTx<'_, A> {
    pub(crate) async fn insert_items(&mut self, job: ImportJobId, rows: &[ItemRow]) -> Result<(), StoreError> {
        let json: Vec<_> = rows.iter().map(ItemRow::json).collect();
        let (tenant, now) = (self.tenant(), self.now);
        let sql = self.tx.dialect(INSERT_SQLITE, INSERT_POSTGRES);
        run!(&mut self.tx, sql, tenant, job.uuid(), Json(&json), now).map(drop)
    }

    /// What was sent as the items of a job, in input order.
    pub(crate) async fn payloads_of_job(&mut self, job: ImportJobId) -> Result<Vec<Value>, StoreError> {
        let tenant = self.tenant();
        let rows: Vec<(Json<Value>,)> = all!(&mut self.tx, (Json<Value>,), PAYLOADS, tenant, job.uuid())?;
        Ok(rows.into_iter().map(|(payload,)| payload.0).collect())
    }

    pub(crate) async fn cancel_waiting_items(&mut self, job: ImportJobId) -> Result<(), StoreError> {
        let tenant = self.tenant();
        run!(&mut self.tx, CANCEL_WAITING, tenant, job.uuid()).map(drop)
    }

    /// What was sent as the items of a job that did not end well, with what was noticed about each.
    pub(crate) async fn repeatable_items(&mut self, job: ImportJobId) -> Result<Vec<RepeatableItem>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, RepeatableItem, REPEATABLE, tenant, job.uuid())
    }
}

impl TenantTx<'_, ApiClient> {
    /// The next items that wait, in input order.
    pub(crate) async fn waiting_items(&mut self, job: ImportJobId, limit: i64) -> Result<Vec<WaitingItem>, StoreError> {
        let tenant = self.actor.tenant().uuid();
        all!(&mut self.tx, WaitingItem, WAITING, tenant, job.uuid(), limit)
    }

    /// Ends items that waited.
    ///
    /// # Errors
    /// A conflict if one of them no longer waits: another worker has taken the job over.
    pub(crate) async fn complete_items(&mut self, rows: &[ItemRow]) -> Result<(), StoreError> {
        let json: Vec<_> = rows.iter().map(ItemRow::json).collect();
        let tenant = self.tenant();
        let sql = self.tx.dialect(COMPLETE_SQLITE, COMPLETE_POSTGRES);
        let written = run!(&mut self.tx, sql, tenant, Json(&json))?;
        if written == rows.len() as u64 {
            Ok(())
        } else {
            Err(StoreError::Conflict("an item was ended by another worker".to_owned()))
        }
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
        let (at, id) = before.map_or((far_future(), uuid::Uuid::max()), |(at, id)| (at, id.uuid()));
        all!(&mut self.tx, ImportItemView, ITEMS, tenant, at, id, limit)
    }

    /// The latest item that was carried out on a target.
    pub(crate) async fn applied_item_of_target(
        &mut self,
        target: TargetId,
    ) -> Result<Option<ImportItemView>, StoreError> {
        let tenant = self.tenant();
        maybe!(
            &mut self.tx,
            ImportItemView,
            APPLIED_TO_TARGET,
            tenant,
            Id::uuid(target)
        )
    }

    pub(crate) async fn items_of_target(&mut self, target: TargetId) -> Result<Vec<ImportItemView>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, ImportItemView, OF_TARGET, tenant, Id::uuid(target))
    }
}
