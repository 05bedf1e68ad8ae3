//! Billing triggers that an integration client reads and acknowledges, limited to the targets of its own source system.

use chrono::{DateTime, Utc};
use domain::ids::BillingTriggerId;

use crate::billing::model::ClientBillingTrigger;
use crate::db::EngineSql;
use crate::db::StoreError;
use crate::db::TenantTx;
use crate::identity::actors::{Actor as _, ApiClient};
use crate::integrations::start_before;

macro_rules! select_billing_trigger {
    () => {
        r"
            SELECT
                billing_trigger.id, billing_trigger.visit_report_id, billing_trigger.target_id,
                target.external_id AS target_external_id, target.customer_id, customer.name AS customer_name,
                customer.customer_number,
                (
                    SELECT min(reference.external_id)
                    FROM external_reference AS reference
                    WHERE reference.tenant_id = target.tenant_id
                      AND reference.source_system_id = target.source_system_id
                      AND reference.entity_type = 'customer'
                      AND reference.entity_id = target.customer_id
                ) AS customer_external_id,
                billing_trigger.work_minutes,
                billing_trigger.raised_at, billing_trigger.acknowledged_at, billing_trigger.reference
            FROM billing_trigger
            JOIN target ON target.tenant_id = billing_trigger.tenant_id
                AND target.id = billing_trigger.target_id
            LEFT JOIN customer ON customer.tenant_id = target.tenant_id AND customer.id = target.customer_id
            WHERE billing_trigger.tenant_id = $1
              AND target.source_system_id = $2
        "
    };
}
static SELECT_BILLING_TRIGGERS: EngineSql = EngineSql::new(concat!(
    select_billing_trigger!(),
    r"
          AND (billing_trigger.raised_at, billing_trigger.id) < ($3, $4)
          AND ($5::BOOLEAN IS NULL OR (billing_trigger.acknowledged_at IS NOT NULL) = $5)
        ORDER BY billing_trigger.raised_at DESC, billing_trigger.id DESC
        LIMIT $6
    "
));
const SELECT_BILLING_TRIGGER: &str = concat!(select_billing_trigger!(), "AND billing_trigger.id = $3");
const ACKNOWLEDGE_BILLING_TRIGGER: &str = r"
    UPDATE billing_trigger
    SET acknowledged_at = $3, reference = $4
    WHERE tenant_id = $1
      AND id = $2
      AND acknowledged_at IS NULL
";

const CORRECT_REFERENCE: &str = r"
    UPDATE billing_trigger
    SET reference = $4
    WHERE tenant_id = $1
      AND id = $2
      AND reference = $3
";

impl TenantTx<'_, ApiClient> {
    /// Replaces the reference of an acknowledged billing trigger; false if it is not `stored` any more.
    pub(crate) async fn correct_billing_reference(
        &mut self,
        id: BillingTriggerId,
        stored: &str,
        reference: &str,
    ) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        Ok(self
            .tx
            .execute(CORRECT_REFERENCE, (tenant, id.uuid(), stored, reference))
            .await?
            == 1)
    }

    pub(crate) async fn list_client_billing_triggers(
        &mut self,
        acknowledged: Option<bool>,
        before: Option<(DateTime<Utc>, BillingTriggerId)>,
        limit: i64,
    ) -> Result<Vec<ClientBillingTrigger>, StoreError> {
        let (raised_before, id_before) = start_before(before);
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system().uuid());
        let sql = &SELECT_BILLING_TRIGGERS;
        self.tx
            .fetch_all::<ClientBillingTrigger>(sql, (tenant, source, raised_before, id_before, acknowledged, limit))
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
