//! Appointments and the technician's day.

use chrono::{DateTime, Utc};
use domain::ids::{AppointmentId, StaffId, TargetId};
use domain::targets::AppointmentStatus;

use crate::db::TenantTx;
use crate::db::{StoreError, all, maybe, run};
use crate::identity::actors::{Actor as _, Administrator, Operator, Staff};
use crate::scheduling::model::AppointmentLine;
use crate::visits::model::DayStop;

/// An appointment to make.
pub(crate) struct NewAppointment<'a> {
    pub id: AppointmentId,
    pub target: TargetId,
    pub technician: StaffId,
    pub is_shared: bool,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub zone: &'a str,
}

const INSERT: &str = "INSERT INTO appointment (tenant_id, id, target_id, technician_id, status, is_shared, starts_at, ends_at, zone, created_at) \
    VALUES ($1, $2, $3, $4, 'planned', $5, $6, $7, $8, $9)";
const END_PLANNED: &str =
    "UPDATE appointment SET status = $3 WHERE tenant_id = $1 AND target_id = $2 AND status = 'planned'";
const OF_TARGET: &str = "SELECT a.id, a.status, a.is_shared, a.starts_at, a.ends_at, a.zone, a.technician_id, s.display_name AS technician \
    FROM appointment a JOIN staff_account s ON s.tenant_id = a.tenant_id AND s.id = a.technician_id \
    WHERE a.tenant_id = $1 AND a.target_id = $2 ORDER BY a.created_at DESC, a.id DESC LIMIT 50";
const IS_TECHNICIAN_SQLITE: &str =
    "SELECT id FROM staff_account WHERE tenant_id = $1 AND id = $2 AND role = 'technician' AND locked_at IS NULL";
/// The lock makes two dispatchers who plan one technician follow one another.
const IS_TECHNICIAN_POSTGRES: &str = "SELECT id FROM staff_account WHERE tenant_id = $1 AND id = $2 AND role = 'technician' AND locked_at IS NULL FOR NO KEY UPDATE";
const OVERLAP: &str = "SELECT t.number FROM appointment a JOIN target t ON t.tenant_id = a.tenant_id AND t.id = a.target_id \
    WHERE a.tenant_id = $1 AND a.technician_id = $2 AND a.status = 'planned' AND a.target_id <> $3 AND a.starts_at < $5 AND a.ends_at > $4 ORDER BY a.starts_at LIMIT 1";
macro_rules! stop {
    () => {
        "SELECT a.id AS appointment_id, a.is_shared, a.starts_at, a.ends_at, a.zone, a.status AS appointment_status, t.id AS target_id, t.number, t.status, t.priority, t.service_type, t.notes, \
         c.name AS customer_name, l.name AS location_name, l.street, l.postal_code, l.city, l.access_notes, l.latitude, l.longitude, \
         k.display_name AS contact_name, k.phone AS contact_phone, r.id AS report_id, r.status AS report_status, r.return_reason, r.decided_at AS report_decided_at \
         FROM appointment a JOIN target t ON t.tenant_id = a.tenant_id AND t.id = a.target_id \
         LEFT JOIN customer c ON c.tenant_id = t.tenant_id AND c.id = t.customer_id \
         LEFT JOIN location l ON l.tenant_id = t.tenant_id AND l.id = t.location_id \
         LEFT JOIN contact k ON k.tenant_id = t.tenant_id AND k.id = t.contact_id \
         LEFT JOIN visit_report r ON r.tenant_id = a.tenant_id AND r.appointment_id = a.id "
    };
}
const DAY: &str = concat!(
    stop!(),
    "WHERE a.tenant_id = $1 AND a.technician_id = $2 AND a.status IN ('planned', 'done') AND a.starts_at >= $3 AND a.starts_at < $4 ORDER BY a.starts_at, a.id LIMIT 100"
);
const STOP: &str = concat!(
    stop!(),
    "WHERE a.tenant_id = $1 AND a.technician_id = $2 AND a.target_id = $3 AND a.status IN ('planned', 'done') ORDER BY a.created_at DESC LIMIT 1"
);
const RETURNED_STOP: &str = concat!(
    stop!(),
    "WHERE a.tenant_id = $1 AND a.technician_id = $2 AND a.target_id = $3 AND a.status IN ('planned', 'done') AND r.status = 'returned' ORDER BY a.created_at DESC LIMIT 1"
);
const RETURNED_STOPS: &str = concat!(
    stop!(),
    "WHERE a.tenant_id = $1 AND a.technician_id = $2 AND a.status IN ('planned', 'done') \
     AND a.id IN (SELECT v.appointment_id FROM visit_report v WHERE v.tenant_id = $1 AND v.technician_id = $2 AND v.status = 'returned') \
     ORDER BY a.starts_at, a.id LIMIT 50"
);
const STOPS_OF_WAITING: &str = concat!(
    stop!(),
    "WHERE a.tenant_id = $1 AND a.technician_id = $2 AND a.status IN ('planned', 'done') \
     AND a.target_id IN (SELECT e.target_id FROM day_entry e WHERE e.tenant_id = $1 AND e.technician_id = $2 AND e.state = 'waiting') \
     ORDER BY a.created_at DESC LIMIT 400"
);

impl<A: Operator> TenantTx<'_, A> {
    pub(crate) async fn insert_appointment(&mut self, new: &NewAppointment<'_>) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        run!(
            &mut self.tx,
            INSERT,
            tenant,
            new.id.uuid(),
            new.target.uuid(),
            new.technician.uuid(),
            new.is_shared,
            new.starts_at,
            new.ends_at,
            new.zone,
            now
        )?;
        Ok(())
    }

    /// Ends the planned appointment of a target as moved, cancelled or done; the answer says whether there was one.
    pub(crate) async fn end_planned_appointment(
        &mut self,
        target: TargetId,
        end: AppointmentStatus,
    ) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        Ok(run!(&mut self.tx, END_PLANNED, tenant, target.uuid(), end.name())? == 1)
    }
}

impl<A: Administrator> TenantTx<'_, A> {
    pub(crate) async fn appointments_of(&mut self, target: TargetId) -> Result<Vec<AppointmentLine>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, AppointmentLine, OF_TARGET, tenant, target.uuid())
    }

    pub(crate) async fn is_technician(&mut self, id: StaffId) -> Result<bool, StoreError> {
        let (tenant, sql) = (
            self.tenant(),
            self.tx.dialect(IS_TECHNICIAN_SQLITE, IS_TECHNICIAN_POSTGRES),
        );
        Ok(maybe!(&mut self.tx, (uuid::Uuid,), sql, tenant, id.uuid())?.is_some())
    }

    /// The number of another target that the technician has in that time.
    pub(crate) async fn overlapping_target(
        &mut self,
        technician: StaffId,
        target: TargetId,
        starts_at: DateTime<Utc>,
        ends_at: DateTime<Utc>,
    ) -> Result<Option<i64>, StoreError> {
        let tenant = self.tenant();
        Ok(maybe!(
            &mut self.tx,
            (i64,),
            OVERLAP,
            tenant,
            technician.uuid(),
            target.uuid(),
            starts_at,
            ends_at
        )?
        .map(|(number,)| number))
    }
}

impl TenantTx<'_, Staff> {
    /// The own stops that start within a span.
    pub(crate) async fn own_stops(
        &mut self,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Vec<DayStop>, StoreError> {
        let (tenant, own) = (self.actor.tenant().uuid(), self.actor.id().uuid());
        all!(&mut self.tx, DayStop, DAY, tenant, own, from, until)
    }

    /// The own stops whose report came back, whatever their day.
    pub(crate) async fn own_returned_stops(&mut self) -> Result<Vec<DayStop>, StoreError> {
        let (tenant, own) = (self.actor.tenant().uuid(), self.actor.id().uuid());
        all!(&mut self.tx, DayStop, RETURNED_STOPS, tenant, own)
    }

    /// The own stops about which something waits, the latest of each job first.
    pub(crate) async fn own_stops_of_waiting(&mut self) -> Result<Vec<DayStop>, StoreError> {
        let (tenant, own) = (self.actor.tenant().uuid(), self.actor.id().uuid());
        all!(&mut self.tx, DayStop, STOPS_OF_WAITING, tenant, own)
    }

    /// The own stop of a job whose report came back. It need not be the latest one: the job may have been planned again.
    pub(crate) async fn own_returned_stop(&mut self, target: TargetId) -> Result<Option<DayStop>, StoreError> {
        let (tenant, own) = (self.actor.tenant().uuid(), self.actor.id().uuid());
        maybe!(&mut self.tx, DayStop, RETURNED_STOP, tenant, own, target.uuid())
    }

    /// One of the own stops, the latest of its job.
    pub(crate) async fn own_stop(&mut self, target: TargetId) -> Result<Option<DayStop>, StoreError> {
        let (tenant, own) = (self.actor.tenant().uuid(), self.actor.id().uuid());
        maybe!(&mut self.tx, DayStop, STOP, tenant, own, target.uuid())
    }
}
