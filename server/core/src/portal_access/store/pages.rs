//! What a portal user can read of visits, reports and follow-ups. Every statement joins the user's grants: an object outside them is no row.

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
use crate::identity::actors::{Actor as _, Contact};
use crate::visits::FileRow;

/// The own grants that are in force: $1 tenant, $2 account, $3 now.
macro_rules! granted {
    ($capability:literal) => {
        concat!(
            "portal_grant g WHERE g.tenant_id = $1 AND g.portal_account_id = $2 AND g.revoked_at IS NULL AND g.valid_from <= $3 AND (g.valid_until IS NULL OR g.valid_until > $3) AND g.",
            $capability
        )
    };
}
pub(crate) use granted;

macro_rules! appointments {
    () => {
        appointments!("")
    };
    ($more:literal) => {
        concat!(
            "SELECT ", $more, "a.id, a.status AS appointment_status, t.status AS target_status, t.service_type, a.starts_at, a.ends_at, a.zone, l.name AS location, l.street, l.postal_code, l.city, \
             CASE WHEN n.shows_technician THEN s.display_name END AS technician \
             FROM appointment a JOIN target t ON t.tenant_id = a.tenant_id AND t.id = a.target_id \
             JOIN location l ON l.tenant_id = t.tenant_id AND l.id = t.location_id \
             JOIN staff_account s ON s.tenant_id = a.tenant_id AND s.id = a.technician_id JOIN tenant n ON n.id = a.tenant_id \
             WHERE a.tenant_id = $1 AND a.is_shared AND EXISTS (SELECT 1 FROM ",
            granted!("may_see_appointments"),
            " AND g.customer_id = t.customer_id AND (g.location_id IS NULL OR g.location_id = t.location_id)) "
        )
    };
}
const UPCOMING: &str = concat!(
    appointments!(),
    "AND a.status = 'planned' AND a.ends_at >= $3 ORDER BY a.starts_at, a.id LIMIT $4"
);
const PAST: &str = concat!(
    appointments!(),
    "AND (a.status <> 'planned' OR a.ends_at < $3) AND (a.starts_at, a.id) < ($4, $5) ORDER BY a.starts_at DESC, a.id DESC LIMIT $6"
);
const APPOINTMENT: &str = concat!(appointments!(), "AND a.id = $4");
/// The visit that a request led to: the last one that holds, or was made.
const OF_REQUEST: &str = concat!(
    appointments!(),
    "AND a.status IN ('planned', 'done') AND a.target_id = (SELECT r.target_id FROM request r WHERE r.tenant_id = $1 AND r.id = $4) ORDER BY a.starts_at DESC LIMIT 1"
);
/// The last word about each job: what was moved is told by where it moved to.
macro_rules! entries {
    () => {
        concat!(
            appointments!("a.target_id, (SELECT count(*) FROM appointment b WHERE b.tenant_id = a.tenant_id AND b.target_id = a.target_id AND (b.created_at, b.id) < (a.created_at, a.id)) AS earlier, "),
            "AND a.status <> 'moved' AND NOT EXISTS (SELECT 1 FROM appointment b WHERE b.tenant_id = a.tenant_id AND b.target_id = a.target_id AND b.is_shared AND (b.created_at, b.id) > (a.created_at, a.id)) "
        )
    };
}
const ENTRIES: &str = concat!(entries!(), "AND a.ends_at > $4 ORDER BY a.starts_at, a.id LIMIT $5");
/// The address of an appointment that was moved leads to the last word about its job.
const ENTRY: &str = concat!(
    entries!(),
    "AND a.target_id = (SELECT o.target_id FROM appointment o WHERE o.tenant_id = $1 AND o.id = $4 AND o.is_shared)"
);

macro_rules! reports {
    () => {
        concat!(
            "SELECT p.id, p.revision, p.title, p.summary, p.message, p.follow_up, p.published_at, coalesce(l.name, '') AS location, coalesce(l.zone, n.zone) AS zone \
             FROM portal_release p JOIN visit_report r ON r.tenant_id = p.tenant_id AND r.id = p.visit_report_id \
             JOIN target t ON t.tenant_id = r.tenant_id AND t.id = r.target_id JOIN tenant n ON n.id = p.tenant_id \
             LEFT JOIN location l ON l.tenant_id = t.tenant_id AND l.id = t.location_id \
             WHERE p.tenant_id = $1 AND p.status = 'published' AND EXISTS (SELECT 1 FROM ",
            granted!("may_see_reports"),
            " AND g.customer_id = t.customer_id AND (g.location_id IS NULL OR g.location_id = t.location_id)) "
        )
    };
}
const REPORTS: &str = concat!(
    reports!(),
    "AND (p.published_at, p.id) < ($4, $5) ORDER BY p.published_at DESC, p.id DESC LIMIT $6"
);
/// The address of a revision that was replaced leads to what replaced it, so that no bookmark and no mail goes dead.
const REPORT: &str = concat!(
    reports!(),
    "AND p.visit_report_id = (SELECT o.visit_report_id FROM portal_release o WHERE o.tenant_id = $1 AND o.id = $4 AND o.status IN ('published', 'replaced'))"
);

macro_rules! attachments {
    ($columns:literal) => {
        concat!(
            "SELECT ", $columns, " FROM attachment a JOIN released_attachment x ON x.tenant_id = a.tenant_id AND x.attachment_id = a.id \
             JOIN portal_release p ON p.tenant_id = x.tenant_id AND p.id = x.release_id AND p.status = 'published' \
             JOIN visit_report r ON r.tenant_id = p.tenant_id AND r.id = p.visit_report_id AND r.id = a.visit_report_id \
             JOIN target t ON t.tenant_id = r.tenant_id AND t.id = r.target_id \
             WHERE a.tenant_id = $1 AND EXISTS (SELECT 1 FROM ",
            granted!("may_see_reports"),
            " AND g.may_download AND g.customer_id = t.customer_id AND (g.location_id IS NULL OR g.location_id = t.location_id)) "
        )
    };
}
const ATTACHMENTS: &str = concat!(
    attachments!("a.id, a.file_name, a.media_type, a.size_bytes"),
    "AND p.id = $4 ORDER BY a.id LIMIT 50"
);
const ATTACHMENT_FILE: &str = concat!(
    attachments!("a.file_name, a.media_type, a.content_hash"),
    "AND a.id = $4"
);

/// A follow-up shows only through the published release of its report, with the text that was released.
macro_rules! follow_ups {
    () => {
        concat!(
            "SELECT f.id, f.status, p.follow_up AS title, coalesce(l.name, '') AS location, f.created_at, p.id AS report FROM follow_up f \
             JOIN portal_release p ON p.tenant_id = f.tenant_id AND p.visit_report_id = f.visit_report_id AND p.status = 'published' AND p.follow_up IS NOT NULL \
             JOIN target t ON t.tenant_id = f.tenant_id AND t.id = f.target_id LEFT JOIN location l ON l.tenant_id = t.tenant_id AND l.id = t.location_id \
             WHERE f.tenant_id = $1 AND (f.created_at, f.id) < ($4, $5) AND EXISTS (SELECT 1 FROM ",
            granted!("may_see_reports"),
            " AND g.customer_id = t.customer_id AND (g.location_id IS NULL OR g.location_id = t.location_id)) "
        )
    };
}
const FOLLOW_UPS: &str = concat!(
    follow_ups!(),
    "AND f.status <> 'dismissed' ORDER BY f.created_at DESC, f.id DESC LIMIT $6"
);
const OPEN_FOLLOW_UPS: &str = concat!(
    follow_ups!(),
    "AND f.status IN ('required', 'planned') ORDER BY f.created_at DESC, f.id DESC LIMIT $6"
);

/// Milestones, each behind the capability and the visibility of the thing that it tells of.
const TIMELINE: &str = concat!(
    "SELECT e.id, e.kind, e.at, l.name AS location, r.number AS request_number FROM timeline_entry e \
     LEFT JOIN request r ON r.tenant_id = e.tenant_id AND r.id = e.request_id \
     LEFT JOIN location l ON l.tenant_id = e.tenant_id AND l.id = e.location_id \
     WHERE e.tenant_id = $1 AND (e.at, e.id) < ($4, $5) AND EXISTS (SELECT 1 FROM ",
    granted!("customer_id"),
    " = e.customer_id AND (g.location_id IS NULL OR g.location_id = e.location_id) AND ( \
        (e.kind IN ('request_submitted', 'request_accepted', 'request_rejected', 'request_cancelled') AND (r.portal_account_id = $2 OR g.sees_all_requests)) \
        OR (e.kind IN ('appointment_scheduled', 'appointment_moved', 'appointment_cancelled', 'visit_completed') AND g.may_see_appointments \
            AND EXISTS (SELECT 1 FROM appointment a WHERE a.tenant_id = e.tenant_id AND a.target_id = e.target_id AND a.is_shared)) \
        OR (e.kind IN ('report_shared', 'report_replaced', 'follow_up_required', 'follow_up_planned') AND g.may_see_reports \
            AND EXISTS (SELECT 1 FROM visit_report v JOIN portal_release p ON p.tenant_id = v.tenant_id AND p.visit_report_id = v.id AND p.status = 'published' \
              WHERE v.tenant_id = e.tenant_id AND v.target_id = e.target_id AND (e.kind NOT IN ('follow_up_required', 'follow_up_planned') OR p.follow_up IS NOT NULL))))) \
     ORDER BY e.at DESC, e.id DESC LIMIT $6"
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

/// An appointment with its place in the history of its job.
#[derive(sqlx::FromRow)]
struct EntryRow {
    target_id: Uuid,
    earlier: i64,
    #[sqlx(flatten)]
    appointment: AppointmentRow,
}

/// A job's id with the sequence number of its last appointment.
impl From<EntryRow> for (Uuid, u32, PublicAppointment) {
    fn from(row: EntryRow) -> Self {
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
    pub(crate) fn scope(&self) -> (Uuid, Uuid, DateTime<Utc>) {
        (self.actor.tenant().uuid(), self.actor.id().uuid(), self.now)
    }

    pub(crate) async fn upcoming_appointments(&mut self, limit: i64) -> Result<Vec<PublicAppointment>, StoreError> {
        let (tenant, own, now) = self.scope();
        Ok(all!(&mut self.tx, AppointmentRow, UPCOMING, tenant, own, now, limit)?
            .into_iter()
            .map(Into::into)
            .collect())
    }

    pub(crate) async fn past_appointments(
        &mut self,
        before: Option<(DateTime<Utc>, AppointmentId)>,
        limit: i64,
    ) -> Result<Vec<PublicAppointment>, StoreError> {
        let (tenant, own, now) = self.scope();
        let (at, id) = before.map_or((crate::db::far_future(), Uuid::max()), |(at, id)| (at, id.uuid()));
        Ok(
            all!(&mut self.tx, AppointmentRow, PAST, tenant, own, now, at, id, limit)?
                .into_iter()
                .map(Into::into)
                .collect(),
        )
    }

    pub(crate) async fn appointment(&mut self, id: AppointmentId) -> Result<Option<PublicAppointment>, StoreError> {
        let (tenant, own, now) = self.scope();
        Ok(maybe!(&mut self.tx, AppointmentRow, APPOINTMENT, tenant, own, now, id.uuid())?.map(Into::into))
    }

    /// The visit that a request led to, if its appointments are this person's to see.
    pub(crate) async fn appointment_of_request(
        &mut self,
        id: RequestId,
    ) -> Result<Option<PublicAppointment>, StoreError> {
        let (tenant, own, now) = self.scope();
        Ok(maybe!(&mut self.tx, AppointmentRow, OF_REQUEST, tenant, own, now, id.uuid())?.map(Into::into))
    }

    /// Appointments for a calendar, with their jobs and sequence numbers.
    pub(crate) async fn calendar_entries(
        &mut self,
        since: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<(Uuid, u32, PublicAppointment)>, StoreError> {
        let (tenant, own, now) = self.scope();
        Ok(all!(&mut self.tx, EntryRow, ENTRIES, tenant, own, now, since, limit)?
            .into_iter()
            .map(Into::into)
            .collect())
    }

    pub(crate) async fn calendar_entry(
        &mut self,
        id: AppointmentId,
    ) -> Result<Option<(Uuid, u32, PublicAppointment)>, StoreError> {
        let (tenant, own, now) = self.scope();
        Ok(maybe!(&mut self.tx, EntryRow, ENTRY, tenant, own, now, id.uuid())?.map(Into::into))
    }

    pub(crate) async fn reports(
        &mut self,
        before: Option<(DateTime<Utc>, ReleaseId)>,
        limit: i64,
    ) -> Result<Vec<PublicReport>, StoreError> {
        let (tenant, own, now) = self.scope();
        let (at, id) = before.map_or((crate::db::far_future(), Uuid::max()), |(at, id)| (at, id.uuid()));
        Ok(all!(&mut self.tx, ReportRow, REPORTS, tenant, own, now, at, id, limit)?
            .into_iter()
            .map(Into::into)
            .collect())
    }

    /// A published report with the files that may be downloaded.
    pub(crate) async fn report(&mut self, id: ReleaseId) -> Result<Option<PublicReport>, StoreError> {
        let (tenant, own, now) = self.scope();
        let Some(row) = maybe!(&mut self.tx, ReportRow, REPORT, tenant, own, now, id.uuid())? else {
            return Ok(None);
        };
        let files = all!(
            &mut self.tx,
            (Key<AttachmentKind>, String, String, i64),
            ATTACHMENTS,
            tenant,
            own,
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
        let (tenant, own, now) = self.scope();
        maybe!(&mut self.tx, FileRow, ATTACHMENT_FILE, tenant, own, now, id.uuid())
    }

    /// Follow-ups, newest first: all of them, or what is still to be done.
    pub(crate) async fn follow_ups(
        &mut self,
        only_open: bool,
        before: Option<(DateTime<Utc>, FollowUpId)>,
        limit: i64,
    ) -> Result<Vec<PublicFollowUp>, StoreError> {
        let (tenant, own, now) = self.scope();
        let (at, id) = before.map_or((crate::db::far_future(), Uuid::max()), |(at, id)| (at, id.uuid()));
        let sql = if only_open { OPEN_FOLLOW_UPS } else { FOLLOW_UPS };
        Ok(all!(&mut self.tx, FollowUpRow, sql, tenant, own, now, at, id, limit)?
            .into_iter()
            .map(Into::into)
            .collect())
    }

    /// A page of milestones, newest first, and where the next page begins.
    pub(crate) async fn milestones(
        &mut self,
        before: Option<(DateTime<Utc>, Uuid)>,
        limit: i64,
    ) -> Result<Vec<PublicMilestone>, StoreError> {
        let (tenant, own, now) = self.scope();
        let (at, id) = before.unwrap_or((crate::db::far_future(), Uuid::max()));
        let rows = all!(
            &mut self.tx,
            (Uuid, String, DateTime<Utc>, Option<String>, Option<i64>),
            TIMELINE,
            tenant,
            own,
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
