//! Statements for the dispatch board: visits in a span and unscheduled jobs.

use chrono::{DateTime, TimeDelta, Utc};
use domain::customers::{Coordinates, Place};
use domain::ids::{AppointmentKind, StaffId, StaffKind, TargetId, TargetKind};
use domain::jobs::targets::{AppointmentStatus, TargetStatus};
use domain::requests::Priority;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::EngineSql;
use crate::db::Key;
use crate::db::StoreError;
use crate::db::TenantTx;
use crate::db::bulk::hex_id;
use crate::identity::actors::{Administrator, ApiClient};

/// A job with everything that scheduling depends on.
#[derive(Debug, Clone, FromRow)]
pub struct BoardJob {
    pub target_id: Key<TargetKind>,
    pub number: i64,
    #[sqlx(try_from = "String")]
    pub status: TargetStatus,
    /// Whether its customer is not resolved.
    pub needs_mapping: bool,
    #[sqlx(try_from = "String")]
    pub priority: Priority,
    pub service_type: Option<String>,
    pub duration_minutes: i64,
    /// Earliest start.
    pub window_start: Option<DateTime<Utc>>,
    /// Latest start.
    pub window_end: Option<DateTime<Utc>>,
    pub required_skills: Json<Vec<String>>,
    pub customer_name: Option<String>,
    pub location_name: Option<String>,
    pub city: Option<String>,
    pub location_zone: Option<String>,
    /// Latitude of the location, in degrees.
    pub latitude: Option<f64>,
    /// Longitude of the location, in degrees.
    pub longitude: Option<f64>,
    /// Address and coordinates that the source system sent for this job.
    pub place: Json<Place>,
    pub created_at: DateTime<Utc>,
}

impl BoardJob {
    /// Returns the coordinates that the source system sent for this job, or else those of the location.
    pub fn point(&self) -> Option<Coordinates> {
        let location = self.latitude.zip(self.longitude);
        self.place
            .coordinates
            .or_else(|| location.map(|(lat, lon)| Coordinates { lat, lon }))
    }

    /// Returns the earliest and latest start, if both are set.
    pub fn window(&self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        self.window_start.zip(self.window_end)
    }
}

/// A planned or completed visit.
#[derive(Debug, Clone, FromRow)]
pub struct BoardVisit {
    pub appointment_id: Key<AppointmentKind>,
    #[sqlx(try_from = "String")]
    pub appointment_status: AppointmentStatus,
    pub technician_id: Key<StaffKind>,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    /// The zone in which the times were agreed.
    pub zone: String,
    /// Whether the customer sees the appointment.
    pub is_shared: bool,
    #[sqlx(flatten)]
    pub job: BoardJob,
}

macro_rules! select_job {
    ($before:literal, $joins:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            $before,
            r"
                target.id AS target_id, target.number, target.status, target.needs_mapping, target.priority,
                target.service_type, target.duration_minutes, target.window_start, target.window_end,
                target.required_skills, target.place, target.created_at, customer.name AS customer_name,
                location.name AS location_name, location.city, location.zone AS location_zone,
                location.latitude, location.longitude
            ",
            $joins,
            r"
                LEFT JOIN customer ON customer.tenant_id = target.tenant_id
                    AND customer.id = target.customer_id
                LEFT JOIN location ON location.tenant_id = target.tenant_id
                    AND location.id = target.location_id
            ",
            $rest
        )
    };
}
macro_rules! select_visit {
    ($rest:literal) => {
        select_job!(
            r"
                appointment.id AS appointment_id, appointment.status AS appointment_status,
                appointment.technician_id, appointment.starts_at, appointment.ends_at, appointment.zone,
                appointment.is_shared,
            ",
            r"
                FROM appointment
                JOIN target ON target.tenant_id = appointment.tenant_id
                    AND target.id = appointment.target_id
            ",
            $rest
        )
    };
}
/// No visit is longer than [`MAX_VISIT`], so the index on the start times is enough.
const SELECT_VISITS_WITHIN: &str = select_visit!(
    r"
        WHERE appointment.tenant_id = $1
          AND appointment.status IN ('planned', 'done')
          AND appointment.starts_at >= $2
          AND appointment.starts_at < $3
          AND appointment.ends_at > $4
        ORDER BY appointment.starts_at, appointment.id
        LIMIT 4000
    "
);
const SELECT_PLANNED_VISITS_OF_TECHNICIAN: &str = select_visit!(
    r"
        WHERE appointment.tenant_id = $1
          AND appointment.technician_id = $2
          AND appointment.status = 'planned'
          AND appointment.starts_at >= $3
          AND appointment.starts_at < $4
        ORDER BY appointment.starts_at, appointment.id
        LIMIT 400
    "
);
/// `Priority::rank` in SQL; it must match the expression of the index.
macro_rules! priority_rank {
    () => {
        "(CASE target.priority WHEN 'urgent' THEN 0 WHEN 'high' THEN 1 WHEN 'normal' THEN 2 ELSE 3 END)"
    };
}
const SELECT_POOL: &str = concat!(
    select_job!("", "FROM target", ""),
    r"
        WHERE target.tenant_id = $1
          AND target.status = 'open'
          AND NOT target.needs_mapping
          AND target.customer_id IS NOT NULL
          AND (
    ",
    priority_rank!(),
    ", target.created_at, target.id) > ($2, $3, $4) ORDER BY ",
    priority_rank!(),
    ", target.created_at, target.id LIMIT $5"
);
static SELECT_JOBS_BY_IDS: EngineSql = EngineSql::new(concat!(
    select_job!("", "FROM target", "WHERE target.tenant_id = $1 AND target.id "),
    "= ANY (ARRAY(SELECT jsonb_array_elements_text($2)::UUID)) ORDER BY target.created_at, target.id"
));
static SELECT_OWN_TARGETS_BY_IDS: EngineSql = EngineSql::new(
    r"
        SELECT target.id, target.external_id
        FROM target
        WHERE target.tenant_id = $1
          AND target.source_system_id = $3
          AND target.id = ANY (ARRAY(SELECT jsonb_array_elements_text($2)::UUID))
    ",
);
static SELECT_OWN_TARGETS_BY_EXTERNAL_IDS: EngineSql = EngineSql::new(
    r"
        SELECT target.id, target.external_id
        FROM target
        WHERE target.tenant_id = $1
          AND target.source_system_id = $3
          AND target.external_id = ANY (ARRAY(SELECT jsonb_array_elements_text($2)))
    ",
);
const SELECT_JOB: &str = select_job!("", "FROM target", "WHERE target.tenant_id = $1 AND target.id = $2");

/// The longest visit, and so how long before a span a visit can start that still touches it.
const MAX_VISIT: TimeDelta = TimeDelta::hours(12);

/// A pagination cursor of the unscheduled jobs: rank of the priority, creation time, ID.
pub type UnscheduledCursor = (i64, DateTime<Utc>, TargetId);

impl<A: Administrator> TenantTx<'_, A> {
    /// Lists visits that touch a span, in chronological order.
    pub(crate) async fn visits_within(
        &mut self,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Vec<BoardVisit>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<BoardVisit>(SELECT_VISITS_WITHIN, (tenant, from - MAX_VISIT, until, from))
            .await
    }

    /// Lists a page of unscheduled jobs, the most urgent first, then the oldest.
    pub(crate) async fn unscheduled_jobs(
        &mut self,
        after: Option<UnscheduledCursor>,
        limit: i64,
    ) -> Result<Vec<BoardJob>, StoreError> {
        let tenant = self.tenant();
        let (rank, at, id) = after.map_or((-1, DateTime::UNIX_EPOCH, Uuid::nil()), |(rank, at, id)| {
            (rank, at, id.uuid())
        });
        self.tx
            .fetch_all::<BoardJob>(SELECT_POOL, (tenant, rank, at, id, limit))
            .await
    }
}

impl<A: Administrator> TenantTx<'_, A> {
    pub(crate) async fn board_job(&mut self, id: TargetId) -> Result<Option<BoardJob>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_optional::<BoardJob>(SELECT_JOB, (tenant, id.uuid()))
            .await
    }

    /// Lists a technician's planned visits that start within a span.
    pub(crate) async fn planned_visits_of(
        &mut self,
        technician: StaffId,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Vec<BoardVisit>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<BoardVisit>(
                SELECT_PLANNED_VISITS_OF_TECHNICIAN,
                (tenant, technician.uuid(), from, until),
            )
            .await
    }

    pub(crate) async fn board_jobs(&mut self, ids: &[TargetId]) -> Result<Vec<BoardJob>, StoreError> {
        let tenant = self.tenant();
        let sql = &SELECT_JOBS_BY_IDS;
        let ids: Vec<String> = ids.iter().copied().map(hex_id).collect();
        self.tx.fetch_all::<BoardJob>(sql, (tenant, Json(&ids))).await
    }
}

impl TenantTx<'_, ApiClient> {
    /// Lists those of the targets that belong to the client's source system, with their external IDs.
    pub(crate) async fn own_targets_among(
        &mut self,
        ids: &[TargetId],
    ) -> Result<Vec<(Key<TargetKind>, Option<String>)>, StoreError> {
        let (tenant, source) = (self.tenant(), self.actor.source_system().uuid());
        let sql = &SELECT_OWN_TARGETS_BY_IDS;
        let ids: Vec<String> = ids.iter().copied().map(hex_id).collect();
        self.tx
            .fetch_all::<(Key<TargetKind>, Option<String>)>(sql, (tenant, Json(&ids), source))
            .await
    }

    /// Lists targets of the client's source system by their external IDs.
    pub(crate) async fn own_targets_by_external_ids(
        &mut self,
        ids: &[String],
    ) -> Result<Vec<(Key<TargetKind>, Option<String>)>, StoreError> {
        let (tenant, source) = (self.tenant(), self.actor.source_system().uuid());
        let sql = &SELECT_OWN_TARGETS_BY_EXTERNAL_IDS;
        self.tx
            .fetch_all::<(Key<TargetKind>, Option<String>)>(sql, (tenant, Json(ids), source))
            .await
    }
}
