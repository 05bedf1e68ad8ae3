//! Feature gates of a tenant.

use domain::feature_gates::FeatureGate;

use crate::db::{StoreError, TenantTx};
use crate::identity::actors::{ApiClient, Staff};

const SELECT_ENABLED_GATES: &str = r"
    SELECT gate
    FROM feature_gate
    WHERE tenant_id = $1
      AND enabled
";
const UPSERT_GATE: &str = r"
    INSERT INTO feature_gate (tenant_id, gate, enabled)
    VALUES ($1, $2, $3)
    ON CONFLICT (tenant_id, gate)
    DO UPDATE SET enabled = excluded.enabled
";

impl TenantTx<'_, Staff> {
    pub(crate) async fn gates(&mut self) -> Result<Vec<String>, StoreError> {
        let tenant = self.tenant();
        let rows: Vec<(String,)> = self.tx.fetch_all::<(String,)>(SELECT_ENABLED_GATES, (tenant,)).await?;
        Ok(rows.into_iter().map(|(gate,)| gate).collect())
    }

    pub(crate) async fn set_gate_enabled(&mut self, gate: FeatureGate, enabled: bool) -> Result<(), StoreError> {
        let tenant = self.tenant();
        self.tx
            .execute(UPSERT_GATE, (tenant, gate.name(), enabled))
            .await
            .map(drop)
    }
}

impl TenantTx<'_, ApiClient> {
    pub(crate) async fn list_enabled_gates(&mut self) -> Result<Vec<String>, StoreError> {
        let tenant = self.tenant();
        let rows: Vec<(String,)> = self.tx.fetch_all::<(String,)>(SELECT_ENABLED_GATES, (tenant,)).await?;
        Ok(rows.into_iter().map(|(gate,)| gate).collect())
    }
}
