//! Statements for the tracking page: they return only the requester's own input and the public status.

use domain::ids::RequestId;

use crate::db::StoreError;
use crate::db::TenantTx;
use crate::identity::actors::TrackingRequester;
use crate::requests::model::TrackedView;

/// The status of `request` as the requester sees it: it is planned once they see its appointment.
macro_rules! public_status {
    () => {
        r"
            CASE
                WHEN request.status = 'planned' AND NOT EXISTS (
                    SELECT 1
                    FROM appointment AS shared
                    WHERE shared.tenant_id = request.tenant_id
                      AND shared.target_id = request.target_id
                      AND shared.is_shared
                      AND shared.status IN ('planned', 'done')
                ) THEN 'accepted'
                ELSE request.status
            END
        "
    };
}
pub(crate) use public_status;

const SELECT_TRACKED_REQUEST: &str = concat!(
    r"
    SELECT
        request.id, request.number, request.channel,
    ",
    public_status!(),
    r"
        AS status, request.service_type,
        request.description, request.preferred_windows, request.rejection_reason, request.requester,
        request.place, request.submitted_at, request.asked_at, request.form_id,
        intake_form.settings AS form_settings, request.customer_id, request.location_id,
        appointment.starts_at, appointment.ends_at, appointment.zone AS appointment_zone,
        target.status AS target_status
    FROM request
    LEFT JOIN intake_form ON intake_form.tenant_id = request.tenant_id AND intake_form.id = request.form_id
    LEFT JOIN target ON target.tenant_id = request.tenant_id AND target.id = request.target_id
    LEFT JOIN appointment ON appointment.tenant_id = request.tenant_id
        AND appointment.target_id = request.target_id
        AND appointment.status = 'planned' AND appointment.is_shared
    WHERE request.tenant_id = $1
      AND request.id = $2
    "
);
const CANCEL_REQUEST: &str = r"
    UPDATE request
    SET status = 'cancelled', updated_at = $3
    WHERE tenant_id = $1
      AND id = $2
      AND status IN ('submitted', 'in_review', 'accepted')
      AND target_id IS NULL
";

impl TenantTx<'_, TrackingRequester> {
    /// Finds the request of the tracking link.
    pub(crate) async fn tracked_view(&mut self) -> Result<Option<TrackedView>, StoreError> {
        let (tenant, own) = (self.tenant(), self.actor.request().uuid());
        self.tx
            .fetch_optional::<TrackedView>(SELECT_TRACKED_REQUEST, (tenant, own))
            .await
    }

    /// Withdraws the request of the tracking link; returns false if it has ended or was converted to a job.
    pub(crate) async fn withdraw_tracked(&mut self) -> Result<bool, StoreError> {
        let (tenant, now, own): (_, _, RequestId) = (self.tenant(), self.now, self.actor.request());
        Ok(self.tx.execute(CANCEL_REQUEST, (tenant, own.uuid(), now)).await? == 1)
    }
}
