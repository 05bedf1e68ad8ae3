//! Writes the rows of a run of imports, with one statement per table.

use domain::customers::{Address, Coordinates};
use domain::ids::{ContactId, CustomerId, LocationId};
use domain::imports::{ContactPart, LocationPart};
use domain::mapping::MappingType;
use domain::text::name_for_comparison;
use serde_json::json;
use sqlx::types::Json;
use std::collections::BTreeMap;
use uuid::Uuid;

use crate::db::EngineSql;
use crate::db::StoreError;
use crate::db::TenantTx;
use crate::db::bulk::{hex, hex_id};
use crate::identity::actors::{Actor as _, ApiClient};

/// A reference to insert.
#[derive(Debug, Clone)]
pub(crate) struct ReferenceRow {
    pub kind: MappingType,
    pub external_id: String,
    pub id: Uuid,
    /// Whether the external ID vouches for the record: it was not linked by customer number under another name.
    pub vouches: bool,
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

static INSERT_REFERENCES: EngineSql = EngineSql::new(
    r"
    INSERT INTO external_reference (
        tenant_id, source_system_id, entity_type, external_id, entity_id, vouches, created_by, created_at
    )
    SELECT $1, $2, input.kind, input.external_id, input.id, input.vouches, $4, $5
    FROM jsonb_to_recordset($3) AS input (kind TEXT, external_id TEXT, id UUID, vouches BOOLEAN)
    WHERE true
    ON CONFLICT (tenant_id, source_system_id, entity_type, external_id) DO NOTHING
",
);
static INSERT_CUSTOMERS: EngineSql = EngineSql::new(
    r"
    INSERT INTO customer (tenant_id, id, name, name_key, created_at, updated_at)
    SELECT $1, input.id, input.name, input.name_key, $3, $3
    FROM jsonb_to_recordset($2) AS input (id UUID, name TEXT, name_key TEXT)
",
);
static INSERT_LOCATIONS: EngineSql = EngineSql::new(
    r"
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
",
);
static INSERT_CONTACTS: EngineSql = EngineSql::new(
    r"
    INSERT INTO contact (
        tenant_id, id, customer_id, location_id, display_name, email, phone, created_at, updated_at
    )
    SELECT
        $1, input.id, input.customer_id, input.location_id, input.display_name, input.email, input.phone,
        $3, $3
    FROM jsonb_to_recordset($2) AS input (
        id UUID, customer_id UUID, location_id UUID, display_name TEXT, email TEXT, phone TEXT
    )
",
);
/// Fields that were not sent keep their current value, even if it changed since it was read.
static UPDATE_LOCATIONS: EngineSql = EngineSql::new(
    r"
    UPDATE location
    SET
        name = COALESCE(input.name, location.name), street = COALESCE(input.street, location.street),
        postal_code = COALESCE(input.postal_code, location.postal_code),
        city = COALESCE(input.city, location.city), country = COALESCE(input.country, location.country),
        latitude = COALESCE(input.latitude, location.latitude),
        longitude = COALESCE(input.longitude, location.longitude), updated_at = $3,
        updated_by = $4
    FROM jsonb_to_recordset($2) AS input (
        id UUID, name TEXT, street TEXT, postal_code TEXT, city TEXT, country TEXT,
        latitude DOUBLE PRECISION, longitude DOUBLE PRECISION
    )
    WHERE location.tenant_id = $1
      AND location.id = input.id
",
);
static UPDATE_CONTACTS: EngineSql = EngineSql::new(
    r"
    UPDATE contact
    SET
        display_name = COALESCE(input.display_name, contact.display_name),
        email = COALESCE(input.email, contact.email), phone = COALESCE(input.phone, contact.phone),
        updated_at = $3, updated_by = $4
    FROM jsonb_to_recordset($2) AS input (id UUID, display_name TEXT, email TEXT, phone TEXT)
    WHERE contact.tenant_id = $1
      AND contact.id = input.id
",
);

pub(super) fn conflict(reason: &str) -> StoreError {
    StoreError::Conflict(format!("{reason} concurrently"))
}

pub(super) fn all_written(written: u64, rows: usize, reason: &str) -> Result<(), StoreError> {
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
        let sql = &UPDATE_LOCATIONS;
        let (tenant, now, by) = (self.actor.tenant().uuid(), self.now, self.actor.label());
        self.tx.execute(sql, (tenant, Json(&rows), now, by)).await.map(drop)
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
        let sql = &UPDATE_CONTACTS;
        let (tenant, now, by) = (self.actor.tenant().uuid(), self.now, self.actor.label());
        self.tx.execute(sql, (tenant, Json(&rows), now, by)).await.map(drop)
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
            .map(|row| {
                json!({ "kind": row.kind.name(), "external_id": row.external_id, "id": hex(row.id), "vouches": row.vouches })
            })
            .collect();
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system().uuid());
        let sql = &INSERT_REFERENCES;
        let created_by = self.actor.label();
        let written = self
            .tx
            .execute(sql, (tenant, source, Json(&json), &created_by, self.now))
            .await?;
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
        let (tenant, sql) = (self.tenant(), &INSERT_CUSTOMERS);
        self.tx.execute(sql, (tenant, Json(&json), self.now)).await.map(drop)
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
        let (tenant, sql) = (self.tenant(), &INSERT_LOCATIONS);
        self.tx.execute(sql, (tenant, Json(&json), self.now)).await.map(drop)
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
        let (tenant, sql) = (self.tenant(), &INSERT_CONTACTS);
        self.tx.execute(sql, (tenant, Json(&json), self.now)).await.map(drop)
    }
}
