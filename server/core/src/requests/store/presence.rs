//! Statements for the presence of staff at requests.

use chrono::{DateTime, Utc};
use domain::ids::RequestId;

use crate::db::StoreError;
use crate::db::TenantTx;
use crate::identity::actors::Staff;

const UPSERT_PRESENCE: &str = r"
    INSERT INTO request_presence (tenant_id, request_id, staff_id, seen_at)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (tenant_id, request_id, staff_id)
    DO UPDATE SET seen_at = excluded.seen_at
";
const DELETE_PRESENCE: &str = "DELETE FROM request_presence WHERE tenant_id = $1 AND request_id = $2 AND staff_id = $3";
const SELECT_OTHERS_PRESENT: &str = r"
    SELECT staff_account.display_name
    FROM request_presence
    JOIN staff_account ON staff_account.tenant_id = request_presence.tenant_id
        AND staff_account.id = request_presence.staff_id
    WHERE request_presence.tenant_id = $1
      AND request_presence.request_id = $2
      AND request_presence.staff_id <> $3
      AND request_presence.seen_at > $4
    ORDER BY staff_account.display_name
    LIMIT 5
";
impl TenantTx<'_, Staff> {
    /// Records whether the signed-in staff member has a request open.
    pub(crate) async fn set_presence(&mut self, request: RequestId, here: bool) -> Result<(), StoreError> {
        let (tenant, now, own) = (self.tenant(), self.now, self.actor.id().uuid());
        if here {
            self.tx
                .execute(UPSERT_PRESENCE, (tenant, request.uuid(), own, now))
                .await
                .map(drop)
        } else {
            self.tx
                .execute(DELETE_PRESENCE, (tenant, request.uuid(), own))
                .await
                .map(drop)
        }
    }

    /// Lists the names of other staff members who had a request open after a time.
    pub(crate) async fn others_at(
        &mut self,
        request: RequestId,
        since: DateTime<Utc>,
    ) -> Result<Vec<String>, StoreError> {
        let (tenant, own) = (self.tenant(), self.actor.id().uuid());
        let rows = self
            .tx
            .fetch_all::<(String,)>(SELECT_OTHERS_PRESENT, (tenant, request.uuid(), own, since))
            .await?;
        Ok(rows.into_iter().map(|(name,)| name).collect())
    }
}
