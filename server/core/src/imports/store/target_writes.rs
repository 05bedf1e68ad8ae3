//! Writes the targets of a chunk of imports in few statements.

use domain::customers::Place;
use domain::ids::TargetId;
use domain::jobs::change_proposals::Proposal;
use domain::jobs::targets::TargetStatus;
use serde::Serialize;
use serde_json::{Map, Value};
use sqlx::types::Json;

use crate::db::EngineSql;
use crate::db::StoreError;
use crate::db::TenantTx;
use crate::db::bulk::{format_timestamp, hex_bytes, hex_id};
use crate::db::transaction::allocate_numbers;
use crate::identity::actors::{Actor as _, ApiClient};
use crate::imports::store::writes::all_written;
use crate::jobs::TargetRecord;

macro_rules! input_targets {
    () => {
        r"
            FROM jsonb_to_recordset($2) AS input (
                id UUID, number BIGINT, source_system_id UUID, external_id TEXT, read_as TEXT, customer_id UUID,
                location_id UUID, contact_id UUID, status TEXT, needs_mapping BOOLEAN, service_type TEXT,
                priority TEXT, duration_minutes BIGINT, window_start TIMESTAMPTZ, window_end TIMESTAMPTZ,
                window_zone TEXT, required_skills JSONB, notes TEXT, attributes JSONB, place JSONB,
                payload_hash TEXT, source_updated_at TIMESTAMPTZ, declined_changes JSONB
            )
        "
    };
}
static INSERT_TARGETS: EngineSql = EngineSql::new(concat!(
    r"
        INSERT INTO target (
            tenant_id, id, number, source_system_id, external_id, customer_id, location_id, contact_id, status,
            needs_mapping, service_type, priority, duration_minutes, window_start, window_end, window_zone,
            required_skills, notes, attributes, place, payload_hash, source_updated_at, declined_changes,
            created_at, updated_at
        )
        SELECT
            $1, input.id, input.number, input.source_system_id, input.external_id, input.customer_id,
            input.location_id, input.contact_id, input.status, input.needs_mapping, input.service_type,
            input.priority, input.duration_minutes, input.window_start, input.window_end, input.window_zone,
            input.required_skills, input.notes, input.attributes, input.place,
            decode(input.payload_hash, 'hex'), input.source_updated_at, input.declined_changes, $3, $3
    ",
    input_targets!(),
    r"
        WHERE true
        ON CONFLICT (tenant_id, source_system_id, external_id) DO NOTHING
    "
));
static UPDATE_TARGETS: EngineSql = EngineSql::new(concat!(
    r"
        UPDATE target
        SET
            customer_id = input.customer_id, location_id = input.location_id, contact_id = input.contact_id,
            status = input.status, needs_mapping = input.needs_mapping, service_type = input.service_type,
            priority = input.priority, duration_minutes = input.duration_minutes,
            window_start = input.window_start, window_end = input.window_end, window_zone = input.window_zone,
            required_skills = input.required_skills, notes = input.notes, attributes = input.attributes,
            place = input.place, payload_hash = decode(input.payload_hash, 'hex'),
            source_updated_at = input.source_updated_at, declined_changes = input.declined_changes,
            updated_at = $3
    ",
    input_targets!(),
    r"
        WHERE target.tenant_id = $1
          AND target.id = input.id
          AND target.status = input.read_as
    "
));
static SELECT_TARGETS: EngineSql = EngineSql::new(
    r"
        SELECT
            id, number, source_system_id, external_id, customer_id, location_id, contact_id, status,
            needs_mapping, service_type, priority, duration_minutes, window_start, window_end, window_zone,
            required_skills, notes, attributes, place, payload_hash, source_updated_at, declined_changes
        FROM target
        WHERE tenant_id = $1
          AND source_system_id = $2
          AND external_id = ANY (ARRAY(SELECT jsonb_array_elements_text($3)))
        ORDER BY external_id
        FOR UPDATE
    ",
);

#[derive(Serialize)]
struct TargetJson<'a> {
    id: String,
    number: i64,
    source_system_id: Option<String>,
    external_id: Option<&'a str>,
    read_as: &'static str,
    customer_id: Option<String>,
    location_id: Option<String>,
    contact_id: Option<String>,
    status: &'static str,
    needs_mapping: bool,
    service_type: Option<&'a str>,
    priority: &'static str,
    duration_minutes: i64,
    window_start: Option<String>,
    window_end: Option<String>,
    window_zone: Option<&'a str>,
    required_skills: &'a [String],
    notes: Option<&'a str>,
    attributes: &'a Map<String, Value>,
    place: &'a Place,
    payload_hash: Option<String>,
    source_updated_at: Option<String>,
    declined_changes: &'a Proposal,
}

impl<'a> TargetJson<'a> {
    fn of(target: &'a TargetRecord, read_as: TargetStatus) -> Self {
        Self {
            id: hex_id(target.id.0),
            number: target.number,
            source_system_id: target.source_system_id.map(|key| hex_id(key.0)),
            external_id: target.external_id.as_deref(),
            read_as: read_as.name(),
            customer_id: target.customer_id.map(|key| hex_id(key.0)),
            location_id: target.location_id.map(|key| hex_id(key.0)),
            contact_id: target.contact_id.map(|key| hex_id(key.0)),
            status: target.status.name(),
            needs_mapping: target.needs_mapping,
            service_type: target.service_type.as_deref(),
            priority: target.priority.name(),
            duration_minutes: target.duration_minutes,
            window_start: target.window_start.map(format_timestamp),
            window_end: target.window_end.map(format_timestamp),
            window_zone: target.window_zone.as_deref(),
            required_skills: &target.required_skills.0,
            notes: target.notes.as_deref(),
            attributes: &target.attributes.0,
            place: &target.place.0,
            payload_hash: target.payload_hash.as_deref().map(hex_bytes),
            source_updated_at: target.source_updated_at.map(format_timestamp),
            declined_changes: &target.declined_changes.0,
        }
    }
}

impl TenantTx<'_, ApiClient> {
    /// Returns the known targets with these external IDs and locks them for this transaction, so that imports of the
    /// same ID run one after another.
    pub(crate) async fn lock_targets_to_import(
        &mut self,
        external_ids: &[&str],
    ) -> Result<Vec<TargetRecord>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system().uuid());
        let sql = &SELECT_TARGETS;
        self.tx
            .fetch_all::<TargetRecord>(sql, (tenant, source, Json(external_ids)))
            .await
    }

    /// Inserts new targets and assigns their display numbers in input order.
    ///
    /// # Errors
    /// A conflict if an external ID already exists in its source.
    pub(crate) async fn insert_targets(&mut self, targets: &mut [TargetRecord]) -> Result<(), StoreError> {
        let Ok(count) = i64::try_from(targets.len()) else {
            return Ok(());
        };
        if count == 0 {
            return Ok(());
        }
        let last = allocate_numbers(&mut self.tx, self.actor.tenant(), "target", count).await?;
        for (number, target) in (last - count + 1..).zip(targets.iter_mut()) {
            target.number = number;
        }
        let rows: Vec<_> = targets
            .iter()
            .map(|target| TargetJson::of(target, target.status))
            .collect();
        let (tenant, sql) = (self.tenant(), &INSERT_TARGETS);
        let written = self.tx.execute(sql, (tenant, Json(&rows), self.now)).await?;
        all_written(written, targets.len(), "external ID used")
    }

    /// Updates targets that still have the status in which they were read.
    ///
    /// # Errors
    /// A conflict if the status of one has changed.
    pub(crate) async fn update_targets(&mut self, targets: &[(TargetRecord, TargetStatus)]) -> Result<(), StoreError> {
        if targets.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = targets
            .iter()
            .map(|(target, read_as)| TargetJson::of(target, *read_as))
            .collect();
        let (tenant, sql) = (self.tenant(), &UPDATE_TARGETS);
        let written = self.tx.execute(sql, (tenant, Json(&rows), self.now)).await?;
        all_written(written, targets.len(), "target status changed")
    }

    /// Returns a target of the client's source and locks it for this transaction.
    pub(crate) async fn lock_client_target(&mut self, id: TargetId) -> Result<Option<TargetRecord>, StoreError> {
        self.lock_target(id).await?;
        let source = self.actor.source_system();
        Ok(self
            .target_record(id)
            .await?
            .filter(|target| target.source_system_id.map(|key| key.0) == Some(source)))
    }
}
