//! Targets that an integration client reads in bulk, limited to its own source system.

use sqlx::types::Json;

use crate::db::EngineSql;
use crate::db::StoreError;
use crate::db::TenantTx;
use crate::identity::actors::{Actor as _, ApiClient};
use crate::jobs::model::ClientTarget;

macro_rules! select_client_target {
    () => {
        r"
            SELECT
                target.id, target.external_id, target.status, target.priority, target.service_type,
                target.needs_mapping, target.duration_minutes, target.window_start, target.window_end,
                target.window_zone, target.created_at, target.updated_at, appointment.starts_at,
                appointment.ends_at, appointment.zone AS appointment_zone
            FROM target
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
    };
}
static SELECT_TARGETS_BY_EXTERNAL_ID: EngineSql = EngineSql::new(concat!(
    concat!(select_client_target!(), "AND target.external_id "),
    "= ANY (ARRAY(SELECT jsonb_array_elements_text($3))) ORDER BY target.external_id"
));
static SELECT_TARGETS_BY_ID: EngineSql = EngineSql::new(concat!(
    concat!(select_client_target!(), "AND target.id "),
    "= ANY (ARRAY(SELECT jsonb_array_elements_text($3)::UUID)) ORDER BY target.id"
));

impl TenantTx<'_, ApiClient> {
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
