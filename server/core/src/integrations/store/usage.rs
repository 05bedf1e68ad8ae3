//! Daily usage of the API by client.

use domain::ids::ClientId;

use crate::db::purpose::UsageCounting;
use crate::db::{StoreError, SystemTx, TenantTx};
use crate::identity::actors::{Staff, TenantId};
use crate::integrations::model::UsageEntry;

const ADD_USAGE: &str = r"
    INSERT INTO api_use (tenant_id, client_id, day, answered, refused, limited)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (tenant_id, client_id, day)
    DO UPDATE SET
        answered = api_use.answered + excluded.answered, refused = api_use.refused + excluded.refused,
        limited = api_use.limited + excluded.limited
";
const SELECT_USAGE: &str = r"
    SELECT day, answered, refused, limited
    FROM api_use
    WHERE tenant_id = $1
      AND client_id = $2
    ORDER BY day DESC
    LIMIT 14
";

impl SystemTx<'_, UsageCounting> {
    /// Adds to the usage of a client on a day.
    pub(crate) async fn add_usage(
        &mut self,
        tenant: TenantId,
        client: ClientId,
        day: &str,
        counts: [i64; 3],
    ) -> Result<(), StoreError> {
        let [answered, refused, limited] = counts;
        self.tx
            .execute(
                ADD_USAGE,
                (tenant.uuid(), client.uuid(), day, answered, refused, limited),
            )
            .await
            .map(drop)
    }
}

impl TenantTx<'_, Staff> {
    /// Returns the usage of a client on its latest days.
    pub(crate) async fn list_usage(&mut self, client: ClientId) -> Result<Vec<UsageEntry>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<UsageEntry>(SELECT_USAGE, (tenant, client.uuid()))
            .await
    }
}
