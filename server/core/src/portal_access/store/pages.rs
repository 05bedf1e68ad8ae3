//! Portal queries for appointments, reports, follow-ups and milestones. Every statement joins the user's grants, so an
//! object outside them is not found.

use chrono::{DateTime, Utc};
use domain::ids::{
    AppointmentId, AppointmentKind, AttachmentId, AttachmentKind, FollowUpId, FollowUpKind, ReleaseId, ReleaseKind,
    RequestId,
};
use domain::public::{
    CalendarEntry, PublicAppointment, PublicAttachment, PublicFollowUp, PublicMilestone, PublicReport,
};
use domain::public_language::{Milestone, PublicVisit};
use domain::requests::ServiceType;
use uuid::Uuid;

use crate::db::Key;
use crate::db::TenantTx;
use crate::db::{StoreError, all, maybe};
use crate::identity::actors::Contact;
use crate::portal_access::store::granted::granted;
use crate::visits::FileRow;

macro_rules! select_appointments {
    () => {
        select_appointments!("")
    };
    ($columns:literal) => {
        concat!(
            "SELECT ",
            $columns,
            r"
                    appointment.id, appointment.status AS appointment_status, target.status AS target_status,
                    target.service_type, appointment.starts_at, appointment.ends_at, appointment.zone,
                    location.name AS location, location.street, location.postal_code, location.city,
                    CASE WHEN tenant.shows_technician THEN technician.display_name END AS technician
                FROM appointment
                JOIN target ON target.tenant_id = appointment.tenant_id
                    AND target.id = appointment.target_id
                JOIN location ON location.tenant_id = target.tenant_id AND location.id = target.location_id
                JOIN staff_account AS technician ON technician.tenant_id = appointment.tenant_id
                    AND technician.id = appointment.technician_id
                JOIN tenant ON tenant.id = appointment.tenant_id
                WHERE appointment.tenant_id = $1
                  AND appointment.is_shared
                  AND EXISTS (SELECT 1 FROM
            ",
            granted!("may_see_appointments"),
            r"
                  AND portal_grant.customer_id = target.customer_id
                  AND (portal_grant.location_id IS NULL OR portal_grant.location_id = target.location_id))
            "
        )
    };
}
const SELECT_UPCOMING_APPOINTMENTS: &str = concat!(
    select_appointments!(),
    r"
          AND appointment.status = 'planned'
          AND appointment.ends_at >= $3
        ORDER BY appointment.starts_at, appointment.id
        LIMIT $4
    "
);
const SELECT_PAST_APPOINTMENTS: &str = concat!(
    select_appointments!(),
    r"
          AND (appointment.status <> 'planned' OR appointment.ends_at < $3)
          AND (appointment.starts_at, appointment.id) < ($4, $5)
        ORDER BY appointment.starts_at DESC, appointment.id DESC
        LIMIT $6
    "
);
const SELECT_APPOINTMENT: &str = concat!(select_appointments!(), "AND appointment.id = $4");
/// The latest appointment of a request's job that is planned or done.
const SELECT_APPOINTMENT_OF_REQUEST: &str = concat!(
    select_appointments!(),
    r"
          AND appointment.status IN ('planned', 'done')
          AND appointment.target_id = (
              SELECT request.target_id
              FROM request
              WHERE request.tenant_id = $1
                AND request.id = $4
          )
        ORDER BY appointment.starts_at DESC
        LIMIT 1
    "
);
/// The latest shared appointment of each job, so a rescheduled one appears at its new time only.
macro_rules! select_calendar_entries {
    () => {
        concat!(
            select_appointments!(
                r"
                appointment.target_id,
                (
                    SELECT count(*)
                    FROM appointment AS other
                    WHERE other.tenant_id = appointment.tenant_id
                      AND other.target_id = appointment.target_id
                      AND (other.created_at, other.id) < (appointment.created_at, appointment.id)
                ) AS earlier,
            "
            ),
            r"
                  AND appointment.status <> 'moved'
                  AND NOT EXISTS (
                      SELECT 1
                      FROM appointment AS other
                      WHERE other.tenant_id = appointment.tenant_id
                        AND other.target_id = appointment.target_id
                        AND other.is_shared
                        AND (other.created_at, other.id) > (appointment.created_at, appointment.id)
                  )
            "
        )
    };
}
const SELECT_CALENDAR_ENTRIES: &str = concat!(
    select_calendar_entries!(),
    r"
          AND appointment.ends_at > $4
        ORDER BY appointment.starts_at, appointment.id
        LIMIT $5
    "
);
/// The ID of a rescheduled appointment resolves to the latest one of its job.
const SELECT_CALENDAR_ENTRY: &str = concat!(
    select_calendar_entries!(),
    r"
          AND appointment.target_id = (
              SELECT original.target_id
              FROM appointment AS original
              WHERE original.tenant_id = $1
                AND original.id = $4
                AND original.is_shared
          )
    "
);

macro_rules! select_reports {
    () => {
        concat!(
            r"
                SELECT
                    portal_release.id, portal_release.revision, portal_release.title,
                    portal_release.summary, portal_release.message, portal_release.follow_up,
                    portal_release.published_at, coalesce(location.name, '') AS location,
                    coalesce(location.zone, tenant.zone) AS zone
                FROM portal_release
                JOIN visit_report AS report ON report.tenant_id = portal_release.tenant_id
                    AND report.id = portal_release.visit_report_id
                JOIN target ON target.tenant_id = report.tenant_id AND target.id = report.target_id
                JOIN tenant ON tenant.id = portal_release.tenant_id
                LEFT JOIN location ON location.tenant_id = target.tenant_id
                    AND location.id = target.location_id
                WHERE portal_release.tenant_id = $1
                  AND portal_release.status = 'published'
                  AND EXISTS (SELECT 1 FROM
            ",
            granted!("may_see_reports"),
            r"
                  AND portal_grant.customer_id = target.customer_id
                  AND (portal_grant.location_id IS NULL OR portal_grant.location_id = target.location_id))
            "
        )
    };
}
const SELECT_REPORTS: &str = concat!(
    select_reports!(),
    r"
          AND (portal_release.published_at, portal_release.id) < ($4, $5)
        ORDER BY portal_release.published_at DESC, portal_release.id DESC
        LIMIT $6
    "
);
/// The ID of a replaced revision resolves to its replacement, so that bookmarks and links in mails keep working.
const SELECT_REPORT: &str = concat!(
    select_reports!(),
    r"
          AND portal_release.visit_report_id = (
              SELECT original.visit_report_id
              FROM portal_release AS original
              WHERE original.tenant_id = $1
                AND original.id = $4
                AND original.status IN ('published', 'replaced')
          )
    "
);

macro_rules! select_attachments {
    ($columns:literal) => {
        concat!(
            "SELECT ",
            $columns,
            r"
                FROM attachment
                JOIN released_attachment ON released_attachment.tenant_id = attachment.tenant_id
                    AND released_attachment.attachment_id = attachment.id
                JOIN portal_release ON portal_release.tenant_id = released_attachment.tenant_id
                    AND portal_release.id = released_attachment.release_id
                    AND portal_release.status = 'published'
                JOIN visit_report AS report ON report.tenant_id = portal_release.tenant_id
                    AND report.id = portal_release.visit_report_id
                    AND report.id = attachment.visit_report_id
                JOIN target ON target.tenant_id = report.tenant_id AND target.id = report.target_id
                WHERE attachment.tenant_id = $1
                  AND EXISTS (SELECT 1 FROM
            ",
            granted!("may_see_reports"),
            r"
                  AND portal_grant.may_download
                  AND portal_grant.customer_id = target.customer_id
                  AND (portal_grant.location_id IS NULL OR portal_grant.location_id = target.location_id))
            "
        )
    };
}
const SELECT_ATTACHMENTS: &str = concat!(
    select_attachments!("attachment.id, attachment.file_name, attachment.media_type, attachment.size_bytes"),
    "AND portal_release.id = $4 ORDER BY attachment.id LIMIT 50"
);
const SELECT_ATTACHMENT_FILE: &str = concat!(
    select_attachments!("attachment.file_name, attachment.media_type, attachment.content_hash"),
    "AND attachment.id = $4"
);

/// A follow-up is visible only through the published release of its report, with the released text.
macro_rules! select_follow_ups {
    () => {
        concat!(
            r"
                SELECT
                    follow_up.id, follow_up.status, portal_release.follow_up AS title,
                    coalesce(location.name, '') AS location, follow_up.created_at,
                    portal_release.id AS report
                FROM follow_up
                JOIN portal_release ON portal_release.tenant_id = follow_up.tenant_id
                    AND portal_release.visit_report_id = follow_up.visit_report_id
                    AND portal_release.status = 'published' AND portal_release.follow_up IS NOT NULL
                JOIN target ON target.tenant_id = follow_up.tenant_id AND target.id = follow_up.target_id
                LEFT JOIN location ON location.tenant_id = target.tenant_id
                    AND location.id = target.location_id
                WHERE follow_up.tenant_id = $1
                  AND (follow_up.created_at, follow_up.id) < ($4, $5)
                  AND EXISTS (SELECT 1 FROM
            ",
            granted!("may_see_reports"),
            r"
                  AND portal_grant.customer_id = target.customer_id
                  AND (portal_grant.location_id IS NULL OR portal_grant.location_id = target.location_id))
            "
        )
    };
}
const SELECT_FOLLOW_UPS: &str = concat!(
    select_follow_ups!(),
    "AND follow_up.status <> 'dismissed' ORDER BY follow_up.created_at DESC, follow_up.id DESC LIMIT $6"
);
const SELECT_OPEN_FOLLOW_UPS: &str = concat!(
    select_follow_ups!(),
    r"
          AND follow_up.status IN ('required', 'planned')
        ORDER BY follow_up.created_at DESC, follow_up.id DESC
        LIMIT $6
    "
);

/// Each milestone requires the capability and the visibility of the object it refers to.
const SELECT_MILESTONES: &str = concat!(
    r"
        SELECT entry.id, entry.kind, entry.at, location.name AS location, request.number AS request_number
        FROM timeline_entry AS entry
        LEFT JOIN request ON request.tenant_id = entry.tenant_id AND request.id = entry.request_id
        LEFT JOIN location ON location.tenant_id = entry.tenant_id AND location.id = entry.location_id
        WHERE entry.tenant_id = $1
          AND (entry.at, entry.id) < ($4, $5)
          AND EXISTS (SELECT 1 FROM
    ",
    granted!("customer_id"),
    r"
        = entry.customer_id
        AND (portal_grant.location_id IS NULL OR portal_grant.location_id = entry.location_id)
        AND (
            (
                entry.kind IN (
                    'request_submitted', 'request_accepted', 'request_rejected', 'request_cancelled'
                )
                AND (request.portal_account_id = $2 OR portal_grant.sees_all_requests)
            )
            OR (
                entry.kind IN (
                    'appointment_scheduled', 'appointment_moved', 'appointment_cancelled', 'visit_completed'
                )
                AND portal_grant.may_see_appointments
                AND EXISTS (
                    SELECT 1
                    FROM appointment
                    WHERE appointment.tenant_id = entry.tenant_id
                      AND appointment.target_id = entry.target_id
                      AND appointment.is_shared
                )
            )
            OR (
                entry.kind IN (
                    'report_shared', 'report_replaced', 'follow_up_required', 'follow_up_planned'
                )
                AND portal_grant.may_see_reports
                AND EXISTS (
                    SELECT 1
                    FROM visit_report AS report
                    JOIN portal_release ON portal_release.tenant_id = report.tenant_id
                        AND portal_release.visit_report_id = report.id
                        AND portal_release.status = 'published'
                    WHERE report.tenant_id = entry.tenant_id
                      AND report.target_id = entry.target_id
                      AND (
                          entry.kind NOT IN ('follow_up_required', 'follow_up_planned')
                          OR portal_release.follow_up IS NOT NULL
                      )
                )
            )
        ))
        ORDER BY entry.at DESC, entry.id DESC
        LIMIT $6
    "
);

#[derive(sqlx::FromRow)]
struct AppointmentRow {
    id: Key<AppointmentKind>,
    #[sqlx(try_from = "String")]
    appointment_status: domain::targets::AppointmentStatus,
    #[sqlx(try_from = "String")]
    target_status: domain::targets::TargetStatus,
    service_type: Option<String>,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    zone: String,
    location: String,
    street: Option<String>,
    postal_code: Option<String>,
    city: Option<String>,
    technician: Option<String>,
}

/// An appointment with the number of earlier appointments of its job.
#[derive(sqlx::FromRow)]
struct CalendarEntryRow {
    target_id: Uuid,
    earlier: i64,
    #[sqlx(flatten)]
    appointment: AppointmentRow,
}

/// The job's ID, the calendar sequence number and the appointment.
impl From<CalendarEntryRow> for (Uuid, u32, PublicAppointment) {
    fn from(row: CalendarEntryRow) -> Self {
        let appointment = PublicAppointment::from(row.appointment);
        let earlier = u32::try_from(row.earlier).unwrap_or(u32::MAX);
        let is_cancelled = appointment.status == PublicVisit::Cancelled;
        let sequence = CalendarEntry::sequence_after(earlier, is_cancelled);
        (row.target_id, sequence, appointment)
    }
}

impl From<AppointmentRow> for PublicAppointment {
    fn from(row: AppointmentRow) -> Self {
        let town = [row.postal_code, row.city]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" ");
        Self {
            id: row.id.0,
            status: PublicVisit::of(row.appointment_status, row.target_status),
            service_type: row.service_type.as_deref().and_then(ServiceType::from_name),
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            zone: row.zone,
            location: row.location,
            address: row
                .street
                .into_iter()
                .chain(Some(town))
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(", "),
            technician: row
                .technician
                .and_then(|name| name.split_whitespace().next().map(str::to_owned)),
        }
    }
}

#[derive(sqlx::FromRow)]
struct ReportRow {
    id: Key<ReleaseKind>,
    revision: i64,
    title: String,
    summary: String,
    message: Option<String>,
    follow_up: Option<String>,
    published_at: DateTime<Utc>,
    location: String,
    zone: String,
}

impl From<ReportRow> for PublicReport {
    fn from(row: ReportRow) -> Self {
        Self {
            id: row.id.0,
            revision: row.revision,
            title: row.title,
            summary: row.summary,
            message: row.message,
            follow_up: row.follow_up,
            published_at: row.published_at,
            location: row.location,
            zone: row.zone,
            attachments: Vec::new(),
        }
    }
}

#[derive(sqlx::FromRow)]
struct FollowUpRow {
    id: Key<FollowUpKind>,
    #[sqlx(try_from = "String")]
    status: domain::follow_ups::FollowUpStatus,
    title: String,
    location: String,
    created_at: DateTime<Utc>,
    report: Key<ReleaseKind>,
}

impl From<FollowUpRow> for PublicFollowUp {
    fn from(row: FollowUpRow) -> Self {
        Self {
            id: row.id.0,
            status: row.status,
            title: row.title,
            location: row.location,
            created_at: row.created_at,
            report: row.report.0,
        }
    }
}

impl TenantTx<'_, Contact> {
    pub(crate) async fn upcoming_appointments(&mut self, limit: i64) -> Result<Vec<PublicAppointment>, StoreError> {
        let (tenant, account, now) = self.scope();
        Ok(all!(
            &mut self.tx,
            AppointmentRow,
            SELECT_UPCOMING_APPOINTMENTS,
            tenant,
            account,
            now,
            limit
        )?
        .into_iter()
        .map(Into::into)
        .collect())
    }

    pub(crate) async fn past_appointments(
        &mut self,
        before: Option<(DateTime<Utc>, AppointmentId)>,
        limit: i64,
    ) -> Result<Vec<PublicAppointment>, StoreError> {
        let (tenant, account, now) = self.scope();
        let (at, id) = before.map_or((crate::db::far_future(), Uuid::max()), |(at, id)| (at, id.uuid()));
        Ok(all!(
            &mut self.tx,
            AppointmentRow,
            SELECT_PAST_APPOINTMENTS,
            tenant,
            account,
            now,
            at,
            id,
            limit
        )?
        .into_iter()
        .map(Into::into)
        .collect())
    }

    pub(crate) async fn appointment(&mut self, id: AppointmentId) -> Result<Option<PublicAppointment>, StoreError> {
        let (tenant, account, now) = self.scope();
        Ok(maybe!(
            &mut self.tx,
            AppointmentRow,
            SELECT_APPOINTMENT,
            tenant,
            account,
            now,
            id.uuid()
        )?
        .map(Into::into))
    }

    /// Returns the appointment of a request's job, if the user may see its appointments.
    pub(crate) async fn appointment_of_request(
        &mut self,
        id: RequestId,
    ) -> Result<Option<PublicAppointment>, StoreError> {
        let (tenant, account, now) = self.scope();
        Ok(maybe!(
            &mut self.tx,
            AppointmentRow,
            SELECT_APPOINTMENT_OF_REQUEST,
            tenant,
            account,
            now,
            id.uuid()
        )?
        .map(Into::into))
    }

    /// Returns appointments for a calendar, with their jobs and sequence numbers.
    pub(crate) async fn calendar_entries(
        &mut self,
        since: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<(Uuid, u32, PublicAppointment)>, StoreError> {
        let (tenant, account, now) = self.scope();
        Ok(all!(
            &mut self.tx,
            CalendarEntryRow,
            SELECT_CALENDAR_ENTRIES,
            tenant,
            account,
            now,
            since,
            limit
        )?
        .into_iter()
        .map(Into::into)
        .collect())
    }

    pub(crate) async fn calendar_entry(
        &mut self,
        id: AppointmentId,
    ) -> Result<Option<(Uuid, u32, PublicAppointment)>, StoreError> {
        let (tenant, account, now) = self.scope();
        Ok(maybe!(
            &mut self.tx,
            CalendarEntryRow,
            SELECT_CALENDAR_ENTRY,
            tenant,
            account,
            now,
            id.uuid()
        )?
        .map(Into::into))
    }

    pub(crate) async fn reports(
        &mut self,
        before: Option<(DateTime<Utc>, ReleaseId)>,
        limit: i64,
    ) -> Result<Vec<PublicReport>, StoreError> {
        let (tenant, account, now) = self.scope();
        let (at, id) = before.map_or((crate::db::far_future(), Uuid::max()), |(at, id)| (at, id.uuid()));
        Ok(all!(
            &mut self.tx,
            ReportRow,
            SELECT_REPORTS,
            tenant,
            account,
            now,
            at,
            id,
            limit
        )?
        .into_iter()
        .map(Into::into)
        .collect())
    }

    /// Returns a published report with the files that may be downloaded.
    pub(crate) async fn report(&mut self, id: ReleaseId) -> Result<Option<PublicReport>, StoreError> {
        let (tenant, account, now) = self.scope();
        let Some(row) = maybe!(&mut self.tx, ReportRow, SELECT_REPORT, tenant, account, now, id.uuid())? else {
            return Ok(None);
        };
        let files = all!(
            &mut self.tx,
            (Key<AttachmentKind>, String, String, i64),
            SELECT_ATTACHMENTS,
            tenant,
            account,
            now,
            row.id.0.uuid()
        )?;
        let attachments = files
            .into_iter()
            .map(|(id, file_name, media_type, bytes)| PublicAttachment {
                id: id.0,
                file_name,
                media_type,
                bytes,
            })
            .collect();
        Ok(Some(PublicReport {
            attachments,
            ..row.into()
        }))
    }

    pub(crate) async fn released_file(&mut self, id: AttachmentId) -> Result<Option<FileRow>, StoreError> {
        let (tenant, account, now) = self.scope();
        maybe!(
            &mut self.tx,
            FileRow,
            SELECT_ATTACHMENT_FILE,
            tenant,
            account,
            now,
            id.uuid()
        )
    }

    /// Returns follow-ups, newest first: all of them or only the open ones.
    pub(crate) async fn follow_ups(
        &mut self,
        only_open: bool,
        before: Option<(DateTime<Utc>, FollowUpId)>,
        limit: i64,
    ) -> Result<Vec<PublicFollowUp>, StoreError> {
        let (tenant, account, now) = self.scope();
        let (at, id) = before.map_or((crate::db::far_future(), Uuid::max()), |(at, id)| (at, id.uuid()));
        let sql = if only_open {
            SELECT_OPEN_FOLLOW_UPS
        } else {
            SELECT_FOLLOW_UPS
        };
        Ok(
            all!(&mut self.tx, FollowUpRow, sql, tenant, account, now, at, id, limit)?
                .into_iter()
                .map(Into::into)
                .collect(),
        )
    }

    /// Returns milestones, newest first.
    pub(crate) async fn milestones(
        &mut self,
        before: Option<(DateTime<Utc>, Uuid)>,
        limit: i64,
    ) -> Result<Vec<PublicMilestone>, StoreError> {
        let (tenant, account, now) = self.scope();
        let (at, id) = before.unwrap_or((crate::db::far_future(), Uuid::max()));
        let rows = all!(
            &mut self.tx,
            (Uuid, String, DateTime<Utc>, Option<String>, Option<i64>),
            SELECT_MILESTONES,
            tenant,
            account,
            now,
            at,
            id,
            limit
        )?;
        Ok(rows
            .into_iter()
            .filter_map(|(id, kind, at, location, request_number)| {
                Some(PublicMilestone {
                    place: id,
                    milestone: Milestone::from_name(&kind)?,
                    at,
                    location,
                    request_number,
                })
            })
            .collect())
    }
}
