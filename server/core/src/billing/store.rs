//! Billing triggers that an integration client reads and acknowledges, limited to the targets of its own source system.

use chrono::{DateTime, Utc};
use domain::ids::BillingTriggerId;

use crate::billing::model::ClientBillingTrigger;
use crate::db::StoreError;
use crate::db::TenantTx;
use crate::identity::actors::{Actor as _, ApiClient};
use crate::integrations::start_before;

macro_rules! select_billing_trigger {
    () => {
        r"
            SELECT
                billing_trigger.id, billing_trigger.visit_report_id, billing_trigger.target_id,
                target.external_id AS target_external_id, billing_trigger.work_minutes,
                billing_trigger.raised_at, billing_trigger.acknowledged_at, billing_trigger.reference
            FROM billing_trigger
            JOIN target ON target.tenant_id = billing_trigger.tenant_id
                AND target.id = billing_trigger.target_id
            WHERE billing_trigger.tenant_id = $1
              AND target.source_system_id = $2
        "
    };
}
const SELECT_BILLING_TRIGGERS: &str = concat!(
    select_billing_trigger!(),
    r"
          AND (billing_trigger.raised_at, billing_trigger.id) < ($3, $4)
        ORDER BY billing_trigger.raised_at DESC, billing_trigger.id DESC
        LIMIT $5
    "
);
const SELECT_BILLING_TRIGGER: &str = concat!(select_billing_trigger!(), "AND billing_trigger.id = $3");
const ACKNOWLEDGE_BILLING_TRIGGER: &str = r"
    UPDATE billing_trigger
    SET acknowledged_at = $3, reference = $4
    WHERE tenant_id = $1
      AND id = $2
      AND acknowledged_at IS NULL
";

impl TenantTx<'_, ApiClient> {
    pub(crate) async fn list_client_billing_triggers(
        &mut self,
        before: Option<(DateTime<Utc>, BillingTriggerId)>,
        limit: i64,
    ) -> Result<Vec<ClientBillingTrigger>, StoreError> {
        let (created_before, id_before) = start_before(before);
        self.list_records(SELECT_BILLING_TRIGGERS, (created_before, id_before), limit)
            .await
    }

    pub(crate) async fn find_client_billing_trigger(
        &mut self,
        id: BillingTriggerId,
    ) -> Result<Option<ClientBillingTrigger>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system().uuid());
        self.tx
            .fetch_optional::<ClientBillingTrigger>(SELECT_BILLING_TRIGGER, (tenant, source, id.uuid()))
            .await
    }

    /// Marks a billing trigger as acknowledged; false if it already was.
    pub(crate) async fn acknowledge_billing(
        &mut self,
        id: BillingTriggerId,
        reference: &str,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(self
            .tx
            .execute(ACKNOWLEDGE_BILLING_TRIGGER, (tenant, id.uuid(), now, reference))
            .await?
            == 1)
    }
}
