//! Database access for targets.

use chrono::{DateTime, Utc};
use domain::customers::Place;
use domain::ids::{ContactKind, CustomerKind, LocationId, LocationKind, SourceSystemKind, TargetId, TargetKind};
use domain::jobs::change_proposals::{Proposal, ReviewedValues};
use domain::jobs::targets::{DEFAULT_DURATION_MINUTES, TargetStatus};
use domain::requests::Priority;
use domain::scheduling::windows::TimeWindow;
use serde_json::{Map, Value};
use sqlx::types::Json;

use crate::db::EngineSql;
use crate::db::Key;
use crate::db::StoreError;
use crate::db::TenantTx;
use crate::identity::actors::{Administrator, Operator, Staff};
use crate::jobs::model::{TargetSummary, TargetView};

/// A complete target row, for code that writes it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct TargetRecord {
    pub id: Key<TargetKind>,
    pub number: i64,
    pub source_system_id: Option<Key<SourceSystemKind>>,
    pub external_id: Option<String>,
    pub customer_id: Option<Key<CustomerKind>>,
    pub location_id: Option<Key<LocationKind>>,
    pub contact_id: Option<Key<ContactKind>>,
    #[sqlx(try_from = "String")]
    pub status: TargetStatus,
    pub needs_mapping: bool,
    pub service_type: Option<String>,
    #[sqlx(try_from = "String")]
    pub priority: Priority,
    pub duration_minutes: i64,
    pub window_start: Option<DateTime<Utc>>,
    pub window_end: Option<DateTime<Utc>>,
    pub window_zone: Option<String>,
    pub required_skills: Json<Vec<String>>,
    pub notes: Option<String>,
    pub attributes: Json<Map<String, Value>>,
    pub place: Json<Place>,
    pub payload_hash: Option<Vec<u8>>,
    pub source_updated_at: Option<DateTime<Utc>>,
    /// Changes that dispatch has declined and that the source still sends.
    pub declined_changes: Json<Proposal>,
}

impl TargetRecord {
    /// Creates an open target with default values.
    pub(crate) fn open(id: TargetId, number: i64) -> Self {
        Self {
            id: Key(id),
            number,
            source_system_id: None,
            external_id: None,
            customer_id: None,
            location_id: None,
            contact_id: None,
            status: TargetStatus::Open,
            needs_mapping: false,
            service_type: None,
            priority: Priority::Normal,
            duration_minutes: DEFAULT_DURATION_MINUTES,
            window_start: None,
            window_end: None,
            window_zone: None,
            required_skills: Json(Vec::new()),
            notes: None,
            attributes: Json(Map::new()),
            place: Json(Place::default()),
            payload_hash: None,
            source_updated_at: None,
            declined_changes: Json(Proposal::default()),
        }
    }

    fn window(&self) -> Option<TimeWindow> {
        Some(TimeWindow {
            start: self.window_start?,
            end: self.window_end?,
            zone: self.window_zone.clone()?,
        })
    }

    /// Returns the values that a source may only propose once the target is scheduled.
    pub(crate) fn reviewed(&self) -> ReviewedValues {
        ReviewedValues {
            window: self.window(),
            duration_minutes: self.duration_minutes,
            service_type: self.service_type.clone(),
            required_skills: self.required_skills.0.clone(),
            place: self.place.0.clone(),
            location: self.location_id.map(|key| key.0),
            contact: self.contact_id.map(|key| key.0),
            customer: self.customer_id.map(|key| key.0),
            customer_name: None,
        }
    }

    /// Sets the values that a source may only propose once the target is scheduled.
    pub(crate) fn set_reviewed(&mut self, values: ReviewedValues) {
        self.window_start = values.window.as_ref().map(|window| window.start);
        self.window_end = values.window.as_ref().map(|window| window.end);
        self.window_zone = values.window.map(|window| window.zone);
        self.duration_minutes = values.duration_minutes;
        self.service_type = values.service_type;
        self.required_skills.0 = values.required_skills;
        self.place.0 = values.place;
        self.location_id = values.location.map(Key);
        self.contact_id = values.contact.map(Key);
        self.customer_id = values.customer.map(Key);
    }
}

macro_rules! record_columns {
    () => {
        r"
            id, number, source_system_id, external_id, customer_id, location_id, contact_id, status,
            needs_mapping, service_type, priority, duration_minutes, window_start, window_end, window_zone,
            required_skills, notes, attributes, place, payload_hash, source_updated_at
        "
    };
}

const INSERT_TARGET: &str = concat!(
    "INSERT INTO target (tenant_id, ",
    record_columns!(),
    r"
        , created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
        $16, $17, $18, $19, $20, $21, $22, $23, $23) ON CONFLICT (tenant_id, source_system_id,
        external_id) DO NOTHING
    "
);
static LOCK_TARGET: EngineSql = EngineSql::new(
    r"
    SELECT id
    FROM target
    WHERE tenant_id = $1
      AND id = $2
    FOR UPDATE
",
);
const SELECT_RECORD: &str = concat!(
    "SELECT ",
    record_columns!(),
    r"
        , declined_changes
        FROM target
        WHERE tenant_id = $1
          AND id = $2
    "
);
const UPDATE_STATUS: &str = r"
    UPDATE target
    SET status = $3, updated_at = $4
    WHERE tenant_id = $1
      AND id = $2
      AND status = $5
";

macro_rules! select_target_line {
    () => {
        r"
            SELECT
                target.id, target.number, target.status, target.priority, target.service_type,
                target.notes, target.needs_mapping, target.external_id, target.created_at, target.customer_id,
                target.location_id, customer.name AS customer_name, location.name AS location_name,
                location.city AS location_city, appointment.starts_at, appointment.ends_at,
                appointment.zone AS appointment_zone, technician.display_name AS technician
            FROM target
            LEFT JOIN customer ON customer.tenant_id = target.tenant_id AND customer.id = target.customer_id
            LEFT JOIN location ON location.tenant_id = target.tenant_id AND location.id = target.location_id
            LEFT JOIN appointment ON appointment.tenant_id = target.tenant_id
                AND appointment.target_id = target.id AND appointment.status = 'planned'
            LEFT JOIN staff_account AS technician ON technician.tenant_id = appointment.tenant_id
                AND technician.id = appointment.technician_id
        "
    };
}
pub(crate) use select_target_line;

/// A line of the list of jobs: with the planned or else the latest visit.
macro_rules! select_job_line {
    () => {
        r"
            SELECT
                target.id, target.number, target.status, target.priority, target.service_type,
                target.notes, target.needs_mapping, target.external_id, target.created_at, target.customer_id,
                target.location_id, customer.name AS customer_name, location.name AS location_name,
                location.city AS location_city, appointment.starts_at, appointment.ends_at,
                appointment.zone AS appointment_zone, technician.display_name AS technician
            FROM target
            LEFT JOIN customer ON customer.tenant_id = target.tenant_id AND customer.id = target.customer_id
            LEFT JOIN location ON location.tenant_id = target.tenant_id AND location.id = target.location_id
            LEFT JOIN appointment ON appointment.tenant_id = target.tenant_id
                AND appointment.id = (
                    SELECT latest.id
                    FROM appointment AS latest
                    WHERE latest.tenant_id = target.tenant_id
                      AND latest.target_id = target.id
                      AND latest.status IN ('planned', 'done')
                    ORDER BY (latest.status = 'planned') DESC, latest.starts_at DESC
                    LIMIT 1
                )
            LEFT JOIN staff_account AS technician ON technician.tenant_id = appointment.tenant_id
                AND technician.id = appointment.technician_id
        "
    };
}
pub(super) use select_job_line;
const SELECT_OPEN_TARGETS: &str = concat!(
    select_target_line!(),
    r"
        WHERE target.tenant_id = $1
          AND target.status = 'open'
          AND (target.created_at, target.id) > ($2, $3)
        ORDER BY target.created_at, target.id
        LIMIT $4
    "
);
const UPDATE_CONTENT: &str = r"
    UPDATE target
    SET service_type = $4, priority = $5, notes = $6, updated_at = $7
    WHERE tenant_id = $1
      AND id = $2
      AND status = $3
";
const SELECT_TARGETS: &str = concat!(
    select_job_line!(),
    r"
        WHERE target.tenant_id = $1
          AND target.number < $2
        ORDER BY target.number DESC
        LIMIT $3
    "
);
const SELECT_TARGETS_WITH_STATUS: &str = concat!(
    select_job_line!(),
    r"
        WHERE target.tenant_id = $1
          AND target.number < $2
          AND target.status = $4
        ORDER BY target.number DESC
        LIMIT $3
    "
);
const SELECT_TARGETS_WITH_NUMBER: &str = concat!(
    select_job_line!(),
    r"
        WHERE target.tenant_id = $1
          AND target.number = $2
    "
);
/// An external ID is unique in its source system.
const SELECT_TARGETS_WITH_EXTERNAL_ID: &str = concat!(
    select_job_line!(),
    r"
        WHERE target.tenant_id = $1
          AND target.source_system_id IN (
              SELECT source_system.id
              FROM source_system
              WHERE source_system.tenant_id = $1
          )
          AND target.external_id = $2
        LIMIT 20
    "
);
const UPDATE_FIELDS: &str = r"
    UPDATE target
    SET
        location_id = $4, contact_id = $5, service_type = $6, priority = $7, duration_minutes = $8, window_start = $9,
        window_end = $10, window_zone = $11, required_skills = $12, notes = $13, updated_at = $14
    WHERE tenant_id = $1
      AND id = $2
      AND status = $3
";
const SELECT_LATE_TARGETS: &str = concat!(
    select_target_line!(),
    r"
        WHERE target.tenant_id = $1
          AND target.status IN ('scheduled', 'dispatched', 'en_route')
          AND appointment.ends_at < $2
        ORDER BY appointment.ends_at, target.id
        LIMIT $3
    "
);
const COUNT_OPEN_TARGETS: &str = r"
    SELECT count(*)
    FROM target
    WHERE tenant_id = $1
      AND status = 'open'
";
const SELECT_ACTIVE_TARGETS_AT_LOCATION: &str = concat!(
    select_target_line!(),
    r"
        WHERE target.tenant_id = $1
          AND target.location_id = $2
          AND target.status IN ('open', 'scheduled', 'dispatched', 'en_route', 'on_site')
        ORDER BY target.created_at, target.id
        LIMIT 5
    "
);
const SELECT_TARGET_VIEW: &str = r"
    SELECT
        target.id, target.number, target.status, target.priority, target.service_type, target.needs_mapping,
        target.external_id, target.created_at, target.customer_id, target.location_id,
        target.duration_minutes, target.window_start, target.window_end, target.window_zone,
        target.required_skills, target.notes, target.place, customer.name AS customer_name,
        customer.customer_number, location.name AS location_name, location.street, location.postal_code,
        location.city, location.country, location.zone AS location_zone, location.access_notes, location.latitude,
        location.longitude, contact.display_name AS contact_name, contact.phone AS contact_phone,
        source.key AS source_key,
        (
            SELECT request.id
            FROM request
            WHERE request.tenant_id = target.tenant_id
              AND request.target_id = target.id
        ) AS request_id
    FROM target
    LEFT JOIN customer ON customer.tenant_id = target.tenant_id AND customer.id = target.customer_id
    LEFT JOIN location ON location.tenant_id = target.tenant_id AND location.id = target.location_id
    LEFT JOIN contact ON contact.tenant_id = target.tenant_id AND contact.id = target.contact_id
    LEFT JOIN source_system AS source ON source.tenant_id = target.tenant_id
        AND source.id = target.source_system_id
    WHERE target.tenant_id = $1
      AND target.id = $2
";

impl<A: Operator> TenantTx<'_, A> {
    /// Inserts a target; false if its external ID already exists in its source.
    pub(crate) async fn insert_target(&mut self, target: &TargetRecord) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let written = self
            .tx
            .execute(
                INSERT_TARGET,
                (
                    tenant,
                    target.id,
                    target.number,
                    target.source_system_id,
                    target.external_id.as_deref(),
                    target.customer_id,
                    target.location_id,
                    target.contact_id,
                    target.status.name(),
                    target.needs_mapping,
                    target.service_type.as_deref(),
                    target.priority.name(),
                    target.duration_minutes,
                    target.window_start,
                    target.window_end,
                    target.window_zone.as_deref(),
                    &target.required_skills,
                    target.notes.as_deref(),
                    &target.attributes,
                    &target.place,
                    target.payload_hash.as_deref(),
                    target.source_updated_at,
                    now,
                ),
            )
            .await?;
        Ok(written == 1)
    }

    pub(crate) async fn target_record(&mut self, id: TargetId) -> Result<Option<TargetRecord>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_optional::<TargetRecord>(SELECT_RECORD, (tenant, id.uuid()))
            .await
    }

    /// Locks a target until the transaction ends, so that later reads return its latest state. SQLite has a single
    /// writer and needs no lock.
    pub(crate) async fn lock_target(&mut self, id: TargetId) -> Result<(), StoreError> {
        let (tenant, sql) = (self.tenant(), &LOCK_TARGET);
        self.tx
            .fetch_optional::<(uuid::Uuid,)>(sql, (tenant, id.uuid()))
            .await
            .map(drop)
    }

    /// Changes the status of a target if it is still `from`.
    pub(crate) async fn set_target_status(
        &mut self,
        id: TargetId,
        from: TargetStatus,
        to: TargetStatus,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(self
            .tx
            .execute(UPDATE_STATUS, (tenant, id.uuid(), to.name(), now, from.name()))
            .await?
            == 1)
    }
}

impl<A: Administrator> TenantTx<'_, A> {
    pub(crate) async fn target_view(&mut self, id: TargetId) -> Result<Option<TargetView>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_optional::<TargetView>(SELECT_TARGET_VIEW, (tenant, id.uuid()))
            .await
    }
}

impl TenantTx<'_, Staff> {
    /// Returns jobs with a smaller number, the latest first; `statuses` is empty for all.
    pub(crate) async fn targets_before(
        &mut self,
        number: i64,
        statuses: &[TargetStatus],
        limit: i64,
    ) -> Result<Vec<TargetSummary>, StoreError> {
        let tenant = self.tenant();
        if statuses.is_empty() {
            return self.tx.fetch_all(SELECT_TARGETS, (tenant, number, limit)).await;
        }
        // One statement for each status: its index has their order.
        let mut found: Vec<TargetSummary> = Vec::new();
        for status in statuses {
            let row = (tenant, number, limit, status.name());
            found.extend(
                self.tx
                    .fetch_all::<TargetSummary>(SELECT_TARGETS_WITH_STATUS, row)
                    .await?,
            );
        }
        found.sort_by_key(|job| std::cmp::Reverse(job.number));
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(found)
    }

    /// Returns the job with a number, and those with an external ID.
    pub(crate) async fn targets_with_number_or_external_id(
        &mut self,
        number: Option<i64>,
        external_id: &str,
    ) -> Result<Vec<TargetSummary>, StoreError> {
        let tenant = self.tenant();
        let mut found: Vec<TargetSummary> = match number {
            Some(number) => self.tx.fetch_all(SELECT_TARGETS_WITH_NUMBER, (tenant, number)).await?,
            None => Vec::new(),
        };
        let others: Vec<TargetSummary> = self
            .tx
            .fetch_all(SELECT_TARGETS_WITH_EXTERNAL_ID, (tenant, external_id))
            .await?;
        let known: Vec<TargetId> = found.iter().map(|job| job.id).collect();
        found.extend(others.into_iter().filter(|job| !known.contains(&job.id)));
        Ok(found)
    }

    /// Returns a page of targets without an appointment, oldest first.
    pub(crate) async fn open_targets(
        &mut self,
        after: Option<(DateTime<Utc>, TargetId)>,
        limit: i64,
    ) -> Result<Vec<TargetSummary>, StoreError> {
        let tenant = self.tenant();
        let (created_after, id_after) =
            after.map_or((DateTime::UNIX_EPOCH, uuid::Uuid::nil()), |(at, id)| (at, id.uuid()));
        self.tx
            .fetch_all::<TargetSummary>(SELECT_OPEN_TARGETS, (tenant, created_after, id_after, limit))
            .await
    }

    /// Updates what a job says about its work; false if it does not have the status in which it was read.
    pub(crate) async fn set_target_content(
        &mut self,
        read: &TargetRecord,
        service_type: &str,
        priority: Priority,
        notes: &str,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let row = (
            tenant,
            read.id,
            read.status.name(),
            service_type,
            priority.name(),
            notes,
            now,
        );
        Ok(self.tx.execute(UPDATE_CONTENT, row).await? == 1)
    }

    /// Updates the fields of a job that staff edit; false if it does not have the status in which it was read.
    pub(crate) async fn set_target_fields(&mut self, job: &TargetRecord) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let row = (
            tenant,
            job.id,
            job.status.name(),
            job.location_id,
            job.contact_id,
            job.service_type.as_deref(),
            job.priority.name(),
            job.duration_minutes,
            job.window_start,
            job.window_end,
            job.window_zone.as_deref(),
            &job.required_skills,
            job.notes.as_deref(),
            now,
        );
        Ok(self.tx.execute(UPDATE_FIELDS, row).await? == 1)
    }

    /// Returns the targets whose visit should have taken place, those that are late for longest first.
    pub(crate) async fn late_targets(&mut self, limit: i64) -> Result<Vec<TargetSummary>, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        self.tx
            .fetch_all::<TargetSummary>(SELECT_LATE_TARGETS, (tenant, now, limit))
            .await
    }

    pub(crate) async fn count_open_targets(&mut self) -> Result<i64, StoreError> {
        let tenant = self.tenant();
        let (count,) = self.tx.fetch_one::<(i64,)>(COUNT_OPEN_TARGETS, (tenant,)).await?;
        Ok(count)
    }

    pub(crate) async fn active_targets_at(&mut self, location: LocationId) -> Result<Vec<TargetSummary>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<TargetSummary>(SELECT_ACTIVE_TARGETS_AT_LOCATION, (tenant, location.uuid()))
            .await
    }
}
