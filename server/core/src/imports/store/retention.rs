//! Statements that delete old import jobs.

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::EngineSql;
use crate::db::bulk::hex;
use crate::db::purpose::Purge;
use crate::db::{StoreError, SystemTx};
use crate::identity::actors::TenantId;

const SELECT_OLD_JOBS: &str = r"
    SELECT job.id
    FROM import_job AS job
    WHERE job.tenant_id = $1
      AND job.created_at < $2
      AND job.finished_at < $2
      AND job.status IN ('completed', 'failed', 'cancelled')
      AND NOT EXISTS (
          SELECT 1
          FROM import_item AS item
          JOIN target ON target.tenant_id = item.tenant_id AND target.id = item.target_id AND target.needs_mapping
          WHERE item.tenant_id = job.tenant_id
            AND item.job_id = job.id
      )
    ORDER BY job.created_at, job.id
    LIMIT 20
";
static FORGET_RETRIES: EngineSql = EngineSql::new(
    r"
    UPDATE import_job
    SET retried_from = NULL
    WHERE tenant_id = $1
      AND retried_from = ANY (ARRAY(SELECT jsonb_array_elements_text($2)::UUID))
",
);
static DELETE_ITEMS: EngineSql = EngineSql::new(
    r"
    DELETE FROM import_item
    WHERE tenant_id = $1
      AND job_id = ANY (ARRAY(SELECT jsonb_array_elements_text($2)::UUID))
",
);
static DELETE_JOBS: EngineSql = EngineSql::new(
    r"
    DELETE FROM import_job
    WHERE tenant_id = $1
      AND id = ANY (ARRAY(SELECT jsonb_array_elements_text($2)::UUID))
",
);

impl SystemTx<'_, Purge> {
    /// Deletes a few import jobs of a tenant that ended before `before`, and returns their number.
    pub(crate) async fn purge_import_jobs(
        &mut self,
        tenant: TenantId,
        before: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let old: Vec<(Uuid,)> = self
            .tx
            .fetch_all::<(Uuid,)>(SELECT_OLD_JOBS, (tenant.uuid(), before))
            .await?;
        if old.is_empty() {
            return Ok(0);
        }
        let ids: Vec<String> = old.iter().map(|(id,)| hex(*id)).collect();
        for sql in [&FORGET_RETRIES, &DELETE_ITEMS, &DELETE_JOBS] {
            self.tx.execute(sql, (tenant.uuid(), Json(&ids))).await?;
        }
        Ok(ids.len() as u64)
    }
}
