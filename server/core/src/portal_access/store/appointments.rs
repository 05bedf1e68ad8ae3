//! Portal queries for appointments and calendars. Every statement joins the user's grants, so an appointment outside them
//! is not found.

use chrono::{DateTime, Utc};
use domain::ids::{AppointmentId, AppointmentKind, LocationId, LocationKind, ReleaseId, RequestId};
use domain::public::{CalendarEntry, PublicAppointment};
use domain::public_language::PublicVisit;
use domain::requests::ServiceType;
use uuid::Uuid;

use crate::db::Key;
use crate::db::StoreError;
use crate::db::TenantTx;
use crate::identity::actors::Contact;
use crate::portal_access::store::granted::{granted, has_grant, in_force, reaches};

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
                    location.id AS location_id, location.name AS location, location.street, location.postal_code, location.city,
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
                FROM appointment
                JOIN target ON target.tenant_id = appointment.tenant_id
                    AND target.id = appointment.target_id
                JOIN location ON location.tenant_id = target.tenant_id AND location.id = target.location_id
                JOIN staff_account AS technician ON technician.tenant_id = appointment.tenant_id
                    AND technician.id = appointment.technician_id
                JOIN tenant ON tenant.id = appointment.tenant_id
                WHERE appointment.tenant_id = $1
                  AND appointment.is_shared
                  AND
            ",
            granted!("may_see_appointments", "target.customer_id", "target.location_id"),
            "\n"
        )
    };
}
const SELECT_UPCOMING_APPOINTMENTS: &str = concat!(
    select_appointments!(),
    r"
          AND appointment.status = 'planned'
          AND appointment.ends_at >= $3
          AND ($5 IS NULL OR target.location_id = $5)
        ORDER BY appointment.starts_at, appointment.id
        LIMIT $4
    "
);
/// The next appointment at each location.
const SELECT_NEXT_APPOINTMENTS: &str = concat!(
    select_appointments!(),
    r"
          AND appointment.status = 'planned'
          AND appointment.ends_at >= $3
          AND NOT EXISTS (
              SELECT 1
              FROM appointment AS earlier
              JOIN target AS other ON other.tenant_id = earlier.tenant_id AND other.id = earlier.target_id
              WHERE earlier.tenant_id = appointment.tenant_id
                AND earlier.is_shared
                AND earlier.status = 'planned'
                AND earlier.ends_at >= $3
                AND other.customer_id = target.customer_id
                AND other.location_id = target.location_id
                AND (earlier.starts_at, earlier.id) < (appointment.starts_at, appointment.id)
          )
        ORDER BY appointment.starts_at, appointment.id
        LIMIT $4
    "
);
/// Rescheduled appointments are in the history of the one that replaced them.
const SELECT_PAST_APPOINTMENTS: &str = concat!(
    select_appointments!(),
    r"
          AND appointment.status <> 'moved'
          AND (appointment.status <> 'planned' OR appointment.ends_at < $3)
          AND (appointment.starts_at, appointment.id) < ($4, $5)
          AND ($7 IS NULL OR target.location_id = $7)
        ORDER BY appointment.starts_at DESC, appointment.id DESC
        LIMIT $6
    "
);
const SELECT_APPOINTMENT: &str = concat!(select_appointments!(), "AND appointment.id = $4");
/// The rescheduled appointments of the job of an appointment.
const SELECT_EARLIER_APPOINTMENTS: &str = concat!(
    select_appointments!(),
    r"
          AND appointment.status = 'moved'
          AND appointment.id <> $4
          AND appointment.target_id = (
              SELECT shown.target_id
              FROM appointment AS shown
              WHERE shown.tenant_id = $1
                AND shown.id = $4
                AND shown.is_shared
          )
        ORDER BY appointment.created_at DESC, appointment.id DESC
        LIMIT 50
    "
);
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
/// The visit of a published report that the user can read.
const SELECT_APPOINTMENT_OF_REPORT: &str = concat!(
    select_appointments!(),
    r"
          AND appointment.status = 'done'
          AND appointment.id = (
              SELECT report.appointment_id
              FROM portal_release
              JOIN visit_report AS report ON report.tenant_id = portal_release.tenant_id
                  AND report.id = portal_release.visit_report_id
              WHERE portal_release.tenant_id = $1
                AND portal_release.id = $4
                AND portal_release.status = 'published'
          )
    "
);
/// The latest shared appointment of each job, so a rescheduled one appears at its new time only.
macro_rules! select_calendar_entries {
    () => {
        concat!(
            select_appointments!(
                r"
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

#[derive(sqlx::FromRow)]
struct AppointmentRow {
    id: Key<AppointmentKind>,
    #[sqlx(try_from = "String")]
    appointment_status: domain::jobs::targets::AppointmentStatus,
    #[sqlx(try_from = "String")]
    target_status: domain::jobs::targets::TargetStatus,
    service_type: Option<String>,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    zone: String,
    location_id: Key<LocationKind>,
    location: String,
    street: Option<String>,
    postal_code: Option<String>,
    city: Option<String>,
    technician: Option<String>,
    delay_minutes: Option<i64>,
}

/// An appointment with the number of earlier appointments of its job.
#[derive(sqlx::FromRow)]
struct CalendarEntryRow {
    target_id: Uuid,
    changed_at: DateTime<Utc>,
    earlier: i64,
    #[sqlx(flatten)]
    appointment: AppointmentRow,
}

/// An appointment for a calendar.
#[derive(Debug, Clone)]
pub(crate) struct CalendarAppointment {
    pub target: Uuid,
    pub sequence: u32,
    pub changed_at: DateTime<Utc>,
    pub appointment: PublicAppointment,
}

impl From<CalendarEntryRow> for CalendarAppointment {
    fn from(row: CalendarEntryRow) -> Self {
        let appointment = PublicAppointment::from(row.appointment);
        let earlier = u32::try_from(row.earlier).unwrap_or(u32::MAX);
        let is_cancelled = appointment.status == PublicVisit::Cancelled;
        let sequence = CalendarEntry::sequence_after(earlier, is_cancelled);
        Self {
            target: row.target_id,
            sequence,
            changed_at: row.changed_at,
            appointment,
        }
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
            location_id: Some(row.location_id.0),
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
            delay_minutes: row.delay_minutes,
        }
    }
}

impl TenantTx<'_, Contact> {
    pub(crate) async fn upcoming_appointments(
        &mut self,
        location: Option<LocationId>,
        limit: i64,
    ) -> Result<Vec<PublicAppointment>, StoreError> {
        let (tenant, account, now) = self.scope();
        Ok(self
            .tx
            .fetch_all::<AppointmentRow>(
                SELECT_UPCOMING_APPOINTMENTS,
                (tenant, account, now, limit, location.map(LocationId::uuid)),
            )
            .await?
            .into_iter()
            .map(Into::into)
            .collect())
    }

    /// Returns the next appointment at each location, earliest first.
    pub(crate) async fn next_appointments(&mut self, limit: i64) -> Result<Vec<PublicAppointment>, StoreError> {
        let (tenant, account, now) = self.scope();
        Ok(self
            .tx
            .fetch_all::<AppointmentRow>(SELECT_NEXT_APPOINTMENTS, (tenant, account, now, limit))
            .await?
            .into_iter()
            .map(Into::into)
            .collect())
    }

    pub(crate) async fn past_appointments(
        &mut self,
        location: Option<LocationId>,
        before: Option<(DateTime<Utc>, AppointmentId)>,
        limit: i64,
    ) -> Result<Vec<PublicAppointment>, StoreError> {
        let (tenant, account, now) = self.scope();
        let (at, id) = before.map_or((crate::db::far_future(), Uuid::max()), |(at, id)| (at, id.uuid()));
        Ok(self
            .tx
            .fetch_all::<AppointmentRow>(
                SELECT_PAST_APPOINTMENTS,
                (tenant, account, now, at, id, limit, location.map(LocationId::uuid)),
            )
            .await?
            .into_iter()
            .map(Into::into)
            .collect())
    }

    pub(crate) async fn appointment(&mut self, id: AppointmentId) -> Result<Option<PublicAppointment>, StoreError> {
        let (tenant, account, now) = self.scope();
        Ok(self
            .tx
            .fetch_optional::<AppointmentRow>(SELECT_APPOINTMENT, (tenant, account, now, id.uuid()))
            .await?
            .map(Into::into))
    }

    /// Returns the rescheduled appointments of the job of an appointment, latest first.
    pub(crate) async fn earlier_appointments(
        &mut self,
        id: AppointmentId,
    ) -> Result<Vec<PublicAppointment>, StoreError> {
        let (tenant, account, now) = self.scope();
        Ok(self
            .tx
            .fetch_all::<AppointmentRow>(SELECT_EARLIER_APPOINTMENTS, (tenant, account, now, id.uuid()))
            .await?
            .into_iter()
            .map(Into::into)
            .collect())
    }

    /// Returns the appointment of a request's job, if the user may see its appointments.
    pub(crate) async fn appointment_of_request(
        &mut self,
        id: RequestId,
    ) -> Result<Option<PublicAppointment>, StoreError> {
        let (tenant, account, now) = self.scope();
        Ok(self
            .tx
            .fetch_optional::<AppointmentRow>(SELECT_APPOINTMENT_OF_REQUEST, (tenant, account, now, id.uuid()))
            .await?
            .map(Into::into))
    }

    /// Returns the visit of a published report, if the user may see its appointments.
    pub(crate) async fn appointment_of_report(
        &mut self,
        id: ReleaseId,
    ) -> Result<Option<PublicAppointment>, StoreError> {
        let (tenant, account, now) = self.scope();
        Ok(self
            .tx
            .fetch_optional::<AppointmentRow>(SELECT_APPOINTMENT_OF_REPORT, (tenant, account, now, id.uuid()))
            .await?
            .map(Into::into))
    }

    /// Returns appointments for a calendar.
    pub(crate) async fn calendar_entries(
        &mut self,
        since: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<CalendarAppointment>, StoreError> {
        let (tenant, account, now) = self.scope();
        Ok(self
            .tx
            .fetch_all::<CalendarEntryRow>(SELECT_CALENDAR_ENTRIES, (tenant, account, now, since, limit))
            .await?
            .into_iter()
            .map(Into::into)
            .collect())
    }

    pub(crate) async fn calendar_entry(
        &mut self,
        id: AppointmentId,
    ) -> Result<Option<CalendarAppointment>, StoreError> {
        let (tenant, account, now) = self.scope();
        Ok(self
            .tx
            .fetch_optional::<CalendarEntryRow>(SELECT_CALENDAR_ENTRY, (tenant, account, now, id.uuid()))
            .await?
            .map(Into::into))
    }
}
