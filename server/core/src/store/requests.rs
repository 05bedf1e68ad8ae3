//! Requests, as the staff see them.

use chrono::{DateTime, Utc};
use domain::ids::{RequestId, TargetId};
use domain::requests::RequestStatus;

use super::engine::{StoreError, all, maybe, one, run};
use super::transaction::TenantTx;
use super::views::{RequestLine, RequestView};
use crate::actors::{Operator, Staff};

const WAITING: &str = "SELECT r.id, r.number, r.channel, r.status, r.service_type, r.priority, r.description, r.submitted_at, c.name AS customer_name, l.name AS location_name \
    FROM request r JOIN customer c ON c.tenant_id = r.tenant_id AND c.id = r.customer_id \
    LEFT JOIN location l ON l.tenant_id = r.tenant_id AND l.id = r.location_id \
    WHERE r.tenant_id = $1 AND r.status IN ('submitted', 'in_review', 'accepted') AND r.target_id IS NULL AND (r.submitted_at, r.id) > ($2, $3) \
    ORDER BY r.submitted_at, r.id LIMIT $4";
const COUNT_WAITING: &str = "SELECT count(*) FROM request WHERE tenant_id = $1 AND status IN ('submitted', 'in_review', 'accepted') AND target_id IS NULL";
const VIEW: &str = "SELECT r.id, r.number, r.channel, r.status, r.service_type, r.priority, r.description, r.preferred, r.rejection_reason, r.submitted_at, r.target_id, \
    r.source_system_id, r.customer_id, r.location_id, r.contact_id, c.name AS customer_name, c.customer_number, l.name AS location_name, l.street, l.postal_code, l.city, l.zone AS location_zone, \
    k.display_name AS contact_name, k.phone AS contact_phone, k.email AS contact_email \
    FROM request r JOIN customer c ON c.tenant_id = r.tenant_id AND c.id = r.customer_id \
    LEFT JOIN location l ON l.tenant_id = r.tenant_id AND l.id = r.location_id \
    LEFT JOIN contact k ON k.tenant_id = r.tenant_id AND k.id = r.contact_id \
    WHERE r.tenant_id = $1 AND r.id = $2";
/// A request that was converted at the same time is not cancelled under its target.
const SET_STATUS: &str = "UPDATE request SET status = $3, rejection_reason = $4, updated_at = $5 WHERE tenant_id = $1 AND id = $2 AND status = $6 \
    AND (target_id IS NULL OR $3 <> 'cancelled')";
const SET_TARGET: &str = "UPDATE request SET target_id = $3, updated_at = $4 WHERE tenant_id = $1 AND id = $2 AND target_id IS NULL AND status = 'accepted'";
const OF_TARGET: &str = "SELECT r.id FROM request r WHERE r.tenant_id = $1 AND r.target_id = $2";

impl<A: Operator> TenantTx<'_, A> {
    /// Moves a request on if it is still in the state in which it was read.
    pub(crate) async fn set_request_status(
        &mut self,
        id: RequestId,
        from: RequestStatus,
        to: RequestStatus,
        reason: Option<&str>,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(run!(
            &mut self.tx,
            SET_STATUS,
            tenant,
            id.uuid(),
            to.name(),
            reason,
            now,
            from.name()
        )? == 1)
    }

    /// Ties a request to its target, once.
    pub(crate) async fn set_request_target(&mut self, id: RequestId, target: TargetId) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(run!(&mut self.tx, SET_TARGET, tenant, id.uuid(), target.uuid(), now)? == 1)
    }
}

impl TenantTx<'_, Staff> {
    /// A page of requests that wait for a decision or a conversion, oldest first.
    pub(crate) async fn waiting_requests(
        &mut self,
        after: Option<(DateTime<Utc>, RequestId)>,
        limit: i64,
    ) -> Result<Vec<RequestLine>, StoreError> {
        let tenant = self.tenant();
        let (at, id) = after.map_or((DateTime::UNIX_EPOCH, uuid::Uuid::nil()), |(at, id)| (at, id.uuid()));
        all!(&mut self.tx, RequestLine, WAITING, tenant, at, id, limit)
    }

    pub(crate) async fn count_waiting_requests(&mut self) -> Result<i64, StoreError> {
        let tenant = self.tenant();
        let (count,) = one!(&mut self.tx, (i64,), COUNT_WAITING, tenant)?;
        Ok(count)
    }

    pub(crate) async fn request_view(&mut self, id: RequestId) -> Result<Option<RequestView>, StoreError> {
        let tenant = self.tenant();
        maybe!(&mut self.tx, RequestView, VIEW, tenant, id.uuid())
    }

    pub(crate) async fn request_of_target(&mut self, target: TargetId) -> Result<Option<RequestView>, StoreError> {
        let tenant = self.tenant();
        let Some((id,)) = maybe!(&mut self.tx, (uuid::Uuid,), OF_TARGET, tenant, target.uuid())? else {
            return Ok(None);
        };
        self.request_view(RequestId::from_uuid(id)).await
    }
}
