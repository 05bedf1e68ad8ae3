//! How technicians work, and when they are not there.

use chrono::{DateTime, NaiveDate, Utc};
use domain::ids::{AbsenceId, AbsenceIdKind, StaffId, StaffKind};
use domain::technicians::{AbsenceKind, WorkingWeek};
use sqlx::FromRow;
use sqlx::types::Json;

use crate::db::Key;
use crate::db::TenantTx;
use crate::db::{StoreError, all, maybe, run};
use crate::identity::actors::Administrator;

/// A technician, set up or not.
#[derive(Debug, Clone, FromRow)]
pub struct TechnicianView {
    /// The account.
    pub id: Key<StaffKind>,
    /// The name.
    pub display_name: String,
    /// The address.
    pub email: String,
    /// When the account was locked, if it is.
    pub locked_at: Option<DateTime<Utc>>,
    /// What the technician can do.
    pub skills: Json<Vec<String>>,
    /// The own zone, or else the tenant's.
    pub zone: String,
    /// Shifts and breaks, once they are set up.
    pub week: Option<Json<WorkingWeek>>,
    /// Where the day begins.
    pub start_name: Option<String>,
    /// Degrees north.
    pub start_latitude: Option<f64>,
    /// Degrees east.
    pub start_longitude: Option<f64>,
    /// Where it ends, if not where it begins.
    pub end_name: Option<String>,
    /// Degrees north.
    pub end_latitude: Option<f64>,
    /// Degrees east.
    pub end_longitude: Option<f64>,
    /// Counts the changes.
    pub revision: i64,
}

/// Days on which a technician is not there, both included.
#[derive(Debug, Clone, FromRow)]
pub struct AbsenceView {
    /// The id.
    pub id: Key<AbsenceIdKind>,
    /// Who.
    pub staff_id: Key<StaffKind>,
    /// The first day, in the technician's zone.
    pub first_day: NaiveDate,
    /// The last one.
    pub last_day: NaiveDate,
    /// Why.
    #[sqlx(try_from = "String")]
    pub kind: AbsenceKind,
}

/// A place where a day begins or ends.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DayPlace {
    pub name: Option<String>,
    pub latitude: f64,
    pub longitude: f64,
}

/// What is written about a technician.
#[derive(Debug)]
pub(crate) struct TechnicianRow<'a> {
    pub zone: &'a str,
    pub week: &'a WorkingWeek,
    pub start: Option<&'a DayPlace>,
    pub end: Option<&'a DayPlace>,
}

macro_rules! view {
    ($rest:literal) => {
        concat!(
            "SELECT s.id, s.display_name, s.email, s.locked_at, s.skills, coalesce(t.zone, n.zone) AS zone, t.week, t.start_name, t.start_latitude, t.start_longitude, \
             t.end_name, t.end_latitude, t.end_longitude, coalesce(t.revision, 0) AS revision \
             FROM staff_account s JOIN tenant n ON n.id = s.tenant_id LEFT JOIN technician t ON t.tenant_id = s.tenant_id AND t.staff_id = s.id \
             WHERE s.tenant_id = $1 AND s.role = 'technician' ",
            $rest
        )
    };
}
const LIST: &str = view!("ORDER BY s.display_name, s.id LIMIT 500");
const ONE: &str = view!("AND s.id = $2");
const ABSENCES: &str = "SELECT id, staff_id, first_day, last_day, kind FROM technician_absence WHERE tenant_id = $1 AND last_day >= $2 ORDER BY first_day, id LIMIT 5000";
const ABSENCES_OF: &str = "SELECT id, staff_id, first_day, last_day, kind FROM technician_absence WHERE tenant_id = $1 AND staff_id = $2 AND last_day >= $3 ORDER BY first_day, id LIMIT 500";
/// A first row is revision 1; a later one counts on, if nobody else was faster.
const SET_UP: &str = "INSERT INTO technician (tenant_id, staff_id, zone, week, start_name, start_latitude, start_longitude, end_name, end_latitude, end_longitude, revision, updated_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1, $11) ON CONFLICT (tenant_id, staff_id) DO UPDATE SET zone = excluded.zone, week = excluded.week, \
    start_name = excluded.start_name, start_latitude = excluded.start_latitude, start_longitude = excluded.start_longitude, \
    end_name = excluded.end_name, end_latitude = excluded.end_latitude, end_longitude = excluded.end_longitude, \
    revision = technician.revision + 1, updated_at = excluded.updated_at WHERE technician.revision = $12";
const SET_SKILLS: &str =
    "UPDATE staff_account SET skills = $3 WHERE tenant_id = $1 AND id = $2 AND role = 'technician'";
const INSERT_ABSENCE: &str = "INSERT INTO technician_absence (tenant_id, id, staff_id, first_day, last_day, kind, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
const DELETE_ABSENCE: &str = "DELETE FROM technician_absence WHERE tenant_id = $1 AND staff_id = $2 AND id = $3";

const ZONE: &str = "SELECT zone FROM tenant WHERE id = $1";

impl<A: Administrator> TenantTx<'_, A> {
    /// The organisation's zone.
    pub(crate) async fn tenant_zone(&mut self) -> Result<String, StoreError> {
        let tenant = self.tenant();
        Ok(crate::db::one!(&mut self.tx, (String,), ZONE, tenant)?.0)
    }

    /// All technicians, by name.
    pub(crate) async fn technicians_set_up(&mut self) -> Result<Vec<TechnicianView>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, TechnicianView, LIST, tenant)
    }

    /// One technician.
    pub(crate) async fn technician(&mut self, id: StaffId) -> Result<Option<TechnicianView>, StoreError> {
        let tenant = self.tenant();
        maybe!(&mut self.tx, TechnicianView, ONE, tenant, id.uuid())
    }

    /// Days off that end on a day or later, of everybody.
    pub(crate) async fn absences(&mut self, from: NaiveDate) -> Result<Vec<AbsenceView>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, AbsenceView, ABSENCES, tenant, from)
    }

    /// The same of one technician.
    pub(crate) async fn absences_of(&mut self, id: StaffId, from: NaiveDate) -> Result<Vec<AbsenceView>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, AbsenceView, ABSENCES_OF, tenant, id.uuid(), from)
    }

    /// Writes how somebody works; `false` if somebody else has changed it since that revision.
    pub(crate) async fn set_up_technician(
        &mut self,
        id: StaffId,
        row: &TechnicianRow<'_>,
        revision: i64,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let name = |place: Option<&DayPlace>| place.and_then(|place| place.name.clone());
        let latitude = |place: Option<&DayPlace>| place.map(|place| place.latitude);
        let longitude = |place: Option<&DayPlace>| place.map(|place| place.longitude);
        let changed = run!(
            &mut self.tx,
            SET_UP,
            tenant,
            id.uuid(),
            row.zone,
            Json(row.week),
            name(row.start),
            latitude(row.start),
            longitude(row.start),
            name(row.end),
            latitude(row.end),
            longitude(row.end),
            now,
            revision
        )?;
        Ok(changed == 1)
    }

    pub(crate) async fn set_skills(&mut self, id: StaffId, skills: &[String]) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        Ok(run!(&mut self.tx, SET_SKILLS, tenant, id.uuid(), Json(skills))? == 1)
    }

    pub(crate) async fn insert_absence(
        &mut self,
        id: AbsenceId,
        staff: StaffId,
        first: NaiveDate,
        last: NaiveDate,
        kind: AbsenceKind,
    ) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        run!(
            &mut self.tx,
            INSERT_ABSENCE,
            tenant,
            id.uuid(),
            staff.uuid(),
            first,
            last,
            kind.name(),
            now
        )
        .map(drop)
    }

    /// Takes days off back; `false` if there are none.
    pub(crate) async fn delete_absence(&mut self, staff: StaffId, id: AbsenceId) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        Ok(run!(&mut self.tx, DELETE_ABSENCE, tenant, staff.uuid(), id.uuid())? == 1)
    }
}
