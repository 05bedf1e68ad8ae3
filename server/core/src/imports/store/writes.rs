//! Writes the rows of a run of imports, with one statement per table.

use std::collections::BTreeMap;

use domain::customers::{Address, Coordinates, Place};
use domain::ids::{ContactId, CustomerId, LocationId, TargetId};
use domain::imports::{ContactPart, LocationPart};
use domain::jobs::targets::TargetStatus;
use domain::text::name_for_comparison;
use serde::Serialize;
use serde_json::{Map, Value, json};
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::TenantTx;
use crate::db::bulk::{format_timestamp, hex, hex_bytes, hex_id, listed};
use crate::db::transaction::allocate_numbers;
use crate::db::{StoreError, all, run};
use crate::identity::actors::{Actor as _, ApiClient};
use crate::jobs::TargetRecord;

/// The kind of record that an external ID refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum ReferenceKind {
    Customer,
    Location,
    Contact,
}

impl ReferenceKind {
    /// Returns the name in the database and the API.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Location => "location",
            Self::Contact => "contact",
        }
    }

    /// Returns the public ID of a record of this kind.
    pub(crate) fn public_id(self, id: Uuid) -> String {
        match self {
            Self::Customer => CustomerId::from_uuid(id).to_string(),
            Self::Location => LocationId::from_uuid(id).to_string(),
            Self::Contact => ContactId::from_uuid(id).to_string(),
        }
    }
}

/// A reference to insert.
#[derive(Debug, Clone)]
pub(crate) struct ReferenceRow {
    pub kind: ReferenceKind,
    pub external_id: String,
    pub id: Uuid,
}

/// A location to insert.
#[derive(Debug, Clone)]
pub(crate) struct LocationRow {
    pub id: LocationId,
    pub customer: CustomerId,
    pub name: String,
    pub address: Address,
    pub coordinates: Option<Coordinates>,
    pub zone: String,
}

/// A contact to insert.
#[derive(Debug, Clone)]
pub(crate) struct ContactRow {
    pub id: ContactId,
    pub customer: CustomerId,
    pub location: Option<LocationId>,
    pub display_name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
}

const INSERT_REFERENCES_SQLITE: &str = r"
    INSERT INTO external_reference (
        tenant_id, source_system_id, entity_type, external_id, entity_id, made_by, created_at
    )
    SELECT $1, $2, value->>'kind', value->>'external_id', unhex(value->>'id'), $4, $5
    FROM json_each($3)
    WHERE true
    ON CONFLICT (tenant_id, source_system_id, entity_type, external_id) DO NOTHING
";
const INSERT_REFERENCES_POSTGRES: &str = r"
    INSERT INTO external_reference (
        tenant_id, source_system_id, entity_type, external_id, entity_id, made_by, created_at
    )
    SELECT $1, $2, input.kind, input.external_id, input.id, $4, $5
    FROM jsonb_to_recordset($3) AS input (kind TEXT, external_id TEXT, id UUID)
    ON CONFLICT (tenant_id, source_system_id, entity_type, external_id) DO NOTHING
";
const INSERT_CUSTOMERS_SQLITE: &str = r"
    INSERT INTO customer (tenant_id, id, name, name_key, created_at, updated_at)
    SELECT $1, unhex(value->>'id'), value->>'name', value->>'name_key', $3, $3
    FROM json_each($2)
";
const INSERT_CUSTOMERS_POSTGRES: &str = r"
    INSERT INTO customer (tenant_id, id, name, name_key, created_at, updated_at)
    SELECT $1, input.id, input.name, input.name_key, $3, $3
    FROM jsonb_to_recordset($2) AS input (id UUID, name TEXT, name_key TEXT)
";
const INSERT_LOCATIONS_SQLITE: &str = r"
    INSERT INTO location (
        tenant_id, id, customer_id, name, street, postal_code, city, country, latitude, longitude, zone,
        created_at, updated_at
    )
    SELECT
        $1, unhex(value->>'id'), unhex(value->>'customer_id'), value->>'name', value->>'street',
        value->>'postal_code', value->>'city', value->>'country', value->>'latitude', value->>'longitude',
        value->>'zone', $3, $3
    FROM json_each($2)
";
const INSERT_LOCATIONS_POSTGRES: &str = r"
    INSERT INTO location (
        tenant_id, id, customer_id, name, street, postal_code, city, country, latitude, longitude, zone,
        created_at, updated_at
    )
    SELECT
        $1, input.id, input.customer_id, input.name, input.street, input.postal_code, input.city,
        input.country, input.latitude, input.longitude, input.zone, $3, $3
    FROM jsonb_to_recordset($2) AS input (
        id UUID, customer_id UUID, name TEXT, street TEXT, postal_code TEXT, city TEXT, country TEXT,
        latitude DOUBLE PRECISION, longitude DOUBLE PRECISION, zone TEXT
    )
";
const INSERT_CONTACTS_SQLITE: &str = r"
    INSERT INTO contact (
        tenant_id, id, customer_id, location_id, display_name, email, phone, created_at, updated_at
    )
    SELECT
        $1, unhex(value->>'id'), unhex(value->>'customer_id'), unhex(value->>'location_id'),
        value->>'display_name', value->>'email', value->>'phone', $3, $3
    FROM json_each($2)
";
const INSERT_CONTACTS_POSTGRES: &str = r"
    INSERT INTO contact (
        tenant_id, id, customer_id, location_id, display_name, email, phone, created_at, updated_at
    )
    SELECT
        $1, input.id, input.customer_id, input.location_id, input.display_name, input.email, input.phone,
        $3, $3
    FROM jsonb_to_recordset($2) AS input (
        id UUID, customer_id UUID, location_id UUID, display_name TEXT, email TEXT, phone TEXT
    )
";
/// Fields that were not sent keep their current value, even if it changed since it was read.
const UPDATE_LOCATIONS_SQLITE: &str = r"
    WITH input AS MATERIALIZED (
        SELECT
            unhex(value->>'id') AS id, value->>'name' AS name, value->>'street' AS street,
            value->>'postal_code' AS postal_code, value->>'city' AS city, value->>'country' AS country,
            value->>'latitude' AS latitude, value->>'longitude' AS longitude
        FROM json_each($2)
    )
    UPDATE location
    SET
        name = COALESCE(input.name, location.name), street = COALESCE(input.street, location.street),
        postal_code = COALESCE(input.postal_code, location.postal_code),
        city = COALESCE(input.city, location.city), country = COALESCE(input.country, location.country),
        latitude = COALESCE(input.latitude, location.latitude),
        longitude = COALESCE(input.longitude, location.longitude), updated_at = $3
    FROM input
    WHERE location.tenant_id = $1
      AND location.id = input.id
";
const UPDATE_LOCATIONS_POSTGRES: &str = r"
    UPDATE location
    SET
        name = COALESCE(input.name, location.name), street = COALESCE(input.street, location.street),
        postal_code = COALESCE(input.postal_code, location.postal_code),
        city = COALESCE(input.city, location.city), country = COALESCE(input.country, location.country),
        latitude = COALESCE(input.latitude, location.latitude),
        longitude = COALESCE(input.longitude, location.longitude), updated_at = $3
    FROM jsonb_to_recordset($2) AS input (
        id UUID, name TEXT, street TEXT, postal_code TEXT, city TEXT, country TEXT,
        latitude DOUBLE PRECISION, longitude DOUBLE PRECISION
    )
    WHERE location.tenant_id = $1
      AND location.id = input.id
";
const UPDATE_CONTACTS_SQLITE: &str = r"
    WITH input AS MATERIALIZED (
        SELECT
            unhex(value->>'id') AS id, value->>'display_name' AS display_name, value->>'email' AS email,
            value->>'phone' AS phone
        FROM json_each($2)
    )
    UPDATE contact
    SET
        display_name = COALESCE(input.display_name, contact.display_name),
        email = COALESCE(input.email, contact.email), phone = COALESCE(input.phone, contact.phone),
        updated_at = $3
    FROM input
    WHERE contact.tenant_id = $1
      AND contact.id = input.id
";
const UPDATE_CONTACTS_POSTGRES: &str = r"
    UPDATE contact
    SET
        display_name = COALESCE(input.display_name, contact.display_name),
        email = COALESCE(input.email, contact.email), phone = COALESCE(input.phone, contact.phone),
        updated_at = $3
    FROM jsonb_to_recordset($2) AS input (id UUID, display_name TEXT, email TEXT, phone TEXT)
    WHERE contact.tenant_id = $1
      AND contact.id = input.id
";

macro_rules! target_fields_sqlite {
    () => {
        r"
            unhex(value->>'customer_id') AS customer_id, unhex(value->>'location_id') AS location_id,
            unhex(value->>'contact_id') AS contact_id, value->>'status' AS status,
            value->>'needs_mapping' AS needs_mapping, value->>'service_type' AS service_type,
            value->>'priority' AS priority, value->>'duration_minutes' AS duration_minutes,
            value->>'window_start' AS window_start, value->>'window_end' AS window_end,
            value->>'window_zone' AS window_zone, value->'required_skills' AS required_skills,
            value->>'notes' AS notes, value->'attributes' AS attributes, value->'place' AS place,
            unhex(value->>'payload_hash') AS payload_hash, value->>'source_updated_at' AS source_updated_at
        "
    };
}
macro_rules! target_fields_postgres {
    () => {
        r"
            record.customer_id, record.location_id, record.contact_id, record.status, record.needs_mapping,
            record.service_type, record.priority, record.duration_minutes, record.window_start,
            record.window_end, record.window_zone, record.required_skills, record.notes, record.attributes,
            record.place, decode(record.payload_hash, 'hex'), record.source_updated_at
        "
    };
}
macro_rules! target_record_postgres {
    () => {
        r"
            jsonb_to_recordset($2) AS record (
                id UUID, number BIGINT, source_system_id UUID, external_id TEXT, read_as TEXT, customer_id UUID,
                location_id UUID, contact_id UUID, status TEXT, needs_mapping BOOLEAN, service_type TEXT,
                priority TEXT, duration_minutes BIGINT, window_start TIMESTAMPTZ, window_end TIMESTAMPTZ,
                window_zone TEXT, required_skills JSONB, notes TEXT, attributes JSONB, place JSONB,
                payload_hash TEXT, source_updated_at TIMESTAMPTZ
            )
        "
    };
}
const INSERT_INTO_TARGET: &str = r"
    INSERT INTO target (
        tenant_id, id, number, source_system_id, external_id, customer_id, location_id, contact_id, status,
        needs_mapping, service_type, priority, duration_minutes, window_start, window_end, window_zone,
        required_skills, notes, attributes, place, payload_hash, source_updated_at, created_at, updated_at
    )
";
const INSERT_TARGETS_SQLITE: &str = const_format::concatcp!(
    INSERT_INTO_TARGET,
    r"
    SELECT
        $1, unhex(value->>'id'), value->>'number', unhex(value->>'source_system_id'), value->>'external_id',
    ",
    target_fields_sqlite!(),
    r"
        , $3, $3
    FROM json_each($2)
    WHERE true
    ON CONFLICT (tenant_id, source_system_id, external_id) DO NOTHING
    "
);
const INSERT_TARGETS_POSTGRES: &str = const_format::concatcp!(
    INSERT_INTO_TARGET,
    "SELECT $1, record.id, record.number, record.source_system_id, record.external_id, ",
    target_fields_postgres!(),
    ", $3, $3 FROM ",
    target_record_postgres!(),
    " ON CONFLICT (tenant_id, source_system_id, external_id) DO NOTHING"
);
const SET_TARGET_FIELDS: &str = r"
    UPDATE target
    SET
        customer_id = input.customer_id, location_id = input.location_id, contact_id = input.contact_id,
        status = input.status, needs_mapping = input.needs_mapping, service_type = input.service_type,
        priority = input.priority, duration_minutes = input.duration_minutes,
        window_start = input.window_start, window_end = input.window_end, window_zone = input.window_zone,
        required_skills = input.required_skills, notes = input.notes, attributes = input.attributes,
        place = input.place, payload_hash = input.payload_hash,
        source_updated_at = input.source_updated_at, updated_at = $3
    FROM
";
const UPDATE_TARGETS_SQLITE: &str = const_format::concatcp!(
    r"
    WITH input AS MATERIALIZED (
        SELECT unhex(value->>'id') AS id, value->>'read_as' AS read_as,
    ",
    target_fields_sqlite!(),
    r"
        FROM json_each($2)
    )
    ",
    SET_TARGET_FIELDS,
    r"
        input
    WHERE target.tenant_id = $1
      AND target.id = input.id
      AND target.status = input.read_as
    "
);
const UPDATE_TARGETS_POSTGRES: &str = const_format::concatcp!(
    SET_TARGET_FIELDS,
    r"
        (
            SELECT
                record.id, record.read_as, record.customer_id, record.location_id, record.contact_id,
                record.status, record.needs_mapping, record.service_type, record.priority,
                record.duration_minutes, record.window_start, record.window_end, record.window_zone,
                record.required_skills, record.notes, record.attributes, record.place,
                decode(record.payload_hash, 'hex') AS payload_hash, record.source_updated_at
            FROM
    ",
    target_record_postgres!(),
    r"
        ) AS input
    WHERE target.tenant_id = $1
      AND target.id = input.id
      AND target.status = input.read_as
    "
);
listed!(text SELECT_TARGETS_SQLITE, SELECT_TARGETS_POSTGRES,
    r"
        SELECT
            id, number, source_system_id, external_id, customer_id, location_id, contact_id, status,
            needs_mapping, service_type, priority, duration_minutes, window_start, window_end, window_zone,
            required_skills, notes, attributes, place, payload_hash, source_updated_at
        FROM target
        WHERE tenant_id = $1
          AND source_system_id = $2
          AND external_id
    ", "$3", "");
const SELECT_TARGETS_FOR_UPDATE_POSTGRES: &str =
    const_format::concatcp!(SELECT_TARGETS_POSTGRES, " ORDER BY id FOR UPDATE");

#[derive(Serialize)]
struct TargetJson<'a> {
    id: String,
    number: i64,
    source_system_id: Option<String>,
    external_id: Option<&'a str>,
    read_as: &'static str,
    customer_id: Option<String>,
    location_id: Option<String>,
    contact_id: Option<String>,
    status: &'static str,
    needs_mapping: bool,
    service_type: Option<&'a str>,
    priority: &'static str,
    duration_minutes: i64,
    window_start: Option<String>,
    window_end: Option<String>,
    window_zone: Option<&'a str>,
    required_skills: &'a [String],
    notes: Option<&'a str>,
    attributes: &'a Map<String, Value>,
    place: &'a Place,
    payload_hash: Option<String>,
    source_updated_at: Option<String>,
}

impl<'a> TargetJson<'a> {
    fn of(target: &'a TargetRecord, read_as: TargetStatus) -> Self {
        Self {
            id: hex_id(target.id.0),
            number: target.number,
            source_system_id: target.source_system_id.map(|key| hex_id(key.0)),
            external_id: target.external_id.as_deref(),
            read_as: read_as.name(),
            customer_id: target.customer_id.map(|key| hex_id(key.0)),
            location_id: target.location_id.map(|key| hex_id(key.0)),
            contact_id: target.contact_id.map(|key| hex_id(key.0)),
            status: target.status.name(),
            needs_mapping: target.needs_mapping,
            service_type: target.service_type.as_deref(),
            priority: target.priority.name(),
            duration_minutes: target.duration_minutes,
            window_start: target.window_start.map(format_timestamp),
            window_end: target.window_end.map(format_timestamp),
            window_zone: target.window_zone.as_deref(),
            required_skills: &target.required_skills.0,
            notes: target.notes.as_deref(),
            attributes: &target.attributes.0,
            place: &target.place.0,
            payload_hash: target.payload_hash.as_deref().map(hex_bytes),
            source_updated_at: target.source_updated_at.map(format_timestamp),
        }
    }
}

fn conflict(reason: &str) -> StoreError {
    StoreError::Conflict(format!("{reason} concurrently"))
}

fn all_written(written: u64, rows: usize, reason: &str) -> Result<(), StoreError> {
    if written == rows as u64 {
        Ok(())
    } else {
        Err(conflict(reason))
    }
}

impl TenantTx<'_, ApiClient> {
    /// Writes the sent fields of known locations.
    pub(crate) async fn update_locations(
        &mut self,
        sent: &BTreeMap<LocationId, LocationPart>,
    ) -> Result<(), StoreError> {
        if sent.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = sent
            .iter()
            .map(|(id, part)| {
                json!({
                    "id": hex_id(*id), "name": part.name, "street": part.address.street, "postal_code": part.address.postal_code, "city": part.address.city,
                    "country": part.address.country, "latitude": part.coordinates.map(|place| place.lat), "longitude": part.coordinates.map(|place| place.lon),
                })
            })
            .collect();
        let sql = self.tx.dialect(UPDATE_LOCATIONS_SQLITE, UPDATE_LOCATIONS_POSTGRES);
        let (tenant, now) = (self.actor.tenant().uuid(), self.now);
        run!(&mut self.tx, sql, tenant, Json(&rows), now).map(drop)
    }

    /// Writes the sent fields of known contacts.
    pub(crate) async fn update_contacts(&mut self, sent: &BTreeMap<ContactId, ContactPart>) -> Result<(), StoreError> {
        if sent.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = sent
            .iter()
            .map(|(id, part)| json!({ "id": hex_id(*id), "display_name": part.display_name, "email": part.email, "phone": part.phone }))
            .collect();
        let sql = self.tx.dialect(UPDATE_CONTACTS_SQLITE, UPDATE_CONTACTS_POSTGRES);
        let (tenant, now) = (self.actor.tenant().uuid(), self.now);
        run!(&mut self.tx, sql, tenant, Json(&rows), now).map(drop)
    }

    /// Returns the known targets with these external IDs and locks them for this transaction, so that imports of the
    /// same ID run one after another.
    pub(crate) async fn lock_targets_to_import(
        &mut self,
        external_ids: &[&str],
    ) -> Result<Vec<TargetRecord>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system().uuid());
        let sql = self
            .tx
            .dialect(SELECT_TARGETS_SQLITE, SELECT_TARGETS_FOR_UPDATE_POSTGRES);
        all!(&mut self.tx, TargetRecord, sql, tenant, source, Json(external_ids))
    }

    /// Links external IDs to records.
    ///
    /// # Errors
    /// A conflict if one of them is already linked by a concurrent transaction.
    pub(crate) async fn insert_references(&mut self, rows: &mut [ReferenceRow]) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        // A fixed order prevents deadlocks between two imports.
        rows.sort_by(|one, other| (one.kind, &one.external_id).cmp(&(other.kind, &other.external_id)));
        let json: Vec<_> = rows
            .iter()
            .map(
                |row| serde_json::json!({ "kind": row.kind.name(), "external_id": row.external_id, "id": hex(row.id) }),
            )
            .collect();
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system().uuid());
        let sql = self.tx.dialect(INSERT_REFERENCES_SQLITE, INSERT_REFERENCES_POSTGRES);
        let made_by = self.actor.label();
        let written = run!(&mut self.tx, sql, tenant, source, Json(&json), &made_by, self.now)?;
        all_written(written, rows.len(), "reference linked")
    }

    pub(crate) async fn insert_customers(&mut self, rows: &[(CustomerId, &str)]) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        let json: Vec<_> = rows
            .iter()
            .map(|(id, name)| {
                serde_json::json!({ "id": hex_id(*id), "name": name, "name_key": name_for_comparison(name) })
            })
            .collect();
        let (tenant, sql) = (
            self.tenant(),
            self.tx.dialect(INSERT_CUSTOMERS_SQLITE, INSERT_CUSTOMERS_POSTGRES),
        );
        run!(&mut self.tx, sql, tenant, Json(&json), self.now).map(drop)
    }

    pub(crate) async fn insert_locations(&mut self, rows: &[LocationRow]) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        let json: Vec<_> = rows
            .iter()
            .map(|row| {
                serde_json::json!({
                    "id": hex_id(row.id), "customer_id": hex_id(row.customer), "name": row.name, "street": row.address.street,
                    "postal_code": row.address.postal_code, "city": row.address.city, "country": row.address.country,
                    "latitude": row.coordinates.map(|place| place.lat), "longitude": row.coordinates.map(|place| place.lon), "zone": row.zone,
                })
            })
            .collect();
        let (tenant, sql) = (
            self.tenant(),
            self.tx.dialect(INSERT_LOCATIONS_SQLITE, INSERT_LOCATIONS_POSTGRES),
        );
        run!(&mut self.tx, sql, tenant, Json(&json), self.now).map(drop)
    }

    pub(crate) async fn insert_contacts(&mut self, rows: &[ContactRow]) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        let json: Vec<_> = rows
            .iter()
            .map(|row| {
                serde_json::json!({
                    "id": hex_id(row.id), "customer_id": hex_id(row.customer), "location_id": row.location.map(hex_id),
                    "display_name": row.display_name, "email": row.email, "phone": row.phone,
                })
            })
            .collect();
        let (tenant, sql) = (
            self.tenant(),
            self.tx.dialect(INSERT_CONTACTS_SQLITE, INSERT_CONTACTS_POSTGRES),
        );
        run!(&mut self.tx, sql, tenant, Json(&json), self.now).map(drop)
    }

    /// Inserts new targets and assigns their display numbers in input order.
    ///
    /// # Errors
    /// A conflict if an external ID already exists in its source.
    pub(crate) async fn insert_targets(&mut self, targets: &mut [TargetRecord]) -> Result<(), StoreError> {
        let Ok(count) = i64::try_from(targets.len()) else {
            return Ok(());
        };
        if count == 0 {
            return Ok(());
        }
        let last = allocate_numbers(&mut self.tx, self.actor.tenant(), "target", count).await?;
        for (number, target) in (last - count + 1..).zip(targets.iter_mut()) {
            target.number = number;
        }
        let rows: Vec<_> = targets
            .iter()
            .map(|target| TargetJson::of(target, target.status))
            .collect();
        let (tenant, sql) = (
            self.tenant(),
            self.tx.dialect(INSERT_TARGETS_SQLITE, INSERT_TARGETS_POSTGRES),
        );
        let written = run!(&mut self.tx, sql, tenant, Json(&rows), self.now)?;
        all_written(written, targets.len(), "external ID used")
    }

    /// Updates targets that still have the status in which they were read.
    ///
    /// # Errors
    /// A conflict if the status of one has changed.
    pub(crate) async fn update_targets(&mut self, targets: &[(TargetRecord, TargetStatus)]) -> Result<(), StoreError> {
        if targets.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = targets
            .iter()
            .map(|(target, read_as)| TargetJson::of(target, *read_as))
            .collect();
        let (tenant, sql) = (
            self.tenant(),
            self.tx.dialect(UPDATE_TARGETS_SQLITE, UPDATE_TARGETS_POSTGRES),
        );
        let written = run!(&mut self.tx, sql, tenant, Json(&rows), self.now)?;
        all_written(written, targets.len(), "target status changed")
    }

    /// Returns a target of the client's source and locks it for this transaction.
    pub(crate) async fn lock_client_target(&mut self, id: TargetId) -> Result<Option<TargetRecord>, StoreError> {
        self.lock_target(id).await?;
        let source = self.actor.source_system();
        Ok(self
            .target_record(id)
            .await?
            .filter(|target| target.source_system_id.map(|key| key.0) == Some(source)))
    }
}
