//! Statements for technicians' working hours and absences.

use chrono::{DateTime, NaiveDate, Utc};
use domain::ids::{AbsenceId, AbsenceIdKind, StaffId, StaffKind};
use domain::scheduling::technicians::{AbsenceKind, WorkingWeek};
use sqlx::FromRow;
use sqlx::types::Json;

use crate::db::Key;
use crate::db::StoreError;
use crate::db::TenantTx;
use crate::identity::actors::Administrator;

/// A technician's account with working hours, if they are set up.
#[derive(Debug, Clone, FromRow)]
pub struct TechnicianView {
    pub id: Key<StaffKind>,
    pub display_name: String,
    pub email: String,
    pub locked_at: Option<DateTime<Utc>>,
    pub skills: Json<Vec<String>>,
    /// The technician's zone, or else the tenant's.
    pub zone: String,
    /// Shifts and breaks, once they are set up.
    pub week: Option<Json<WorkingWeek>>,
    pub start_name: Option<String>,
    pub start_latitude: Option<f64>,
    pub start_longitude: Option<f64>,
    /// Where the day ends; the three fields are empty if it ends where it starts.
    pub end_name: Option<String>,
    pub end_latitude: Option<f64>,
    pub end_longitude: Option<f64>,
    /// Incremented with every change; 0 before the first.
    pub revision: i64,
}

/// An absence; the first and the last day are included.
#[derive(Debug, Clone, FromRow)]
pub struct AbsenceView {
    pub id: Key<AbsenceIdKind>,
    pub staff_id: Key<StaffKind>,
    /// In the technician's zone.
    pub first_day: NaiveDate,
    pub last_day: NaiveDate,
    #[sqlx(try_from = "String")]
    pub kind: AbsenceKind,
}

/// A place where a technician's day starts or ends.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DayStartOrEnd {
    pub name: Option<String>,
    pub latitude: f64,
    pub longitude: f64,
}

/// The working hours to store for a technician.
#[derive(Debug)]
pub(crate) struct TechnicianRow<'a> {
    pub zone: &'a str,
    pub week: &'a WorkingWeek,
    pub start: Option<&'a DayStartOrEnd>,
    pub end: Option<&'a DayStartOrEnd>,
}

macro_rules! select_technician {
    ($rest:literal) => {
        concat!(
            r"
                SELECT
                    staff_account.id, staff_account.display_name, staff_account.email,
                    staff_account.locked_at, staff_account.skills,
                    coalesce(technician.zone, tenant.zone) AS zone, technician.week, technician.start_name,
                    technician.start_latitude, technician.start_longitude, technician.end_name,
                    technician.end_latitude, technician.end_longitude,
                    coalesce(technician.revision, 0) AS revision
                FROM staff_account
                JOIN tenant ON tenant.id = staff_account.tenant_id
                LEFT JOIN technician ON technician.tenant_id = staff_account.tenant_id
                    AND technician.staff_id = staff_account.id
                WHERE staff_account.tenant_id = $1
                  AND staff_account.role = 'technician'
            ",
            $rest
        )
    };
}
const SELECT_TECHNICIANS: &str = select_technician!("ORDER BY staff_account.display_name, staff_account.id LIMIT 501");
const SELECT_TECHNICIAN: &str = select_technician!("AND staff_account.id = $2");
const SELECT_ABSENCES: &str = r"
    SELECT id, staff_id, first_day, last_day, kind
    FROM technician_absence
    WHERE tenant_id = $1
      AND last_day >= $2
    ORDER BY first_day, id
    LIMIT 5000
";
const SELECT_ABSENCES_OF_TECHNICIAN: &str = r"
    SELECT id, staff_id, first_day, last_day, kind
    FROM technician_absence
    WHERE tenant_id = $1
      AND staff_id = $2
      AND last_day >= $3
    ORDER BY first_day, id
    LIMIT 500
";
/// The first row has revision 1; an update increments the revision if it is the expected one.
const UPSERT_TECHNICIAN: &str = r"
    INSERT INTO technician (
        tenant_id, staff_id, zone, week, start_name, start_latitude, start_longitude, end_name,
        end_latitude, end_longitude, revision, updated_at
    )
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1, $11)
    ON CONFLICT (tenant_id, staff_id)
    DO UPDATE SET
        zone = excluded.zone, week = excluded.week, start_name = excluded.start_name,
        start_latitude = excluded.start_latitude, start_longitude = excluded.start_longitude,
        end_name = excluded.end_name, end_latitude = excluded.end_latitude,
        end_longitude = excluded.end_longitude, revision = technician.revision + 1,
        updated_at = excluded.updated_at
    WHERE technician.revision = $12
";
const UPDATE_SKILLS: &str =
    "UPDATE staff_account SET skills = $3 WHERE tenant_id = $1 AND id = $2 AND role = 'technician'";
const INSERT_ABSENCE: &str = r"
    INSERT INTO technician_absence (tenant_id, id, staff_id, first_day, last_day, kind, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
";
const DELETE_ABSENCE: &str = "DELETE FROM technician_absence WHERE tenant_id = $1 AND staff_id = $2 AND id = $3";

const SELECT_TENANT_ZONE: &str = "SELECT zone FROM tenant WHERE id = $1";

impl<A: Administrator> TenantTx<'_, A> {
    pub(crate) async fn tenant_zone(&mut self) -> Result<String, StoreError> {
        let tenant = self.tenant();
        Ok(self.tx.fetch_one::<(String,)>(SELECT_TENANT_ZONE, (tenant,)).await?.0)
    }

    /// Lists all technicians, sorted by name.
    pub(crate) async fn technicians_with_hours(&mut self) -> Result<Vec<TechnicianView>, StoreError> {
        let tenant = self.tenant();
        self.tx.fetch_all::<TechnicianView>(SELECT_TECHNICIANS, (tenant,)).await
    }

    pub(crate) async fn technician(&mut self, id: StaffId) -> Result<Option<TechnicianView>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_optional::<TechnicianView>(SELECT_TECHNICIAN, (tenant, id.uuid()))
            .await
    }

    /// Lists all absences that end on or after a day.
    pub(crate) async fn absences(&mut self, from: NaiveDate) -> Result<Vec<AbsenceView>, StoreError> {
        let tenant = self.tenant();
        self.tx.fetch_all::<AbsenceView>(SELECT_ABSENCES, (tenant, from)).await
    }

    /// Lists a technician's absences that end on or after a day.
    pub(crate) async fn absences_of(&mut self, id: StaffId, from: NaiveDate) -> Result<Vec<AbsenceView>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<AbsenceView>(SELECT_ABSENCES_OF_TECHNICIAN, (tenant, id.uuid(), from))
            .await
    }

    /// Stores a technician's working hours; returns false if the revision is outdated.
    pub(crate) async fn upsert_technician(
        &mut self,
        id: StaffId,
        row: &TechnicianRow<'_>,
        revision: i64,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let name = |place: Option<&DayStartOrEnd>| place.and_then(|place| place.name.clone());
        let latitude = |place: Option<&DayStartOrEnd>| place.map(|place| place.latitude);
        let longitude = |place: Option<&DayStartOrEnd>| place.map(|place| place.longitude);
        let changed = self
            .tx
            .execute(
                UPSERT_TECHNICIAN,
                (
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
                    revision,
                ),
            )
            .await?;
        Ok(changed == 1)
    }

    pub(crate) async fn set_skills(&mut self, id: StaffId, skills: &[String]) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        Ok(self
            .tx
            .execute(UPDATE_SKILLS, (tenant, id.uuid(), Json(skills)))
            .await?
            == 1)
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
        self.tx
            .execute(
                INSERT_ABSENCE,
                (tenant, id.uuid(), staff.uuid(), first, last, kind.name(), now),
            )
            .await
            .map(drop)
    }

    /// Deletes an absence; returns false if it does not exist.
    pub(crate) async fn delete_absence(&mut self, staff: StaffId, id: AbsenceId) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        Ok(self
            .tx
            .execute(DELETE_ABSENCE, (tenant, staff.uuid(), id.uuid()))
            .await?
            == 1)
    }
}
