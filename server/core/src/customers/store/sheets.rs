//! Statements for customers of a spreadsheet.

use std::collections::{BTreeSet, HashMap};

use domain::customers::Address;
use domain::ids::{ContactId, CustomerId, LocationId};
use domain::imports::customer_sheet::{KnownContact, KnownCustomer, KnownLocation};
use domain::text::CustomerNumber;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::bulk::hex;
use crate::db::{EngineSql, StoreError, TenantTx};
use crate::identity::actors::Staff;

static SELECT_CUSTOMERS: EngineSql = EngineSql::new(
    r"
    SELECT id, customer_number, name, (archived_at IS NOT NULL) AS is_archived,
        (merged_into IS NOT NULL) AS is_merged
    FROM customer
    WHERE tenant_id = $1
      AND id IN (
          SELECT id
          FROM customer
          WHERE tenant_id = $1
            AND number_key = ANY (ARRAY(SELECT jsonb_array_elements_text($2)))
          UNION
          SELECT id
          FROM customer
          WHERE tenant_id = $1
            AND name_key = ANY (ARRAY(SELECT jsonb_array_elements_text($3)))
      )
    ORDER BY is_merged, created_at, id
",
);
static SELECT_LOCATIONS: EngineSql = EngineSql::new(
    r"
    SELECT id, customer_id, name, street, postal_code, city, country
    FROM location
    WHERE tenant_id = $1
      AND customer_id = ANY (ARRAY(SELECT jsonb_array_elements_text($2)::UUID))
    ORDER BY created_at, id
",
);
static SELECT_CONTACTS: EngineSql = EngineSql::new(
    r"
    SELECT id, customer_id, display_name, email, phone
    FROM contact
    WHERE tenant_id = $1
      AND customer_id = ANY (ARRAY(SELECT jsonb_array_elements_text($2)::UUID))
    ORDER BY created_at, id
",
);

#[derive(FromRow)]
struct CustomerRow {
    id: Uuid,
    customer_number: Option<String>,
    name: String,
    is_archived: bool,
    is_merged: bool,
}

#[derive(FromRow)]
struct LocationRow {
    id: Uuid,
    customer_id: Uuid,
    name: String,
    street: Option<String>,
    postal_code: Option<String>,
    city: Option<String>,
    country: Option<String>,
}

#[derive(FromRow)]
struct ContactRow {
    id: Uuid,
    customer_id: Uuid,
    display_name: String,
    email: Option<String>,
    phone: Option<String>,
}

impl TenantTx<'_, Staff> {
    /// Returns the customers with one of the numbers or names, as they are compared, with their locations and contacts.
    pub(crate) async fn known_customers(
        &mut self,
        numbers: &BTreeSet<String>,
        names: &BTreeSet<String>,
    ) -> Result<Vec<KnownCustomer>, StoreError> {
        let tenant = self.tenant();
        let found: Vec<CustomerRow> = self
            .tx
            .fetch_all(&SELECT_CUSTOMERS, (tenant, Json(numbers), Json(names)))
            .await?;
        let ids: Vec<String> = found.iter().map(|row| hex(row.id)).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut locations: HashMap<Uuid, Vec<KnownLocation>> = HashMap::new();
        let rows: Vec<LocationRow> = self.tx.fetch_all(&SELECT_LOCATIONS, (tenant, Json(&ids))).await?;
        for row in rows {
            locations.entry(row.customer_id).or_default().push(KnownLocation {
                id: LocationId::from_uuid(row.id),
                name: row.name,
                address: Address {
                    street: row.street,
                    postal_code: row.postal_code,
                    city: row.city,
                    country: row.country,
                },
            });
        }
        let mut contacts: HashMap<Uuid, Vec<KnownContact>> = HashMap::new();
        let rows: Vec<ContactRow> = self.tx.fetch_all(&SELECT_CONTACTS, (tenant, Json(&ids))).await?;
        for row in rows {
            contacts.entry(row.customer_id).or_default().push(KnownContact {
                id: ContactId::from_uuid(row.id),
                name: row.display_name,
                email: row.email,
                phone: row.phone,
            });
        }
        let known = found.into_iter().map(|row| KnownCustomer {
            id: CustomerId::from_uuid(row.id),
            number: row
                .customer_number
                .and_then(|number| CustomerNumber::parse(&number).ok().flatten()),
            name: row.name,
            is_archived: row.is_archived,
            is_merged: row.is_merged,
            locations: locations.remove(&row.id).unwrap_or_default(),
            contacts: contacts.remove(&row.id).unwrap_or_default(),
        });
        Ok(known.collect())
    }
}
