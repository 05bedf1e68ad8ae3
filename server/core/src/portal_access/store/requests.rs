//! Portal statements for requests. Every statement joins the user's grants, so other requests are not found; those that
//! change a request are limited to the user's own as well.

use chrono::{DateTime, Utc};
use domain::files::FileScan;
use domain::ids::{
    AppointmentId, AttachmentId, AttachmentKind, LocationId, LocationKind, MessageId, ReleaseId, RequestId, RequestKind,
};
use domain::jobs::targets::{AppointmentStatus, TargetStatus};
use domain::public::{PublicAttachment, PublicRequest, RequestSource};
use domain::public_language::PublicVisit;
use domain::requests::ServiceType;
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::StoreError;
use crate::db::TenantTx;
use crate::db::far_future;
use crate::db::{Key, OptionalName};
use crate::files::scan_column;
use crate::identity::actors::Contact;
use crate::intake::is_from_staff;
use crate::portal_access::store::granted::{
    granted, has_grant, in_force, is_own_request, may_read_request, reaches, reaches_own,
};
use crate::requests::public_status;
use crate::visits::FileRow;

/// Whether time slots are offered: $3 now.
macro_rules! has_offer {
    () => {
        r"
            EXISTS (
                SELECT 1
                FROM slot_offer
                WHERE slot_offer.tenant_id = request.tenant_id
                  AND slot_offer.request_id = request.id
                  AND slot_offer.status = 'open'
                  AND slot_offer.expires_at > $3
            )
        "
    };
}
/// Whether the user sees an appointment of `target` that is planned or done.
macro_rules! sees_visit {
    () => {
        concat!(
            r"
                (
                    target.location_id IS NOT NULL
                    AND EXISTS (
                        SELECT 1
                        FROM appointment
                        WHERE appointment.tenant_id = target.tenant_id
                          AND appointment.target_id = target.id
                          AND appointment.is_shared
                          AND appointment.status IN ('planned', 'done')
                    )
                    AND
            ",
            granted!("may_see_appointments", "target.customer_id", "target.location_id"),
            ")"
        )
    };
}
/// The status of the job of `request`, if the user sees its appointment. A job that is open after a visit was not completed.
macro_rules! visit_status {
    () => {
        concat!(
            r"
                (
                    SELECT CASE target.status WHEN 'open' THEN 'not_completed' ELSE target.status END
                    FROM target
                    WHERE target.tenant_id = request.tenant_id
                      AND target.id = request.target_id
                      AND
            ",
            sees_visit!(),
            ")"
        )
    };
}
/// Whether the user sees reports of the job of `request`, or of the one that it may become.
macro_rules! sees_reports {
    () => {
        concat!(
            "CASE WHEN request.target_id IS NULL THEN ",
            granted!("may_see_reports", "request.customer_id", "request.location_id"),
            r"
                ELSE EXISTS (
                    SELECT 1
                    FROM target
                    WHERE target.tenant_id = request.tenant_id
                      AND target.id = request.target_id
                      AND
            ",
            granted!("may_see_reports", "target.customer_id", "target.location_id"),
            ") END"
        )
    };
}
/// Whether the user can read a report of the job of `request`.
macro_rules! has_report {
    () => {
        concat!(
            r"
                EXISTS (
                    SELECT 1
                    FROM target
                    JOIN visit_report AS report ON report.tenant_id = target.tenant_id AND report.target_id = target.id
                    JOIN portal_release ON portal_release.tenant_id = report.tenant_id
                        AND portal_release.visit_report_id = report.id
                        AND portal_release.status = 'published'
                    WHERE target.tenant_id = request.tenant_id
                      AND target.id = request.target_id
                      AND
            ",
            granted!("may_see_reports", "target.customer_id", "target.location_id"),
            ")"
        )
    };
}
/// Whether the user sees an appointment of the job of `request` to which no technician is on the way.
macro_rules! has_visit_ahead {
    () => {
        concat!(
            r"
                EXISTS (
                    SELECT 1
                    FROM target
                    JOIN appointment ON appointment.tenant_id = target.tenant_id
                        AND appointment.target_id = target.id
                        AND appointment.is_shared
                        AND appointment.status = 'planned'
                    WHERE target.tenant_id = request.tenant_id
                      AND target.id = request.target_id
                      AND target.status IN ('scheduled', 'dispatched')
                      AND
            ",
            granted!("may_see_appointments", "target.customer_id", "target.location_id"),
            ")"
        )
    };
}
macro_rules! select_requests {
    () => {
        concat!(
            r"
                SELECT
                    request.id, request.number, request.channel, request.service_type, request.description,
                    request.preferred, request.preferred_windows, request.rejection_reason,
                    request.submitted_at, request.asked_at, request.cancellation_requested_at,
                    request.reschedule_requested_at, location.name AS location,
                    (request.portal_account_id IS NOT NULL AND request.portal_account_id = $2) AS is_own,
                    request.target_id IS NOT NULL AS is_job,
                    EXISTS (
                        SELECT 1
                        FROM target
                        WHERE target.tenant_id = request.tenant_id
                          AND target.id = request.target_id
                          AND target.status IN ('open', 'scheduled', 'dispatched')
                    ) AS has_not_begun,
            ",
            public_status!(),
            " AS status, ",
            visit_status!(),
            " AS visit_status, ",
            has_offer!(),
            " AS has_offer, ",
            sees_reports!(),
            " AS sees_reports, ",
            has_report!(),
            " AS has_report, ",
            has_visit_ahead!(),
            r"
                    AS has_visit_ahead,
                    (
                        SELECT coalesce(
                            (
                                SELECT max(entry.at)
                                FROM timeline_entry AS entry
                                WHERE entry.tenant_id = target.tenant_id
                                  AND entry.target_id = target.id
                                  AND entry.kind = 'visit_completed'
                            ),
                            target.updated_at
                        )
                        FROM target
                        WHERE target.tenant_id = request.tenant_id
                          AND target.id = request.target_id
                          AND target.status = 'completed'
                          AND (
            ",
            sees_visit!(),
            " OR ",
            has_report!(),
            r"
                          )
                    ) AS completed_at,
                    request.location_id
                FROM request
                LEFT JOIN location ON location.tenant_id = request.tenant_id
                    AND location.id = request.location_id
                WHERE request.tenant_id = $1
                  AND
            ",
            may_read_request!()
        )
    };
}
const SELECT_REQUESTS: &str = concat!(
    select_requests!(),
    r"
          AND (request.submitted_at, request.id) < ($4, $5)
          AND ($7 IS NULL OR request.location_id = $7)
        ORDER BY request.submitted_at DESC, request.id DESC
        LIMIT $6
    "
);
/// Whether `request` has ended as far as the user may know: the end of a job is told to those who see its visit or report.
macro_rules! has_ended {
    () => {
        concat!(
            r"
                (
                    request.status IN ('rejected', 'cancelled')
                    OR EXISTS (
                        SELECT 1
                        FROM target
                        WHERE target.tenant_id = request.tenant_id
                          AND target.id = request.target_id
                          AND target.status IN ('completed', 'cancelled')
                          AND (
            ",
            sees_visit!(),
            " OR ",
            has_report!(),
            ")))"
        )
    };
}
const SELECT_OPEN_REQUESTS: &str = concat!(
    select_requests!(),
    " AND NOT ",
    has_ended!(),
    r"
          AND (request.submitted_at, request.id) < ($4, $5)
          AND ($7 IS NULL OR request.location_id = $7)
        ORDER BY request.submitted_at DESC, request.id DESC
        LIMIT $6
    "
);
const SELECT_ENDED_REQUESTS: &str = concat!(
    select_requests!(),
    " AND ",
    has_ended!(),
    r"
          AND (request.submitted_at, request.id) < ($4, $5)
          AND ($7 IS NULL OR request.location_id = $7)
        ORDER BY request.submitted_at DESC, request.id DESC
        LIMIT $6
    "
);
/// The request of the job of a published report.
const SELECT_REQUEST_OF_REPORT: &str = concat!(
    select_requests!(),
    r"
          AND request.target_id = (
              SELECT report.target_id
              FROM portal_release
              JOIN visit_report AS report ON report.tenant_id = portal_release.tenant_id
                  AND report.id = portal_release.visit_report_id
              WHERE portal_release.tenant_id = $1
                AND portal_release.id = $4
                AND portal_release.status = 'published'
          )
        LIMIT 1
    "
);
/// The request of the job of a shared appointment.
const SELECT_REQUEST_OF_APPOINTMENT: &str = concat!(
    select_requests!(),
    r"
          AND request.target_id = (
              SELECT appointment.target_id
              FROM appointment
              WHERE appointment.tenant_id = $1
                AND appointment.id = $4
                AND appointment.is_shared
          )
        LIMIT 1
    "
);
/// The user's requests that wait for the customer: a question to answer or time slots to choose from.
const SELECT_REQUESTS_WAITING_FOR_CUSTOMER: &str = concat!(
    select_requests!(),
    r"
          AND request.portal_account_id = $2
          AND request.status NOT IN ('rejected', 'cancelled')
          AND (request.asked_at IS NOT NULL OR
    ",
    has_offer!(),
    r"
          )
          AND ($5 IS NULL OR request.location_id = $5)
        ORDER BY request.submitted_at DESC, request.id DESC
        LIMIT $4
    "
);
const SELECT_REQUEST: &str = concat!(select_requests!(), "AND request.id = $4");

const WITHDRAW_REQUEST: &str = concat!(
    r"
        UPDATE request
        SET status = 'cancelled', updated_at = $3
        WHERE tenant_id = $1
          AND id = $4
          AND status IN ('submitted', 'in_review', 'accepted')
          AND target_id IS NULL
          AND
    ",
    is_own_request!()
);
/// Works once, and only while no technician is on the way.
const REQUEST_CANCELLATION: &str = concat!(
    r"
        UPDATE request
        SET cancellation_requested_at = $3
        WHERE tenant_id = $1
          AND id = $4
          AND cancellation_requested_at IS NULL
          AND status IN ('accepted', 'planned')
          AND EXISTS (
              SELECT 1
              FROM target
              WHERE target.tenant_id = $1
                AND target.id = request.target_id
                AND target.status IN ('open', 'scheduled', 'dispatched')
          )
          AND
    ",
    is_own_request!()
);
/// Works once, and only while no technician is on the way.
const REQUEST_RESCHEDULE: &str = concat!(
    r"
        UPDATE request
        SET reschedule_requested_at = $3
        WHERE tenant_id = $1
          AND id = $4
          AND reschedule_requested_at IS NULL
          AND
    ",
    has_visit_ahead!(),
    " AND ",
    is_own_request!()
);
/// Whether the user may open a file of `request`: one of the user's own requests, or one that the team sent with a message
/// that the user may read.
macro_rules! may_open_file {
    () => {
        concat!(
            "((",
            is_own_request!(),
            ") OR (",
            is_from_staff!(),
            " AND ",
            may_read_request!(),
            "))"
        )
    };
}

/// Files that this user uploaded, while a grant covers the request, and those that the team sent.
const SELECT_OWN_FILES: &str = concat!(
    r"
        SELECT
            request_attachment.id, request_attachment.message_id, request_attachment.file_name,
            request_attachment.media_type, request_attachment.size_bytes,
    ",
    scan_column!("request_attachment"),
    r"
        FROM request_attachment
        JOIN request ON request.tenant_id = request_attachment.tenant_id
            AND request.id = request_attachment.request_id
        WHERE request_attachment.tenant_id = $1
          AND request.id = $4
          AND
    ",
    may_open_file!(),
    r"
        ORDER BY request_attachment.file_name, request_attachment.id
        LIMIT 500
    "
);
const SELECT_OWN_FILE: &str = concat!(
    r"
        SELECT request_attachment.file_name, request_attachment.media_type, request_attachment.content_hash
        FROM request_attachment
        JOIN request ON request.tenant_id = request_attachment.tenant_id
            AND request.id = request_attachment.request_id
        WHERE request_attachment.tenant_id = $1
          AND request_attachment.id = $4
          AND
    ",
    may_open_file!()
);
const SELECT_OWN_REQUEST_LOCATION: &str = concat!(
    r"
        SELECT request.customer_id, request.location_id
        FROM request
        WHERE request.tenant_id = $1
          AND request.id = $4
          AND
    ",
    is_own_request!()
);

/// Which requests a list contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    All,
    Open,
    /// Rejected, cancelled or done.
    Ended,
}

#[derive(sqlx::FromRow)]
struct RequestRow {
    id: Key<RequestKind>,
    number: i64,
    #[sqlx(try_from = "String")]
    channel: domain::requests::Channel,
    #[sqlx(try_from = "String")]
    status: domain::requests::RequestStatus,
    #[sqlx(try_from = "String")]
    service_type: ServiceType,
    description: String,
    preferred: Option<String>,
    preferred_windows: Json<Vec<domain::intake::PreferredWindow>>,
    rejection_reason: Option<String>,
    submitted_at: DateTime<Utc>,
    asked_at: Option<DateTime<Utc>>,
    cancellation_requested_at: Option<DateTime<Utc>>,
    reschedule_requested_at: Option<DateTime<Utc>>,
    completed_at: Option<DateTime<Utc>>,
    location: Option<String>,
    location_id: Option<Key<LocationKind>>,
    #[sqlx(try_from = "OptionalName<TargetStatus>")]
    visit_status: Option<TargetStatus>,
    is_own: bool,
    is_job: bool,
    has_not_begun: bool,
    has_offer: bool,
    sees_reports: bool,
    has_report: bool,
    has_visit_ahead: bool,
}

impl From<RequestRow> for PublicRequest {
    fn from(row: RequestRow) -> Self {
        Self {
            id: row.id.0,
            number: row.number,
            status: row.status,
            visit: row
                .visit_status
                .map(|status| PublicVisit::of(AppointmentStatus::Planned, status)),
            service_type: row.service_type,
            description: row.description,
            source: RequestSource::of(row.channel, row.is_own),
            preferred: row.preferred,
            windows: row.preferred_windows.0,
            waits_for_answer: row.asked_at.is_some(),
            has_offer: row.is_own && row.has_offer,
            may_withdraw: row.is_own && row.status.may_be_withdrawn(row.is_job),
            may_ask_to_cancel: row.is_own
                && row.cancellation_requested_at.is_none()
                && row.status.may_request_cancellation(row.has_not_begun),
            may_ask_for_another_time: row.is_own && row.reschedule_requested_at.is_none() && row.has_visit_ahead,
            cancellation_requested_at: row.cancellation_requested_at,
            // Once a technician is on the way, the wish is void.
            reschedule_requested_at: row.reschedule_requested_at.filter(|_| row.has_visit_ahead),
            completed_at: row.completed_at,
            sees_reports: row.sees_reports,
            has_report: row.has_report,
            location_id: row.location_id.map(|id| id.0),
            location: row.location,
            rejection_reason: row.rejection_reason,
            submitted_at: row.submitted_at,
        }
    }
}

impl TenantTx<'_, Contact> {
    /// Returns the files of a request that the user may open, each with the message that it came with.
    pub(crate) async fn own_request_files(
        &mut self,
        id: RequestId,
    ) -> Result<Vec<(PublicAttachment, Option<MessageId>)>, StoreError> {
        let (tenant, account, now) = self.scope();
        let rows = self
            .tx
            .fetch_all::<(Key<AttachmentKind>, Option<Uuid>, String, String, i64, String)>(
                SELECT_OWN_FILES,
                (tenant, account, now, id.uuid()),
            )
            .await?;
        Ok(rows
            .into_iter()
            .map(|(id, message, file_name, media_type, bytes, scan)| {
                let file = PublicAttachment {
                    id: id.0,
                    file_name,
                    media_type,
                    bytes,
                    scan: FileScan::from_name(&scan).unwrap_or(FileScan::Unchecked),
                };
                (file, message.map(MessageId::from_uuid))
            })
            .collect())
    }

    /// Returns one file of a request that the user may open.
    pub(crate) async fn own_request_file(&mut self, id: AttachmentId) -> Result<Option<FileRow>, StoreError> {
        let (tenant, account, now) = self.scope();
        self.tx
            .fetch_optional::<FileRow>(SELECT_OWN_FILE, (tenant, account, now, id.uuid()))
            .await
    }

    /// Returns requests, newest first.
    pub(crate) async fn requests(
        &mut self,
        extent: Extent,
        location: Option<LocationId>,
        before: Option<(DateTime<Utc>, RequestId)>,
        limit: i64,
    ) -> Result<Vec<PublicRequest>, StoreError> {
        let (tenant, account, now) = self.scope();
        let (at, id) = before.map_or((far_future(), Uuid::max()), |(at, id)| (at, id.uuid()));
        let sql = match extent {
            Extent::All => SELECT_REQUESTS,
            Extent::Open => SELECT_OPEN_REQUESTS,
            Extent::Ended => SELECT_ENDED_REQUESTS,
        };
        Ok(self
            .tx
            .fetch_all::<RequestRow>(
                sql,
                (tenant, account, now, at, id, limit, location.map(LocationId::uuid)),
            )
            .await?
            .into_iter()
            .map(Into::into)
            .collect())
    }

    /// Returns the request of the job of a published report, if the user can read it.
    pub(crate) async fn request_of_report(&mut self, id: ReleaseId) -> Result<Option<PublicRequest>, StoreError> {
        let (tenant, account, now) = self.scope();
        Ok(self
            .tx
            .fetch_optional::<RequestRow>(SELECT_REQUEST_OF_REPORT, (tenant, account, now, id.uuid()))
            .await?
            .map(Into::into))
    }

    /// Returns the request of the job of an appointment, if the user can read it.
    pub(crate) async fn request_of_appointment(
        &mut self,
        id: AppointmentId,
    ) -> Result<Option<PublicRequest>, StoreError> {
        let (tenant, account, now) = self.scope();
        Ok(self
            .tx
            .fetch_optional::<RequestRow>(SELECT_REQUEST_OF_APPOINTMENT, (tenant, account, now, id.uuid()))
            .await?
            .map(Into::into))
    }

    /// Returns the user's requests that wait for a response from them.
    pub(crate) async fn action_required(
        &mut self,
        location: Option<LocationId>,
        limit: i64,
    ) -> Result<Vec<PublicRequest>, StoreError> {
        let (tenant, account, now) = self.scope();
        Ok(self
            .tx
            .fetch_all::<RequestRow>(
                SELECT_REQUESTS_WAITING_FOR_CUSTOMER,
                (tenant, account, now, limit, location.map(LocationId::uuid)),
            )
            .await?
            .into_iter()
            .map(Into::into)
            .collect())
    }

    pub(crate) async fn request(&mut self, id: RequestId) -> Result<Option<PublicRequest>, StoreError> {
        let (tenant, account, now) = self.scope();
        Ok(self
            .tx
            .fetch_optional::<RequestRow>(SELECT_REQUEST, (tenant, account, now, id.uuid()))
            .await?
            .map(Into::into))
    }

    /// Withdraws one of the user's requests that has no job; false if it cannot be withdrawn.
    pub(crate) async fn withdraw_request(&mut self, id: RequestId) -> Result<bool, StoreError> {
        let (tenant, account, now) = self.scope();
        Ok(self
            .tx
            .execute(WITHDRAW_REQUEST, (tenant, account, now, id.uuid()))
            .await?
            == 1)
    }

    /// Requests the cancellation of a request that has a job; false if it was requested before or work has started.
    pub(crate) async fn ask_to_cancel(&mut self, id: RequestId) -> Result<bool, StoreError> {
        let (tenant, account, now) = self.scope();
        Ok(self
            .tx
            .execute(REQUEST_CANCELLATION, (tenant, account, now, id.uuid()))
            .await?
            == 1)
    }

    /// Requests another time for the appointment of one of the user's requests; false if it was requested before or travel has
    /// started.
    pub(crate) async fn ask_to_reschedule(&mut self, id: RequestId) -> Result<bool, StoreError> {
        let (tenant, account, now) = self.scope();
        Ok(self
            .tx
            .execute(REQUEST_RESCHEDULE, (tenant, account, now, id.uuid()))
            .await?
            == 1)
    }

    /// Returns the customer and location of one of the user's requests.
    pub(crate) async fn own_request_location(
        &mut self,
        id: RequestId,
    ) -> Result<Option<(Uuid, Option<Uuid>)>, StoreError> {
        let (tenant, account, now) = self.scope();
        self.tx
            .fetch_optional::<(Uuid, Option<Uuid>)>(SELECT_OWN_REQUEST_LOCATION, (tenant, account, now, id.uuid()))
            .await
    }
}
