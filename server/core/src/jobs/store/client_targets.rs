//! Targets as an integration client reads them, limited to its own source system.

use chrono::{DateTime, Utc};
use domain::ids::TargetId;
use sqlx::types::Json;

use crate::db::EngineSql;
use crate::db::StoreError;
use crate::db::TenantTx;
use crate::identity::actors::{Actor as _, ApiClient};
use crate::jobs::model::{ClientTarget, TargetFilter};

/// The external ID of a linked record in the source of the client.
macro_rules! external_id_of {
    ($kind:literal, $column:literal) => {
        concat!(
            r"
            (
                SELECT min(reference.external_id)
                FROM external_reference AS reference
                WHERE reference.tenant_id = target.tenant_id
                  AND reference.source_system_id = target.source_system_id
                  AND reference.entity_type = '",
            $kind,
            "' AND reference.entity_id = target.",
            $column,
            ")"
        )
    };
}

macro_rules! select_client_target {
    () => {
        concat!(
            r"
            SELECT
                target.id, target.external_id, target.status, target.priority, target.service_type,
                target.needs_mapping, target.duration_minutes, target.window_start, target.window_end,
                target.window_zone, target.required_skills, target.notes, target.place, target.created_at,
                target.updated_at, target.declined_changes, proposal.proposed, proposal.created_at AS proposed_at,
                appointment.starts_at, appointment.ends_at, appointment.zone AS appointment_zone,
                target.customer_id, customer.name AS customer_name, customer.customer_number,
                target.location_id, location.name AS location_name, target.contact_id,
                contact.display_name AS contact_name,
            ",
            external_id_of!("customer", "customer_id"),
            " AS customer_external_id, ",
            external_id_of!("location", "location_id"),
            " AS location_external_id, ",
            external_id_of!("contact", "contact_id"),
            r" AS contact_external_id
            FROM target
            LEFT JOIN customer ON customer.tenant_id = target.tenant_id AND customer.id = target.customer_id
            LEFT JOIN location ON location.tenant_id = target.tenant_id AND location.id = target.location_id
            LEFT JOIN contact ON contact.tenant_id = target.tenant_id AND contact.id = target.contact_id
            LEFT JOIN change_proposal AS proposal ON proposal.tenant_id = target.tenant_id
                AND proposal.target_id = target.id AND proposal.decided_at IS NULL
            LEFT JOIN appointment ON appointment.tenant_id = target.tenant_id AND appointment.id = (
                SELECT latest.id
                FROM appointment AS latest
                WHERE latest.tenant_id = target.tenant_id
                  AND latest.target_id = target.id
                  AND (
                      latest.status = 'planned'
                      OR (latest.status = 'done' AND target.status IN ('completed', 'not_completed'))
                  )
                ORDER BY CASE latest.status WHEN 'planned' THEN 0 ELSE 1 END, latest.starts_at DESC,
                    latest.id DESC
                LIMIT 1
            )
            WHERE target.tenant_id = $1
              AND target.source_system_id = $2
            "
        )
    };
}
const SELECT_TARGET: &str = concat!(select_client_target!(), "AND target.id = $3");
const SELECT_TARGET_BY_EXTERNAL_ID: &str = concat!(select_client_target!(), "AND target.external_id = $3");
static SELECT_TARGETS: EngineSql = EngineSql::new(concat!(
    select_client_target!(),
    r"
      AND (target.created_at, target.id) > ($3, $4)
      AND ($5::TEXT IS NULL OR target.status = $5)
      AND ($6::TIMESTAMPTZ IS NULL OR target.updated_at >= $6)
      AND ($7::BOOLEAN IS NULL OR target.needs_mapping = $7)
      AND ($8::TEXT IS NULL OR substr(target.external_id, 1, length($8)) = $8)
    ORDER BY target.created_at, target.id
    LIMIT $9
    "
));
static SELECT_TARGETS_BY_EXTERNAL_ID: EngineSql = EngineSql::new(concat!(
    select_client_target!(),
    "AND target.external_id = ANY (ARRAY(SELECT jsonb_array_elements_text($3))) ORDER BY target.external_id"
));
static SELECT_TARGETS_BY_ID: EngineSql = EngineSql::new(concat!(
    select_client_target!(),
    "AND target.id = ANY (ARRAY(SELECT jsonb_array_elements_text($3)::UUID)) ORDER BY target.id"
));

impl TenantTx<'_, ApiClient> {
    pub(crate) async fn find_client_target(&mut self, id: TargetId) -> Result<Option<ClientTarget>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system().uuid());
        self.tx
            .fetch_optional::<ClientTarget>(SELECT_TARGET, (tenant, source, id.uuid()))
            .await
    }

    pub(crate) async fn find_client_target_by_external_id(
        &mut self,
        external_id: &str,
    ) -> Result<Option<ClientTarget>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system().uuid());
        self.tx
            .fetch_optional::<ClientTarget>(SELECT_TARGET_BY_EXTERNAL_ID, (tenant, source, external_id))
            .await
    }

    /// Returns a page of the targets of the client's source, oldest first.
    pub(crate) async fn list_client_targets(
        &mut self,
        filter: &TargetFilter,
        after: Option<(DateTime<Utc>, TargetId)>,
        limit: i64,
    ) -> Result<Vec<ClientTarget>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system().uuid());
        let (created_after, id_after) =
            after.map_or((DateTime::UNIX_EPOCH, uuid::Uuid::nil()), |(at, id)| (at, id.uuid()));
        let sql = &SELECT_TARGETS;
        self.tx
            .fetch_all::<ClientTarget>(
                sql,
                (
                    tenant,
                    source,
                    created_after,
                    id_after,
                    filter.status.map(domain::lifecycle::Lifecycle::name),
                    filter.updated_since,
                    filter.needs_mapping,
                    filter.external_id_prefix.as_deref(),
                    limit,
                ),
            )
            .await
    }

    /// Returns targets of the client's source by external IDs, and by IDs.
    pub(crate) async fn list_client_targets_by_keys(
        &mut self,
        external_ids: &[String],
        ids: &[String],
    ) -> Result<Vec<ClientTarget>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system().uuid());
        let mut rows: Vec<ClientTarget> = Vec::new();
        if !external_ids.is_empty() {
            let sql = &SELECT_TARGETS_BY_EXTERNAL_ID;
            rows = self
                .tx
                .fetch_all::<ClientTarget>(sql, (tenant, source, Json(external_ids)))
                .await?;
        }
        if !ids.is_empty() {
            let sql = &SELECT_TARGETS_BY_ID;
            let more: Vec<ClientTarget> = self
                .tx
                .fetch_all::<ClientTarget>(sql, (tenant, source, Json(ids)))
                .await?;
            rows.extend(more);
        }
        Ok(rows)
    }
}
