//! What the board shows: everybody's visits of some days, and the jobs that wait.

use chrono::{DateTime, TimeDelta, Utc};
use domain::customers::{Coordinates, Place};
use domain::ids::{AppointmentKind, StaffId, StaffKind, TargetId, TargetKind};
use domain::requests::Priority;
use domain::targets::{AppointmentStatus, TargetStatus};
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::Key;
use crate::db::TenantTx;
use crate::db::bulk::{hex_id, listed};
use crate::db::{StoreError, all, maybe};
use crate::identity::actors::{Administrator, ApiClient};

/// A job as it is planned.
#[derive(Debug, Clone, FromRow)]
pub struct BoardJob {
    /// The job.
    pub target_id: Key<TargetKind>,
    /// Its number.
    pub number: i64,
    /// Where it stands.
    #[sqlx(try_from = "String")]
    pub status: TargetStatus,
    /// Whether its customer is not resolved yet.
    pub needs_mapping: bool,
    /// How urgent it is.
    #[sqlx(try_from = "String")]
    pub priority: Priority,
    /// What is to be done.
    pub service_type: Option<String>,
    /// How long it takes, in minutes.
    pub duration_minutes: i64,
    /// From when on it may begin.
    pub window_start: Option<DateTime<Utc>>,
    /// Until when it may begin.
    pub window_end: Option<DateTime<Utc>>,
    /// What the technician has to be able to do.
    pub required_skills: Json<Vec<String>>,
    /// Whose job it is.
    pub customer_name: Option<String>,
    /// Where.
    pub location_name: Option<String>,
    /// In which town.
    pub city: Option<String>,
    /// The zone of the place.
    pub location_zone: Option<String>,
    /// Degrees north of the location.
    pub latitude: Option<f64>,
    /// Degrees east of the location.
    pub longitude: Option<f64>,
    /// What the source said about the place of this very job.
    pub place: Json<Place>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl BoardJob {
    /// Where it is on the globe: what the source said about this job, or else the location.
    pub fn point(&self) -> Option<Coordinates> {
        let location = self.latitude.zip(self.longitude);
        self.place
            .coordinates
            .or_else(|| location.map(|(lat, lon)| Coordinates { lat, lon }))
    }

    /// When it may begin, if that was said.
    pub fn window(&self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        self.window_start.zip(self.window_end)
    }
}

/// A planned visit, or one that was made.
#[derive(Debug, Clone, FromRow)]
pub struct BoardVisit {
    /// The appointment.
    pub appointment_id: Key<AppointmentKind>,
    /// Planned or done.
    #[sqlx(try_from = "String")]
    pub appointment_status: AppointmentStatus,
    /// Who goes.
    pub technician_id: Key<StaffKind>,
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// When it ends.
    pub ends_at: DateTime<Utc>,
    /// The zone in which it was agreed.
    pub zone: String,
    /// Whether the customer sees it.
    pub is_shared: bool,
    /// The job.
    #[sqlx(flatten)]
    pub job: BoardJob,
}

macro_rules! job {
    ($before:literal, $joins:literal, $rest:literal) => {
        concat!(
            "SELECT ", $before, "t.id AS target_id, t.number, t.status, t.needs_mapping, t.priority, t.service_type, t.duration_minutes, t.window_start, t.window_end, t.required_skills, t.place, t.created_at, \
             c.name AS customer_name, l.name AS location_name, l.city, l.zone AS location_zone, l.latitude, l.longitude ",
            $joins,
            " LEFT JOIN customer c ON c.tenant_id = t.tenant_id AND c.id = t.customer_id \
             LEFT JOIN location l ON l.tenant_id = t.tenant_id AND l.id = t.location_id ",
            $rest
        )
    };
}
macro_rules! visit {
    ($rest:literal) => {
        job!(
            "a.id AS appointment_id, a.status AS appointment_status, a.technician_id, a.starts_at, a.ends_at, a.zone, a.is_shared, ",
            "FROM appointment a JOIN target t ON t.tenant_id = a.tenant_id AND t.id = a.target_id",
            $rest
        )
    };
}
/// No visit is longer than twelve hours, so the index on their beginnings is enough.
const VISITS: &str = visit!(
    "WHERE a.tenant_id = $1 AND a.status IN ('planned', 'done') AND a.starts_at >= $2 AND a.starts_at < $3 AND a.ends_at > $4 ORDER BY a.starts_at, a.id LIMIT 4000"
);
const OF_TECHNICIAN: &str = visit!(
    "WHERE a.tenant_id = $1 AND a.technician_id = $2 AND a.status = 'planned' AND a.starts_at >= $3 AND a.starts_at < $4 ORDER BY a.starts_at, a.id LIMIT 400"
);
/// `Priority::rank` as a statement, word for word as the index has it.
macro_rules! weight {
    () => {
        "(CASE t.priority WHEN 'urgent' THEN 0 WHEN 'high' THEN 1 WHEN 'normal' THEN 2 ELSE 3 END)"
    };
}
const POOL: &str = concat!(
    job!("", "FROM target t", ""),
    "WHERE t.tenant_id = $1 AND t.status = 'open' AND NOT t.needs_mapping AND t.customer_id IS NOT NULL AND (",
    weight!(),
    ", t.created_at, t.id) > ($2, $3, $4) ORDER BY ",
    weight!(),
    ", t.created_at, t.id LIMIT $5"
);
listed!(
    id SOME_SQLITE,
    SOME_POSTGRES,
    job!("", "FROM target t", "WHERE t.tenant_id = $1 AND t.id "),
    "$2",
    " ORDER BY t.created_at, t.id"
);
listed!(
    id OWN_SQLITE,
    OWN_POSTGRES,
    "SELECT t.id, t.external_id FROM target t WHERE t.tenant_id = $1 AND t.source_system_id = $3 AND t.id ",
    "$2",
    ""
);
listed!(
    text OWN_BY_EXTERNAL_ID_SQLITE,
    OWN_BY_EXTERNAL_ID_POSTGRES,
    "SELECT t.id, t.external_id FROM target t WHERE t.tenant_id = $1 AND t.source_system_id = $3 AND t.external_id ",
    "$2",
    ""
);
const ONE: &str = job!("", "FROM target t", "WHERE t.tenant_id = $1 AND t.id = $2");

/// The longest visit: how far back one can have begun that is not over.
const LONGEST_VISIT: TimeDelta = TimeDelta::hours(12);

/// Where a page of the pool begins: weight of the priority, age, id.
pub type PoolPlace = (i64, DateTime<Utc>, TargetId);

impl<A: Administrator> TenantTx<'_, A> {
    /// Visits that touch a span, in their order.
    pub(crate) async fn visits_within(
        &mut self,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Vec<BoardVisit>, StoreError> {
        let tenant = self.tenant();
        all!(
            &mut self.tx,
            BoardVisit,
            VISITS,
            tenant,
            from - LONGEST_VISIT,
            until,
            from
        )
    }

    /// A page of the jobs that wait for an appointment: the most urgent first, then the oldest.
    pub(crate) async fn pool(&mut self, after: Option<PoolPlace>, limit: i64) -> Result<Vec<BoardJob>, StoreError> {
        let tenant = self.tenant();
        let (weight, at, id) = after.map_or((-1, DateTime::UNIX_EPOCH, Uuid::nil()), |(weight, at, id)| {
            (weight, at, id.uuid())
        });
        all!(&mut self.tx, BoardJob, POOL, tenant, weight, at, id, limit)
    }
}

impl<A: Administrator> TenantTx<'_, A> {
    /// A job as it is planned.
    pub(crate) async fn board_job(&mut self, id: TargetId) -> Result<Option<BoardJob>, StoreError> {
        let tenant = self.tenant();
        maybe!(&mut self.tx, BoardJob, ONE, tenant, id.uuid())
    }

    /// What one technician has planned that begins within a span.
    pub(crate) async fn planned_of(
        &mut self,
        technician: StaffId,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Vec<BoardVisit>, StoreError> {
        let tenant = self.tenant();
        all!(
            &mut self.tx,
            BoardVisit,
            OF_TECHNICIAN,
            tenant,
            technician.uuid(),
            from,
            until
        )
    }

    /// Jobs by their ids.
    pub(crate) async fn board_jobs(&mut self, ids: &[TargetId]) -> Result<Vec<BoardJob>, StoreError> {
        let tenant = self.tenant();
        let sql = self.tx.dialect(SOME_SQLITE, SOME_POSTGRES);
        let ids: Vec<String> = ids.iter().copied().map(hex_id).collect();
        all!(&mut self.tx, BoardJob, sql, tenant, Json(&ids))
    }
}

impl TenantTx<'_, ApiClient> {
    /// Which of these targets are of the client's own source, with their external ids.
    pub(crate) async fn own_targets_among(
        &mut self,
        ids: &[TargetId],
    ) -> Result<Vec<(Key<TargetKind>, Option<String>)>, StoreError> {
        let (tenant, source) = (self.tenant(), self.actor.source_system.uuid());
        let sql = self.tx.dialect(OWN_SQLITE, OWN_POSTGRES);
        let ids: Vec<String> = ids.iter().copied().map(hex_id).collect();
        all!(
            &mut self.tx,
            (Key<TargetKind>, Option<String>),
            sql,
            tenant,
            Json(&ids),
            source
        )
    }

    /// The same by the ids that the source gave them.
    pub(crate) async fn own_targets_by_external_ids(
        &mut self,
        ids: &[String],
    ) -> Result<Vec<(Key<TargetKind>, Option<String>)>, StoreError> {
        let (tenant, source) = (self.tenant(), self.actor.source_system.uuid());
        let sql = self.tx.dialect(OWN_BY_EXTERNAL_ID_SQLITE, OWN_BY_EXTERNAL_ID_POSTGRES);
        all!(
            &mut self.tx,
            (Key<TargetKind>, Option<String>),
            sql,
            tenant,
            Json(ids),
            source
        )
    }
}
