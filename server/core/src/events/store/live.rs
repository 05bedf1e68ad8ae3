//! SQL statements of live updates: what the open pages of an organisation show.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::db::{StoreError, TenantTx};
use crate::identity::actors::System;

const SELECT_SEQUENCE: &str = r"
    SELECT coalesce(max(sequence), 0)
    FROM audit_entry
    WHERE tenant_id = $1
";
const SELECT_PRESENCE: &str = r"
    SELECT presence.request_id, presence.staff_id, staff.display_name
    FROM request_presence AS presence
    JOIN staff_account AS staff ON staff.tenant_id = presence.tenant_id AND staff.id = presence.staff_id
    WHERE presence.tenant_id = $1
      AND presence.seen_at > $2
    ORDER BY presence.request_id, staff.display_name, presence.staff_id
    LIMIT 1000
";
const SELECT_PROGRESS: &str = r"
    SELECT id, progress
    FROM route_suggestion
    WHERE tenant_id = $1
      AND status IN ('queued', 'running')
    LIMIT 100
";

impl TenantTx<'_, System> {
    pub(crate) async fn live_sequence(&mut self) -> Result<i64, StoreError> {
        let tenant = self.tenant();
        let (sequence,) = self.tx.fetch_one::<(i64,)>(SELECT_SEQUENCE, (tenant,)).await?;
        Ok(sequence)
    }

    /// Returns who has which request open: request, account and name.
    pub(crate) async fn live_presence(
        &mut self,
        since: DateTime<Utc>,
    ) -> Result<Vec<(Uuid, Uuid, String)>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<(Uuid, Uuid, String)>(SELECT_PRESENCE, (tenant, since))
            .await
    }

    /// Returns the route suggestions that are not finished, with their progress.
    pub(crate) async fn live_progress(&mut self) -> Result<Vec<(Uuid, i64)>, StoreError> {
        let tenant = self.tenant();
        self.tx.fetch_all::<(Uuid, i64)>(SELECT_PROGRESS, (tenant,)).await
    }
}
