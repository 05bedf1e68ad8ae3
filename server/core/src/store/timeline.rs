//! The internal timeline; the portal shows a projection of it (see `portal`).

use domain::ids::{CustomerId, LocationId, RequestId, TargetId, TimelineKindMarker};

use super::engine::{StoreError, all, run};
use super::transaction::TenantTx;
use super::views::TimelineLine;
use crate::actors::{Actor, Staff};

/// A line to write.
#[derive(Debug, Clone, Default)]
pub(crate) struct NewEntry {
    pub kind: &'static str,
    pub customer: Option<CustomerId>,
    pub location: Option<LocationId>,
    pub target: Option<TargetId>,
    pub request: Option<RequestId>,
}

const INSERT: &str = "INSERT INTO timeline_entry (tenant_id, id, kind, at, customer_id, location_id, target_id, request_id, actor) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const OF_CUSTOMER: &str = "SELECT kind, at, target_id, request_id FROM timeline_entry WHERE tenant_id = $1 AND customer_id = $2 \
    ORDER BY at DESC, id DESC LIMIT $3";
const OF_TARGET: &str = "SELECT kind, at, target_id, request_id FROM timeline_entry WHERE tenant_id = $1 AND target_id = $2 \
    ORDER BY at DESC, id DESC LIMIT $3";

impl<A: Actor> TenantTx<'_, A> {
    pub(crate) async fn note(&mut self, entry: NewEntry) -> Result<(), StoreError> {
        let (tenant, id, actor) = (self.tenant(), self.new_id::<TimelineKindMarker>(), self.actor.label());
        run!(
            &mut self.tx,
            INSERT,
            tenant,
            id.uuid(),
            entry.kind,
            self.now,
            entry.customer.map(domain::ids::Id::uuid),
            entry.location.map(domain::ids::Id::uuid),
            entry.target.map(domain::ids::Id::uuid),
            entry.request.map(domain::ids::Id::uuid),
            &actor
        )?;
        Ok(())
    }
}

impl TenantTx<'_, Staff> {
    pub(crate) async fn timeline_of_customer(
        &mut self,
        customer: CustomerId,
        limit: i64,
    ) -> Result<Vec<TimelineLine>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, TimelineLine, OF_CUSTOMER, tenant, customer.uuid(), limit)
    }

    pub(crate) async fn timeline_of_target(
        &mut self,
        target: TargetId,
        limit: i64,
    ) -> Result<Vec<TimelineLine>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, TimelineLine, OF_TARGET, tenant, target.uuid(), limit)
    }
}
