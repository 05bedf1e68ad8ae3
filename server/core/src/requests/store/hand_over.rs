//! Statements for the open work of a person.

use domain::ids::{RequestId, StaffId};
use uuid::Uuid;

use crate::db::{StoreError, TenantTx};
use crate::identity::actors::Staff;

const COUNT_BY_ASSIGNEE: &str = r"
    SELECT assignee_id, count(*)
    FROM request
    WHERE tenant_id = $1
      AND assignee_id IS NOT NULL
      AND status IN ('submitted', 'in_review', 'accepted')
    GROUP BY assignee_id
";
const REASSIGN: &str = r"
    UPDATE request
    SET assignee_id = $3, updated_at = $4
    WHERE tenant_id = $1
      AND assignee_id = $2
      AND status IN ('submitted', 'in_review', 'accepted')
    RETURNING id
";

impl TenantTx<'_, Staff> {
    pub(crate) async fn open_requests_by_assignee(&mut self) -> Result<Vec<(StaffId, i64)>, StoreError> {
        let tenant = self.tenant();
        let rows = self.tx.fetch_all::<(Uuid, i64)>(COUNT_BY_ASSIGNEE, (tenant,)).await?;
        Ok(rows
            .into_iter()
            .map(|(id, count)| (StaffId::from_uuid(id), count))
            .collect())
    }

    /// Assigns the requests of a person that are not closed to another one.
    pub(crate) async fn reassign_open_requests(
        &mut self,
        from: StaffId,
        to: StaffId,
    ) -> Result<Vec<RequestId>, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let rows = self
            .tx
            .fetch_all::<(Uuid,)>(REASSIGN, (tenant, from.uuid(), to.uuid(), now))
            .await?;
        Ok(rows.into_iter().map(|(id,)| RequestId::from_uuid(id)).collect())
    }
}
