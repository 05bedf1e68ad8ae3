//! Statements for the jobs of a customer.

use chrono::{DateTime, Utc};
use domain::ids::{CustomerId, LocationId, TargetId};
use uuid::Uuid;

use super::targets::{select_job_line, select_target_line};
use crate::db::{StoreError, TenantTx};
use crate::identity::actors::Staff;
use crate::jobs::model::TargetSummary;

const SELECT_TARGETS_OF_CUSTOMER: &str = concat!(
    select_job_line!(),
    r"
        WHERE target.tenant_id = $1
          AND target.customer_id = $2
          AND (target.created_at, target.id) < ($4, $5)
        ORDER BY target.created_at DESC, target.id DESC
        LIMIT $3
    "
);
const COUNT_TARGETS_OF_CUSTOMER: &str = r"
    SELECT count(*)
    FROM (SELECT 1 FROM target WHERE tenant_id = $1 AND customer_id = $2 LIMIT $3) AS counted
";
const COUNT_OPEN_TARGETS_BY_LOCATION: &str = r"
    SELECT location_id, count(*)
    FROM target
    WHERE tenant_id = $1
      AND customer_id = $2
      AND location_id IS NOT NULL
      AND status IN ('open', 'scheduled', 'dispatched', 'en_route', 'on_site')
    GROUP BY location_id
";
const SELECT_OPEN_TARGETS_OF_CUSTOMER: &str = concat!(
    select_target_line!(),
    r"
        WHERE target.tenant_id = $1
          AND target.customer_id = $2
          AND target.status IN ('open', 'scheduled', 'dispatched', 'en_route', 'on_site')
        ORDER BY target.created_at, target.id
        LIMIT $3
    "
);

impl TenantTx<'_, Staff> {
    /// Returns the jobs of a customer that were created before a job, the latest first.
    pub(crate) async fn targets_of_customer(
        &mut self,
        id: CustomerId,
        (created_at, before): (DateTime<Utc>, TargetId),
        limit: i64,
    ) -> Result<Vec<TargetSummary>, StoreError> {
        let values = (self.tenant(), id.uuid(), limit, created_at, before.uuid());
        self.tx
            .fetch_all::<TargetSummary>(SELECT_TARGETS_OF_CUSTOMER, values)
            .await
    }

    /// Counts the jobs of a customer, up to a limit.
    pub(crate) async fn count_targets_of_customer(&mut self, id: CustomerId, limit: i64) -> Result<i64, StoreError> {
        let values = (self.tenant(), id.uuid(), limit);
        Ok(self.tx.fetch_one::<(i64,)>(COUNT_TARGETS_OF_CUSTOMER, values).await?.0)
    }

    /// Counts the jobs of a customer that are not over, by location.
    pub(crate) async fn count_open_targets_by_location(
        &mut self,
        id: CustomerId,
    ) -> Result<Vec<(LocationId, i64)>, StoreError> {
        let tenant = self.tenant();
        let rows = self
            .tx
            .fetch_all::<(Uuid, i64)>(COUNT_OPEN_TARGETS_BY_LOCATION, (tenant, id.uuid()))
            .await?;
        Ok(rows
            .into_iter()
            .map(|(id, count)| (LocationId::from_uuid(id), count))
            .collect())
    }

    /// Returns the oldest jobs of a customer that are not over.
    pub(crate) async fn open_targets_of_customer(
        &mut self,
        id: CustomerId,
        limit: i64,
    ) -> Result<Vec<TargetSummary>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<TargetSummary>(SELECT_OPEN_TARGETS_OF_CUSTOMER, (tenant, id.uuid(), limit))
            .await
    }
}
