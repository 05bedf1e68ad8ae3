//! A request as whoever holds its tracking link sees it: what they wrote, its public state, and nothing else.

use domain::ids::RequestId;

use crate::db::TenantTx;
use crate::db::{StoreError, maybe, run};
use crate::identity::actors::TrackingRequester;
use crate::requests::model::TrackedView;

const VIEW: &str = "SELECT r.id, r.number, r.channel, r.status, r.service_type, r.description, r.preferred_windows, r.rejection_reason, r.requester, r.place, r.submitted_at, r.asked_at, r.form_id, \
    f.settings AS form_settings, r.customer_id, r.location_id, \
    a.starts_at, a.ends_at, a.zone AS appointment_zone, t.status AS target_status \
    FROM request r LEFT JOIN intake_form f ON f.tenant_id = r.tenant_id AND f.id = r.form_id \
    LEFT JOIN target t ON t.tenant_id = r.tenant_id AND t.id = r.target_id \
    LEFT JOIN appointment a ON a.tenant_id = r.tenant_id AND a.target_id = r.target_id AND a.status = 'planned' AND a.is_shared \
    WHERE r.tenant_id = $1 AND r.id = $2";
const WITHDRAW: &str = "UPDATE request SET status = 'cancelled', updated_at = $3 WHERE tenant_id = $1 AND id = $2 AND status IN ('submitted', 'in_review', 'accepted') AND target_id IS NULL";

impl TenantTx<'_, TrackingRequester> {
    /// The request of the link.
    pub(crate) async fn tracked_view(&mut self) -> Result<Option<TrackedView>, StoreError> {
        let (tenant, own) = (self.tenant(), self.actor.request.uuid());
        maybe!(&mut self.tx, TrackedView, VIEW, tenant, own)
    }

    /// Withdraws the request of the link; the answer is the state that it had, or nothing if it is too late.
    pub(crate) async fn withdraw_tracked(&mut self) -> Result<bool, StoreError> {
        let (tenant, now, own): (_, _, RequestId) = (self.tenant(), self.now, self.actor.request);
        Ok(run!(&mut self.tx, WITHDRAW, tenant, own.uuid(), now)? == 1)
    }
}
