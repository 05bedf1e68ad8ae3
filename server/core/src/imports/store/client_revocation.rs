//! The import jobs of a revoked integration client.

use domain::ids::ClientId;

use crate::db::{StoreError, TenantTx};
use crate::identity::actors::Staff;

const CANCEL_ITEMS_OF_CLIENT: &str = r"
    UPDATE import_item
    SET status = 'cancelled'
    WHERE tenant_id = $1
      AND status = 'pending'
      AND job_id IN (
          SELECT job.id
          FROM import_job AS job
          WHERE job.tenant_id = $1
            AND job.client_id = $2
            AND job.status IN ('accepted', 'processing')
      )
";
const CANCEL_JOBS_OF_CLIENT: &str = r"
    UPDATE import_job
    SET status = 'cancelled', finished_at = $3, claim = NULL, claimed_until = NULL
    WHERE tenant_id = $1
      AND client_id = $2
      AND status IN ('accepted', 'processing')
";

impl TenantTx<'_, Staff> {
    /// Cancels the active jobs of a revoked client and their pending items.
    pub(crate) async fn cancel_imports_of_client(&mut self, client: ClientId) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        self.tx.execute(CANCEL_ITEMS_OF_CLIENT, (tenant, client.uuid())).await?;
        self.tx
            .execute(CANCEL_JOBS_OF_CLIENT, (tenant, client.uuid(), now))
            .await
            .map(drop)
    }
}
