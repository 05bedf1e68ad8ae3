//! Follow-ups that an integration client reads, limited to the targets of its own source system.

use chrono::{DateTime, Utc};
use domain::ids::FollowUpId;

use crate::db::StoreError;
use crate::db::TenantTx;
use crate::follow_ups::model::ClientFollowUp;
use crate::identity::actors::{Actor as _, ApiClient};
use crate::integrations::start_before;

macro_rules! select_follow_up {
    () => {
        r"
            SELECT
                follow_up.id, follow_up.target_id, target.external_id AS target_external_id,
                follow_up.visit_report_id, follow_up.status, follow_up.title, follow_up.created_at,
                follow_up.updated_at
            FROM follow_up
            JOIN target ON target.tenant_id = follow_up.tenant_id AND target.id = follow_up.target_id
            WHERE follow_up.tenant_id = $1
              AND target.source_system_id = $2
        "
    };
}
const SELECT_FOLLOW_UPS: &str = concat!(
    select_follow_up!(),
    r"
          AND (follow_up.created_at, follow_up.id) < ($3, $4)
        ORDER BY follow_up.created_at DESC, follow_up.id DESC
        LIMIT $5
    "
);
const SELECT_FOLLOW_UP: &str = concat!(select_follow_up!(), "AND follow_up.id = $3");

impl TenantTx<'_, ApiClient> {
    pub(crate) async fn list_client_follow_ups(
        &mut self,
        before: Option<(DateTime<Utc>, FollowUpId)>,
        limit: i64,
    ) -> Result<Vec<ClientFollowUp>, StoreError> {
        let (created_before, id_before) = start_before(before);
        self.list_records(SELECT_FOLLOW_UPS, (created_before, id_before), limit)
            .await
    }

    pub(crate) async fn find_client_follow_up(&mut self, id: FollowUpId) -> Result<Option<ClientFollowUp>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system().uuid());
        self.tx
            .fetch_optional::<ClientFollowUp>(SELECT_FOLLOW_UP, (tenant, source, id.uuid()))
            .await
    }
}
