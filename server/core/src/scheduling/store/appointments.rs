//! Statements for appointments and a technician's visits.

use chrono::{DateTime, Utc};
use domain::ids::{AppointmentId, StaffId, TargetId};
use domain::jobs::targets::AppointmentStatus;
use uuid::Uuid;

use crate::db::EngineSql;
use crate::db::StoreError;
use crate::db::TenantTx;
use crate::identity::actors::{Actor as _, Administrator, Operator, Staff};
use crate::scheduling::model::AppointmentSummary;
use crate::visits::model::DayStop;

/// An appointment to insert.
pub(crate) struct NewAppointment<'a> {
    pub id: AppointmentId,
    pub target: TargetId,
    pub technician: StaffId,
    pub is_shared: bool,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub zone: &'a str,
    /// Why it is entered only after it has ended.
    pub recorded_reason: Option<&'a str>,
}

const INSERT_APPOINTMENT: &str = r"
    INSERT INTO appointment (
        tenant_id, id, target_id, technician_id, status, is_shared, starts_at, ends_at, zone, created_at,
        recorded_reason, seen_status
    )
    VALUES ($1, $2, $3, $4, 'planned', $5, $6, $7, $8, $9, $10, 'none')
";
/// A visit that took place without having been planned.
const INSERT_PAST_APPOINTMENT: &str = r"
    INSERT INTO appointment (
        tenant_id, id, target_id, technician_id, status, is_shared, starts_at, ends_at, zone, created_at,
        recorded_reason
    )
    VALUES ($1, $2, $3, $4, 'done', $5, $6, $7, $8, $9, $10)
";
const CLOSE_PLANNED_APPOINTMENT: &str =
    "UPDATE appointment SET status = $3 WHERE tenant_id = $1 AND target_id = $2 AND status = 'planned'";
const SELECT_APPOINTMENTS_OF_TARGET: &str = r"
    SELECT
        appointment.id, appointment.status, appointment.is_shared, appointment.starts_at,
        appointment.ends_at, appointment.zone, appointment.technician_id, appointment.recorded_reason,
        staff_account.display_name AS technician
    FROM appointment
    JOIN staff_account ON staff_account.tenant_id = appointment.tenant_id
        AND staff_account.id = appointment.technician_id
    WHERE appointment.tenant_id = $1
      AND appointment.target_id = $2
    ORDER BY appointment.created_at DESC, appointment.id DESC
    LIMIT 50
";
/// The row lock serializes transactions that schedule the same technician.
static SELECT_TECHNICIAN: EngineSql = EngineSql::new(
    r"
    SELECT id
    FROM staff_account
    WHERE tenant_id = $1
      AND id = $2
      AND role = 'technician'
      AND locked_at IS NULL
    FOR NO KEY UPDATE
",
);
const SELECT_OVERLAPPING_TARGET: &str = r"
    SELECT target.number
    FROM appointment
    JOIN target ON target.tenant_id = appointment.tenant_id AND target.id = appointment.target_id
    WHERE appointment.tenant_id = $1
      AND appointment.technician_id = $2
      AND appointment.status = 'planned'
      AND appointment.target_id <> $3
      AND appointment.starts_at < $5
      AND appointment.ends_at > $4
    ORDER BY appointment.starts_at
    LIMIT 1
";
macro_rules! select_stop {
    () => {
        r"
            SELECT
                appointment.id AS appointment_id, appointment.is_shared, appointment.starts_at,
                appointment.ends_at, appointment.zone, appointment.status AS appointment_status,
                target.id AS target_id, target.number, target.status, target.priority, target.service_type,
                target.notes, target.place, target.location_id, customer.name AS customer_name,
                location.name AS location_name, location.street, location.postal_code, location.city,
                location.country, location.access_notes, location.latitude, location.longitude, contact.display_name AS contact_name,
                contact.phone AS contact_phone, visit_report.id AS report_id,
                visit_report.status AS report_status, visit_report.return_reason,
                visit_report.decided_at AS report_decided_at,
                (
                    SELECT max(travel.at)
                    FROM timeline_entry AS travel
                    WHERE travel.tenant_id = target.tenant_id
                      AND travel.target_id = target.id
                      AND travel.kind = 'target_en_route'
                ) AS travel_started_at,
                appointment.shown_at IS NOT NULL AS is_shown, appointment.seen_status,
                EXISTS (
                    SELECT 1
                    FROM appointment AS earlier
                    WHERE earlier.tenant_id = appointment.tenant_id
                      AND earlier.target_id = appointment.target_id
                      AND earlier.technician_id = appointment.technician_id
                      AND earlier.status = 'moved'
                      AND earlier.shown_at IS NOT NULL
                ) AS was_moved,
                (
                    SELECT max(message.created_at)
                    FROM request
                    JOIN customer_message AS message ON message.tenant_id = request.tenant_id
                        AND message.request_id = request.id
                    WHERE request.tenant_id = target.tenant_id
                      AND request.target_id = target.id
                      AND message.staff_id IS NULL
                      AND appointment.seen_status <> 'any'
                      AND message.created_at > coalesce(appointment.seen_at, appointment.created_at)
                ) AS new_message_at
            FROM appointment
            JOIN target ON target.tenant_id = appointment.tenant_id AND target.id = appointment.target_id
            LEFT JOIN customer ON customer.tenant_id = target.tenant_id AND customer.id = target.customer_id
            LEFT JOIN location ON location.tenant_id = target.tenant_id AND location.id = target.location_id
            LEFT JOIN contact ON contact.tenant_id = target.tenant_id AND contact.id = target.contact_id
            LEFT JOIN visit_report ON visit_report.tenant_id = appointment.tenant_id
                AND visit_report.appointment_id = appointment.id
        "
    };
}
const SELECT_OWN_STOPS: &str = concat!(
    select_stop!(),
    r"
        WHERE appointment.tenant_id = $1
          AND appointment.technician_id = $2
          AND appointment.status IN ('planned', 'done')
          AND appointment.starts_at >= $3
          AND appointment.starts_at < $4
        ORDER BY appointment.starts_at, appointment.id
        LIMIT 100
    "
);
/// Upcoming visits that the technician has not confirmed, or about which the customer has written since.
const SELECT_OWN_CHANGED_STOPS: &str = concat!(
    select_stop!(),
    r"
        WHERE appointment.tenant_id = $1
          AND appointment.technician_id = $2
          AND appointment.status = 'planned'
          AND appointment.ends_at > $3
          AND (
              appointment.seen_status = 'none'
              OR (
                  appointment.seen_status <> 'any'
                  AND EXISTS (
                      SELECT 1
                      FROM request
                      JOIN customer_message AS message ON message.tenant_id = request.tenant_id
                          AND message.request_id = request.id
                      WHERE request.tenant_id = target.tenant_id
                        AND request.target_id = target.id
                        AND message.staff_id IS NULL
                        AND message.created_at > coalesce(appointment.seen_at, appointment.created_at)
                  )
              )
          )
        ORDER BY appointment.starts_at, appointment.id
        LIMIT 100
    "
);
const SELECT_LATEST_OWN_STOP: &str = concat!(
    select_stop!(),
    r"
        WHERE appointment.tenant_id = $1
          AND appointment.technician_id = $2
          AND appointment.target_id = $3
          AND appointment.status IN ('planned', 'done')
        ORDER BY appointment.status = 'planned' DESC, appointment.created_at DESC
        LIMIT 1
    "
);
const SELECT_OWN_RETURNED_STOP: &str = concat!(
    select_stop!(),
    r"
        WHERE appointment.tenant_id = $1
          AND appointment.technician_id = $2
          AND appointment.target_id = $3
          AND appointment.status IN ('planned', 'done')
          AND visit_report.status = 'returned'
        ORDER BY appointment.created_at DESC
        LIMIT 1
    "
);
const SELECT_OWN_RETURNED_STOPS: &str = concat!(
    select_stop!(),
    r"
        WHERE appointment.tenant_id = $1
          AND appointment.technician_id = $2
          AND appointment.status IN ('planned', 'done')
          AND appointment.id IN (
              SELECT returned.appointment_id
              FROM visit_report AS returned
              WHERE returned.tenant_id = $1
                AND returned.technician_id = $2
                AND returned.status = 'returned'
          )
        ORDER BY appointment.starts_at, appointment.id
        LIMIT 50
    "
);
const SELECT_OWN_STOPS_WITH_QUEUED_ENTRIES: &str = concat!(
    select_stop!(),
    r"
        WHERE appointment.tenant_id = $1
          AND appointment.technician_id = $2
          AND appointment.status IN ('planned', 'done')
          AND appointment.target_id IN (
              SELECT day_entry.target_id
              FROM day_entry
              WHERE day_entry.tenant_id = $1
                AND day_entry.technician_id = $2
                AND day_entry.state = 'waiting'
          )
        ORDER BY appointment.created_at DESC
        LIMIT 400
    "
);

const COUNT_PLANNED: &str = r"
    SELECT technician_id, count(*)
    FROM appointment
    WHERE tenant_id = $1
      AND status = 'planned'
    GROUP BY technician_id
";

impl<A: Operator> TenantTx<'_, A> {
    pub(crate) async fn insert_appointment(&mut self, new: &NewAppointment<'_>) -> Result<(), StoreError> {
        self.insert_appointment_row(INSERT_APPOINTMENT, new).await
    }

    /// Inserts the appointment of a visit that took place.
    pub(crate) async fn insert_past_appointment(&mut self, new: &NewAppointment<'_>) -> Result<(), StoreError> {
        self.insert_appointment_row(INSERT_PAST_APPOINTMENT, new).await
    }

    async fn insert_appointment_row(
        &mut self,
        insert: &'static str,
        new: &NewAppointment<'_>,
    ) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        self.tx
            .execute(
                insert,
                (
                    tenant,
                    new.id.uuid(),
                    new.target.uuid(),
                    new.technician.uuid(),
                    new.is_shared,
                    new.starts_at,
                    new.ends_at,
                    new.zone,
                    now,
                    new.recorded_reason,
                ),
            )
            .await?;
        Ok(())
    }

    /// Closes the planned appointment of a target as moved, cancelled or done; returns whether there was one.
    pub(crate) async fn close_planned_appointment(
        &mut self,
        target: TargetId,
        end: AppointmentStatus,
    ) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        Ok(self
            .tx
            .execute(CLOSE_PLANNED_APPOINTMENT, (tenant, target.uuid(), end.name()))
            .await?
            == 1)
    }
}

impl<A: Administrator> TenantTx<'_, A> {
    pub(crate) async fn appointments_of(&mut self, target: TargetId) -> Result<Vec<AppointmentSummary>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<AppointmentSummary>(SELECT_APPOINTMENTS_OF_TARGET, (tenant, target.uuid()))
            .await
    }

    pub(crate) async fn is_technician(&mut self, id: StaffId) -> Result<bool, StoreError> {
        let (tenant, sql) = (self.tenant(), &SELECT_TECHNICIAN);
        Ok(self
            .tx
            .fetch_optional::<(Uuid,)>(sql, (tenant, id.uuid()))
            .await?
            .is_some())
    }

    /// Returns the number of another target whose appointment overlaps the given time for the technician.
    pub(crate) async fn overlapping_target(
        &mut self,
        technician: StaffId,
        target: TargetId,
        starts_at: DateTime<Utc>,
        ends_at: DateTime<Utc>,
    ) -> Result<Option<i64>, StoreError> {
        let tenant = self.tenant();
        Ok(self
            .tx
            .fetch_optional::<(i64,)>(
                SELECT_OVERLAPPING_TARGET,
                (tenant, technician.uuid(), target.uuid(), starts_at, ends_at),
            )
            .await?
            .map(|(number,)| number))
    }
}

impl TenantTx<'_, Staff> {
    /// Counts the planned visits of each technician.
    pub(crate) async fn planned_visits_by_technician(&mut self) -> Result<Vec<(StaffId, i64)>, StoreError> {
        let tenant = self.tenant();
        let rows = self.tx.fetch_all::<(Uuid, i64)>(COUNT_PLANNED, (tenant,)).await?;
        Ok(rows
            .into_iter()
            .map(|(id, count)| (StaffId::from_uuid(id), count))
            .collect())
    }

    /// Lists the signed-in technician's stops that start within a span.
    pub(crate) async fn own_stops(
        &mut self,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Vec<DayStop>, StoreError> {
        let (tenant, own) = (self.actor.tenant().uuid(), self.actor.id().uuid());
        self.tx
            .fetch_all::<DayStop>(SELECT_OWN_STOPS, (tenant, own, from, until))
            .await
    }

    /// Lists the signed-in technician's upcoming stops with changes that were not confirmed.
    pub(crate) async fn own_changed_stops(&mut self, since: DateTime<Utc>) -> Result<Vec<DayStop>, StoreError> {
        let (tenant, own) = (self.actor.tenant().uuid(), self.actor.id().uuid());
        self.tx
            .fetch_all::<DayStop>(SELECT_OWN_CHANGED_STOPS, (tenant, own, since))
            .await
    }

    /// Lists the signed-in technician's stops whose report was returned for correction, on any day.
    pub(crate) async fn own_returned_stops(&mut self) -> Result<Vec<DayStop>, StoreError> {
        let (tenant, own) = (self.actor.tenant().uuid(), self.actor.id().uuid());
        self.tx
            .fetch_all::<DayStop>(SELECT_OWN_RETURNED_STOPS, (tenant, own))
            .await
    }

    /// Lists the signed-in technician's stops that have queued sync conflicts, the latest of each job first.
    pub(crate) async fn own_stops_with_queued_entries(&mut self) -> Result<Vec<DayStop>, StoreError> {
        let (tenant, own) = (self.actor.tenant().uuid(), self.actor.id().uuid());
        self.tx
            .fetch_all::<DayStop>(SELECT_OWN_STOPS_WITH_QUEUED_ENTRIES, (tenant, own))
            .await
    }

    /// Finds the signed-in technician's stop of a job whose report was returned. It may not be the latest stop if the
    /// job was scheduled again.
    pub(crate) async fn own_returned_stop(&mut self, target: TargetId) -> Result<Option<DayStop>, StoreError> {
        let (tenant, own) = (self.actor.tenant().uuid(), self.actor.id().uuid());
        self.tx
            .fetch_optional::<DayStop>(SELECT_OWN_RETURNED_STOP, (tenant, own, target.uuid()))
            .await
    }

    /// Finds the signed-in technician's latest stop of a job.
    pub(crate) async fn own_stop(&mut self, target: TargetId) -> Result<Option<DayStop>, StoreError> {
        let (tenant, own) = (self.actor.tenant().uuid(), self.actor.id().uuid());
        self.tx
            .fetch_optional::<DayStop>(SELECT_LATEST_OWN_STOP, (tenant, own, target.uuid()))
            .await
    }
}
