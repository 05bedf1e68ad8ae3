//! Statements for the tracking page: they return only the requester's own input and the public status.

use chrono::{DateTime, Utc};
use domain::customers::Address;
use domain::ids::{AppointmentKind, AttachmentId, OfferId, RequestId};
use domain::jobs::targets::{AppointmentStatus, TargetStatus};
use domain::public::{CalendarEntry, PublicAppointment};
use domain::public_language::PublicVisit;
use domain::requests::ServiceType;
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::Key;
use crate::db::StoreError;
use crate::db::TenantTx;
use crate::identity::actors::TrackingRequester;
use crate::requests::model::TrackedView;
use crate::visits::FileRow;

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
        request.cancellation_requested_at, request.reschedule_requested_at, target.status AS target_status
    FROM request
    LEFT JOIN intake_form ON intake_form.tenant_id = request.tenant_id AND intake_form.id = request.form_id
    LEFT JOIN target ON target.tenant_id = request.tenant_id AND target.id = request.target_id
    WHERE request.tenant_id = $1
      AND request.id = $2
    "
);
/// The shared appointment of the request's job: the one ahead, or else the latest one.
/// Who has only the link sees the address that they typed: dispatch may have matched the request to another customer.
const SELECT_TRACKED_VISIT: &str = r"
    SELECT
        appointment.target_id,
        CASE
            WHEN appointment.status = 'planned' AND target.status IN ('open', 'scheduled', 'dispatched')
                THEN appointment.created_at
            ELSE target.updated_at
        END AS changed_at,
        (
            SELECT count(*)
            FROM appointment AS other
            WHERE other.tenant_id = appointment.tenant_id
              AND other.target_id = appointment.target_id
              AND (other.created_at, other.id) < (appointment.created_at, appointment.id)
        ) AS earlier,
        appointment.id, appointment.status AS appointment_status, target.status AS target_status,
        target.service_type, appointment.starts_at, appointment.ends_at, appointment.zone,
        request.place,
        CASE WHEN tenant.shows_technician THEN technician.display_name END AS technician,
        (
            SELECT visit_notice.minutes
            FROM visit_notice
            WHERE visit_notice.tenant_id = appointment.tenant_id
              AND visit_notice.appointment_id = appointment.id
              AND visit_notice.kind = 'late'
              AND visit_notice.was_current
            ORDER BY visit_notice.created_at DESC, visit_notice.id DESC
            LIMIT 1
        ) AS delay_minutes
    FROM request
    JOIN target ON target.tenant_id = request.tenant_id AND target.id = request.target_id
    JOIN appointment ON appointment.tenant_id = target.tenant_id AND appointment.target_id = target.id
        AND appointment.is_shared AND appointment.status IN ('planned', 'done')
    JOIN staff_account AS technician ON technician.tenant_id = appointment.tenant_id
        AND technician.id = appointment.technician_id
    JOIN tenant ON tenant.id = request.tenant_id
    WHERE request.tenant_id = $1
      AND request.id = $2
    ORDER BY appointment.status = 'planned' DESC, appointment.starts_at DESC
    LIMIT 1
";
const SELECT_TRACKED_FILE: &str = r"
    SELECT file_name, media_type, content_hash
    FROM request_attachment
    WHERE tenant_id = $1
      AND request_id = $2
      AND id = $3
";
/// Dispatch decides; until then nothing changes. Once travel has started, it is too late.
const ASK_TO_CANCEL: &str = r"
    UPDATE request
    SET cancellation_requested_at = $3
    WHERE tenant_id = $1
      AND id = $2
      AND cancellation_requested_at IS NULL
      AND status IN ('accepted', 'planned')
      AND EXISTS (
          SELECT 1
          FROM target
          WHERE target.tenant_id = $1
            AND target.id = request.target_id
            AND target.status IN ('open', 'scheduled', 'dispatched')
      )
";
const ASK_TO_RESCHEDULE: &str = r"
    UPDATE request
    SET reschedule_requested_at = $3
    WHERE tenant_id = $1
      AND id = $2
      AND reschedule_requested_at IS NULL
      AND EXISTS (
          SELECT 1
          FROM target
          JOIN appointment ON appointment.tenant_id = target.tenant_id AND appointment.target_id = target.id
              AND appointment.is_shared AND appointment.status = 'planned'
          WHERE target.tenant_id = $1
            AND target.id = request.target_id
            AND target.status IN ('scheduled', 'dispatched')
      )
";
const DECLINE_OFFER: &str = r"
    UPDATE slot_offer
    SET status = 'declined', decided_at = $4
    WHERE tenant_id = $1
      AND request_id = $2
      AND id = $3
      AND status = 'open'
";

/// A row of the tracked appointment.
#[derive(sqlx::FromRow)]
struct TrackedVisitRow {
    target_id: Uuid,
    changed_at: DateTime<Utc>,
    earlier: i64,
    id: Key<AppointmentKind>,
    #[sqlx(try_from = "String")]
    appointment_status: AppointmentStatus,
    #[sqlx(try_from = "String")]
    target_status: TargetStatus,
    service_type: Option<String>,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    zone: String,
    place: Option<Json<Address>>,
    technician: Option<String>,
    delay_minutes: Option<i64>,
}

/// The shared appointment of the tracked request's job.
pub(crate) struct TrackedVisit {
    pub target: Uuid,
    /// The sequence number for calendars.
    pub sequence: u32,
    pub changed_at: DateTime<Utc>,
    pub appointment: PublicAppointment,
}

impl From<TrackedVisitRow> for TrackedVisit {
    fn from(row: TrackedVisitRow) -> Self {
        // Only what the requester typed: a link shows no record of the customer.
        let typed = row.place.map(|place| place.0).unwrap_or_default();
        let town = [typed.postal_code, typed.city]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" ");
        let address = typed
            .street
            .into_iter()
            .chain(Some(town))
            .filter(|part| !part.is_empty());
        let earlier = u32::try_from(row.earlier).unwrap_or(u32::MAX);
        let appointment = PublicAppointment {
            id: row.id.0,
            status: PublicVisit::of(row.appointment_status, row.target_status),
            service_type: row.service_type.as_deref().and_then(ServiceType::from_name),
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            zone: row.zone,
            location_id: None,
            location: String::new(),
            address: address.collect::<Vec<_>>().join(", "),
            // Only the first name, as in the portal.
            technician: row
                .technician
                .and_then(|name| name.split_whitespace().next().map(str::to_owned)),
            delay_minutes: row.delay_minutes,
        };
        Self {
            target: row.target_id,
            sequence: CalendarEntry::sequence_after(earlier, false),
            changed_at: row.changed_at,
            appointment,
        }
    }
}
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

    /// Finds the shared appointment of the tracked request's job.
    pub(crate) async fn tracked_visit(&mut self) -> Result<Option<TrackedVisit>, StoreError> {
        let (tenant, own) = (self.tenant(), self.actor.request().uuid());
        Ok(self
            .tx
            .fetch_optional::<TrackedVisitRow>(SELECT_TRACKED_VISIT, (tenant, own))
            .await?
            .map(Into::into))
    }

    /// Finds a file that was sent with the tracked request.
    pub(crate) async fn tracked_file(&mut self, id: AttachmentId) -> Result<Option<FileRow>, StoreError> {
        let (tenant, own) = (self.tenant(), self.actor.request().uuid());
        self.tx
            .fetch_optional::<FileRow>(SELECT_TRACKED_FILE, (tenant, own, id.uuid()))
            .await
    }

    /// Requests the cancellation of the tracked request's job; false if it was requested before or travel has started.
    pub(crate) async fn ask_to_cancel_tracked(&mut self) -> Result<bool, StoreError> {
        let (tenant, own, now) = (self.tenant(), self.actor.request().uuid(), self.now);
        Ok(self.tx.execute(ASK_TO_CANCEL, (tenant, own, now)).await? == 1)
    }

    /// Requests another time for the tracked request's appointment; false if it was requested before or travel has started.
    pub(crate) async fn ask_to_reschedule_tracked(&mut self) -> Result<bool, StoreError> {
        let (tenant, own, now) = (self.tenant(), self.actor.request().uuid(), self.now);
        Ok(self.tx.execute(ASK_TO_RESCHEDULE, (tenant, own, now)).await? == 1)
    }

    /// Declines the open offer of the tracked request; false if it is closed.
    pub(crate) async fn decline_tracked_offer(&mut self, offer: OfferId) -> Result<bool, StoreError> {
        let (tenant, own, now) = (self.tenant(), self.actor.request().uuid(), self.now);
        Ok(self.tx.execute(DECLINE_OFFER, (tenant, own, offer.uuid(), now)).await? == 1)
    }

    /// Withdraws the request of the tracking link; returns false if it has ended or was converted to a job.
    pub(crate) async fn withdraw_tracked(&mut self) -> Result<bool, StoreError> {
        let (tenant, now, own): (_, _, RequestId) = (self.tenant(), self.now, self.actor.request());
        Ok(self.tx.execute(CANCEL_REQUEST, (tenant, own.uuid(), now)).await? == 1)
    }
}
