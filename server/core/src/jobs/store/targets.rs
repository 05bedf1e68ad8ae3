//! Targets.

use chrono::{DateTime, Utc};
use domain::customers::Place;
use domain::ids::{
    ContactKind, CustomerId, CustomerKind, LocationId, LocationKind, SourceSystemKind, TargetId, TargetKind,
};
use domain::requests::Priority;
use domain::targets::TargetStatus;
use serde_json::{Map, Value};
use sqlx::types::Json;

use crate::db::Key;
use crate::db::TenantTx;
use crate::db::{StoreError, all, maybe, run};
use crate::identity::actors::{Actor as _, Administrator, ApiClient, Operator, Staff};
use crate::jobs::model::{ClientTarget, TargetLine, TargetView};

/// A target as a row, for what writes one.
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
}

/// How long a visit takes when nobody said, in minutes.
const DEFAULT_DURATION: i64 = 60;

impl TargetRecord {
    /// A new target about which nothing is known yet.
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
            duration_minutes: DEFAULT_DURATION,
            window_start: None,
            window_end: None,
            window_zone: None,
            required_skills: Json(Vec::new()),
            notes: None,
            attributes: Json(Map::new()),
            place: Json(Place::default()),
            payload_hash: None,
            source_updated_at: None,
        }
    }
}

macro_rules! record_columns {
    () => {
        "id, number, source_system_id, external_id, customer_id, location_id, contact_id, status, needs_mapping, service_type, priority, duration_minutes, \
         window_start, window_end, window_zone, required_skills, notes, attributes, place, payload_hash, source_updated_at"
    };
}

const INSERT: &str = concat!(
    "INSERT INTO target (tenant_id, ",
    record_columns!(),
    ", created_at, updated_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $23) \
     ON CONFLICT (tenant_id, source_system_id, external_id) DO NOTHING"
);
const LOCK_SQLITE: &str = "SELECT id FROM target WHERE tenant_id = $1 AND id = $2";
const LOCK_POSTGRES: &str = "SELECT id FROM target WHERE tenant_id = $1 AND id = $2 FOR UPDATE";
const BY_ID: &str = concat!(
    "SELECT ",
    record_columns!(),
    " FROM target WHERE tenant_id = $1 AND id = $2"
);
const SET_STATUS: &str =
    "UPDATE target SET status = $3, updated_at = $4 WHERE tenant_id = $1 AND id = $2 AND status = $5";

macro_rules! line_columns {
    () => {
        "SELECT t.id, t.number, t.status, t.priority, t.service_type, t.needs_mapping, t.external_id, t.created_at, t.customer_id, t.location_id, \
         c.name AS customer_name, l.name AS location_name, l.city AS location_city, a.starts_at, a.ends_at, a.zone AS appointment_zone, s.display_name AS technician \
         FROM target t LEFT JOIN customer c ON c.tenant_id = t.tenant_id AND c.id = t.customer_id \
         LEFT JOIN location l ON l.tenant_id = t.tenant_id AND l.id = t.location_id \
         LEFT JOIN appointment a ON a.tenant_id = t.tenant_id AND a.target_id = t.id AND a.status = 'planned' \
         LEFT JOIN staff_account s ON s.tenant_id = a.tenant_id AND s.id = a.technician_id "
    };
}
pub(crate) use line_columns;
const OF_CUSTOMER: &str = concat!(
    line_columns!(),
    "WHERE t.tenant_id = $1 AND t.customer_id = $2 ORDER BY t.created_at DESC, t.id DESC LIMIT $3"
);
const OPEN: &str = concat!(
    line_columns!(),
    "WHERE t.tenant_id = $1 AND t.status = 'open' AND (t.created_at, t.id) > ($2, $3) ORDER BY t.created_at, t.id LIMIT $4"
);
const COUNT_OPEN: &str = "SELECT count(*) FROM target WHERE tenant_id = $1 AND status = 'open'";
const ACTIVE_AT_LOCATION: &str = concat!(
    line_columns!(),
    "WHERE t.tenant_id = $1 AND t.location_id = $2 AND t.status IN ('open', 'scheduled', 'dispatched', 'en_route', 'on_site') ORDER BY t.created_at, t.id LIMIT 5"
);
const VIEW: &str = "SELECT t.id, t.number, t.status, t.priority, t.service_type, t.needs_mapping, t.external_id, t.created_at, t.customer_id, t.location_id, \
    t.duration_minutes, t.window_start, t.window_end, t.window_zone, t.required_skills, t.notes, t.place, \
    c.name AS customer_name, c.customer_number, l.name AS location_name, l.street, l.postal_code, l.city, l.zone AS location_zone, l.access_notes, \
    l.latitude, l.longitude, k.display_name AS contact_name, k.phone AS contact_phone, src.key AS source_key, \
    (SELECT r.id FROM request r WHERE r.tenant_id = t.tenant_id AND r.target_id = t.id) AS request_id \
    FROM target t LEFT JOIN customer c ON c.tenant_id = t.tenant_id AND c.id = t.customer_id \
    LEFT JOIN location l ON l.tenant_id = t.tenant_id AND l.id = t.location_id \
    LEFT JOIN contact k ON k.tenant_id = t.tenant_id AND k.id = t.contact_id \
    LEFT JOIN source_system src ON src.tenant_id = t.tenant_id AND src.id = t.source_system_id \
    WHERE t.tenant_id = $1 AND t.id = $2";
macro_rules! client_columns {
    () => {
        "SELECT t.id, t.external_id, t.status, t.priority, t.service_type, t.needs_mapping, t.duration_minutes, t.window_start, t.window_end, t.window_zone, \
         t.created_at, t.updated_at, a.starts_at, a.ends_at, a.zone AS appointment_zone \
         FROM target t LEFT JOIN appointment a ON a.tenant_id = t.tenant_id AND a.id = (SELECT x.id FROM appointment x WHERE x.tenant_id = t.tenant_id AND x.target_id = t.id \
           AND (x.status = 'planned' OR (x.status = 'done' AND t.status IN ('completed', 'not_completed'))) ORDER BY CASE x.status WHEN 'planned' THEN 0 ELSE 1 END, x.starts_at DESC, x.id DESC LIMIT 1) \
         WHERE t.tenant_id = $1 AND t.source_system_id = $2 "
    };
}
const OF_CLIENT_BY_ID: &str = concat!(client_columns!(), "AND t.id = $3");
const OF_CLIENT_BY_EXTERNAL_ID: &str = concat!(client_columns!(), "AND t.external_id = $3");
const OF_CLIENT: &str = concat!(
    client_columns!(),
    "AND (t.created_at, t.id) > ($3, $4) ORDER BY t.created_at, t.id LIMIT $5"
);

impl<A: Operator> TenantTx<'_, A> {
    /// Inserts a target; false if its external id is taken in its source.
    pub(crate) async fn insert_target(&mut self, target: &TargetRecord) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let written = run!(
            &mut self.tx,
            INSERT,
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
            now
        )?;
        Ok(written == 1)
    }

    pub(crate) async fn target_record(&mut self, id: TargetId) -> Result<Option<TargetRecord>, StoreError> {
        let tenant = self.tenant();
        maybe!(&mut self.tx, TargetRecord, BY_ID, tenant, id.uuid())
    }

    /// Makes other writers of this target wait until this transaction ends; what is read afterwards is the latest. SQLite
    /// has one writer anyway.
    pub(crate) async fn lock_target(&mut self, id: TargetId) -> Result<(), StoreError> {
        let (tenant, sql) = (self.tenant(), self.tx.dialect(LOCK_SQLITE, LOCK_POSTGRES));
        maybe!(&mut self.tx, (uuid::Uuid,), sql, tenant, id.uuid()).map(drop)
    }

    /// Moves a target on if it is still in the state in which it was read.
    pub(crate) async fn set_target_status(
        &mut self,
        id: TargetId,
        from: TargetStatus,
        to: TargetStatus,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(run!(&mut self.tx, SET_STATUS, tenant, id.uuid(), to.name(), now, from.name())? == 1)
    }
}

impl TenantTx<'_, ApiClient> {
    pub(crate) async fn own_target(&mut self, id: TargetId) -> Result<Option<ClientTarget>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system.uuid());
        maybe!(&mut self.tx, ClientTarget, OF_CLIENT_BY_ID, tenant, source, id.uuid())
    }

    pub(crate) async fn own_target_by_external_id(
        &mut self,
        external_id: &str,
    ) -> Result<Option<ClientTarget>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system.uuid());
        maybe!(
            &mut self.tx,
            ClientTarget,
            OF_CLIENT_BY_EXTERNAL_ID,
            tenant,
            source,
            external_id
        )
    }

    /// A page of own targets, oldest first.
    pub(crate) async fn own_targets(
        &mut self,
        after: Option<(DateTime<Utc>, TargetId)>,
        limit: i64,
    ) -> Result<Vec<ClientTarget>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system.uuid());
        let (at, id) = after.map_or((DateTime::UNIX_EPOCH, uuid::Uuid::nil()), |(at, id)| (at, id.uuid()));
        all!(&mut self.tx, ClientTarget, OF_CLIENT, tenant, source, at, id, limit)
    }
}

impl<A: Administrator> TenantTx<'_, A> {
    pub(crate) async fn target_view(&mut self, id: TargetId) -> Result<Option<TargetView>, StoreError> {
        let tenant = self.tenant();
        maybe!(&mut self.tx, TargetView, VIEW, tenant, id.uuid())
    }
}

impl TenantTx<'_, Staff> {
    pub(crate) async fn targets_of_customer(
        &mut self,
        id: CustomerId,
        limit: i64,
    ) -> Result<Vec<TargetLine>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, TargetLine, OF_CUSTOMER, tenant, id.uuid(), limit)
    }

    /// A page of targets that wait for an appointment, oldest first.
    pub(crate) async fn open_targets(
        &mut self,
        after: Option<(DateTime<Utc>, TargetId)>,
        limit: i64,
    ) -> Result<Vec<TargetLine>, StoreError> {
        let tenant = self.tenant();
        let (at, id) = after.map_or((DateTime::UNIX_EPOCH, uuid::Uuid::nil()), |(at, id)| (at, id.uuid()));
        all!(&mut self.tx, TargetLine, OPEN, tenant, at, id, limit)
    }

    pub(crate) async fn count_open_targets(&mut self) -> Result<i64, StoreError> {
        let tenant = self.tenant();
        let (count,) = crate::db::one!(&mut self.tx, (i64,), COUNT_OPEN, tenant)?;
        Ok(count)
    }

    pub(crate) async fn active_targets_at(&mut self, location: LocationId) -> Result<Vec<TargetLine>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, TargetLine, ACTIVE_AT_LOCATION, tenant, location.uuid())
    }
}
