//! Candidates for the mapping rules, looked up for many imports at once.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use domain::customers::{Address, Coordinates};
use domain::ids::{ContactId, ContactKind, CustomerId, CustomerKind, LocationId, LocationKind};
use domain::mapping::contact::ContactCandidate;
use domain::mapping::customer::CustomerCandidate;
use domain::mapping::location::LocationCandidate;
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::EngineSql;
use crate::db::Key;
use crate::db::StoreError;
use crate::db::TenantTx;
use crate::db::bulk::hex_id;
use crate::identity::actors::{Actor as _, ApiClient};

/// The keys to look up.
#[derive(Debug, Default)]
pub(crate) struct CandidateQuery {
    pub customer_ids: BTreeSet<String>,
    pub number_keys: BTreeSet<String>,
    pub name_keys: BTreeSet<String>,
    pub location_ids: BTreeSet<String>,
    pub contact_ids: BTreeSet<String>,
    /// Customer numbers that were sent with an external ID. If the ID is unknown, the customer may get a new reference
    /// and is locked first, so that two imports cannot link one customer under two IDs (row C11).
    pub linking: BTreeMap<String, BTreeSet<String>>,
}

/// The records that were found. Updated while the run decides, so that an import sees the decisions of those before
/// it.
#[derive(Debug, Default)]
pub(crate) struct Candidates {
    pub customers: HashMap<CustomerId, KnownCustomer>,
    pub customer_references: HashMap<String, CustomerId>,
    /// The external IDs of customers that do not vouch for them.
    pub unvouched_references: HashSet<String>,
    pub customers_by_number: HashMap<String, Vec<CustomerId>>,
    pub name_keys: HashSet<String>,
    pub locations: HashMap<LocationId, LocationCandidate>,
    pub location_references: HashMap<String, LocationId>,
    pub contacts: HashMap<ContactId, ContactCandidate>,
    pub contact_references: HashMap<String, ContactId>,
}

/// A customer as the rules see it, with the customer it was merged into.
#[derive(Debug, Clone)]
pub(crate) struct KnownCustomer {
    pub candidate: CustomerCandidate,
    pub merged_into: Option<CustomerId>,
}

#[derive(sqlx::FromRow)]
struct CustomerRow {
    looked_up: Option<String>,
    id: Key<CustomerKind>,
    name: String,
    is_archived: bool,
    merged_into: Option<Key<CustomerKind>>,
    linked_as: Option<String>,
    #[sqlx(default)]
    is_unvouched: bool,
}

static SELECT_CUSTOMERS_BY_REFERENCE: EngineSql = EngineSql::new(
    r"
        SELECT
            reference.external_id AS looked_up, customer.id, customer.name,
            (customer.archived_at IS NOT NULL) AS is_archived, customer.merged_into,
            reference.external_id AS linked_as, (NOT reference.vouches) AS is_unvouched
        FROM external_reference AS reference
        JOIN customer ON customer.tenant_id = reference.tenant_id AND customer.id = reference.entity_id
        WHERE reference.tenant_id = $1
          AND reference.source_system_id = $2
          AND reference.entity_type = 'customer'
          AND reference.external_id = ANY (ARRAY(SELECT jsonb_array_elements_text($3)))
    ",
);
static SELECT_CUSTOMERS_BY_NUMBER: EngineSql = EngineSql::new(
    r"
        SELECT
            customer.number_key AS looked_up, customer.id, customer.name,
            (customer.archived_at IS NOT NULL) AS is_archived, customer.merged_into,
            (
                SELECT min(reference.external_id)
                FROM external_reference AS reference
                WHERE reference.tenant_id = customer.tenant_id
                  AND reference.source_system_id = $2
                  AND reference.entity_type = 'customer'
                  AND reference.entity_id = customer.id
            ) AS linked_as
        FROM customer
        WHERE customer.tenant_id = $1
          AND customer.merged_into IS NULL
          AND customer.number_key = ANY (ARRAY(SELECT jsonb_array_elements_text($3)))
        ORDER BY customer.number_key, customer.id
    ",
);
static SELECT_CUSTOMERS_BY_ID: EngineSql = EngineSql::new(
    r"
        SELECT
            NULL AS looked_up, customer.id, customer.name,
            (customer.archived_at IS NOT NULL) AS is_archived, customer.merged_into, NULL AS linked_as
        FROM customer
        WHERE customer.tenant_id = $1
          AND customer.id = ANY (ARRAY(SELECT jsonb_array_elements_text($2)::UUID))
    ",
);
static LOCK_CUSTOMERS: EngineSql = EngineSql::new(
    r"
        SELECT id
        FROM customer
        WHERE tenant_id = $1
          AND id = ANY (ARRAY(SELECT jsonb_array_elements_text($2)::UUID))
        ORDER BY id FOR NO KEY UPDATE
    ",
);
static SELECT_NAME_KEYS: EngineSql = EngineSql::new(
    r"
        SELECT DISTINCT name_key
        FROM customer
        WHERE tenant_id = $1
          AND name_key = ANY (ARRAY(SELECT jsonb_array_elements_text($2)))
    ",
);
static SELECT_LOCATIONS: EngineSql = EngineSql::new(
    r"
        SELECT
            reference.external_id, location.id, location.customer_id, location.name, location.street,
            location.postal_code, location.city, location.country, location.latitude, location.longitude,
            (
                location.archived_at IS NOT NULL
                OR customer.archived_at IS NOT NULL
                OR customer.merged_into IS NOT NULL
            ) AS is_archived
        FROM external_reference AS reference
        JOIN location ON location.tenant_id = reference.tenant_id AND location.id = reference.entity_id
        JOIN customer ON customer.tenant_id = location.tenant_id AND customer.id = location.customer_id
        WHERE reference.tenant_id = $1
          AND reference.source_system_id = $2
          AND reference.entity_type = 'location'
          AND reference.external_id = ANY (ARRAY(SELECT jsonb_array_elements_text($3)))
    ",
);
static SELECT_CONTACTS: EngineSql = EngineSql::new(
    r"
        SELECT
            reference.external_id, contact.id, contact.customer_id, contact.location_id,
            contact.display_name, contact.email, contact.phone
        FROM external_reference AS reference
        JOIN contact ON contact.tenant_id = reference.tenant_id AND contact.id = reference.entity_id
        WHERE reference.tenant_id = $1
          AND reference.source_system_id = $2
          AND reference.entity_type = 'contact'
          AND reference.external_id = ANY (ARRAY(SELECT jsonb_array_elements_text($3)))
    ",
);

#[derive(Debug, sqlx::FromRow)]
struct LocationRow {
    external_id: String,
    id: Key<LocationKind>,
    customer_id: Key<CustomerKind>,
    name: String,
    street: Option<String>,
    postal_code: Option<String>,
    city: Option<String>,
    country: Option<String>,
    latitude: Option<f64>,
    longitude: Option<f64>,
    is_archived: bool,
}

#[derive(Debug, sqlx::FromRow)]
struct ContactRow {
    external_id: String,
    id: Key<ContactKind>,
    customer_id: Key<CustomerKind>,
    location_id: Option<Key<LocationKind>>,
    display_name: String,
    email: Option<String>,
    phone: Option<String>,
}

/// How many merges are followed; a longer chain is a cycle.
const MAX_MERGE_DEPTH: usize = 8;

impl TenantTx<'_, ApiClient> {
    /// Looks up all keys with one statement per kind.
    pub(crate) async fn candidates(&mut self, candidate_query: &CandidateQuery) -> Result<Candidates, StoreError> {
        let mut found = Candidates::default();
        self.find_customers(candidate_query, &mut found).await?;
        // Locks the customers that may get a new reference, then reads again what other transactions committed.
        let linking: BTreeSet<CustomerId> = candidate_query
            .linking
            .iter()
            .filter(|(_, ids)| ids.iter().any(|id| !found.customer_references.contains_key(id)))
            .filter_map(
                |(number, _)| match found.customers_by_number.get(number).map(Vec::as_slice) {
                    Some([only]) => Some(*only),
                    _ => None,
                },
            )
            .collect();
        if !linking.is_empty() {
            let tenant = self.tenant();
            let ids: Vec<_> = linking.into_iter().map(hex_id).collect();
            let sql = &LOCK_CUSTOMERS;
            let _: Vec<(Uuid,)> = self.tx.fetch_all::<(Uuid,)>(sql, (tenant, Json(&ids))).await?;
            found = Candidates::default();
            self.find_customers(candidate_query, &mut found).await?;
        }
        self.find_locations_and_contacts(candidate_query, &mut found).await?;
        Ok(found)
    }

    async fn find_customers(
        &mut self,
        candidate_query: &CandidateQuery,
        found: &mut Candidates,
    ) -> Result<(), StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system().uuid());
        if !candidate_query.customer_ids.is_empty() {
            let sql = &SELECT_CUSTOMERS_BY_REFERENCE;
            let rows = self
                .tx
                .fetch_all::<CustomerRow>(sql, (tenant, source, Json(&candidate_query.customer_ids)))
                .await?;
            for row in rows {
                if let Some(external_id) = &row.looked_up {
                    found.customer_references.insert(external_id.clone(), row.id.0);
                    if row.is_unvouched {
                        found.unvouched_references.insert(external_id.clone());
                    }
                }
                found.add_customer(row);
            }
            self.follow_merges(found).await?;
        }
        if !candidate_query.number_keys.is_empty() {
            let sql = &SELECT_CUSTOMERS_BY_NUMBER;
            let rows = self
                .tx
                .fetch_all::<CustomerRow>(sql, (tenant, source, Json(&candidate_query.number_keys)))
                .await?;
            for row in rows {
                if let Some(number) = &row.looked_up {
                    found
                        .customers_by_number
                        .entry(number.clone())
                        .or_default()
                        .push(row.id.0);
                }
                found.add_customer(row);
            }
        }
        Ok(())
    }

    async fn follow_merges(&mut self, found: &mut Candidates) -> Result<(), StoreError> {
        let tenant = self.tenant();
        for _ in 0..MAX_MERGE_DEPTH {
            let missing: Vec<_> = found
                .customers
                .values()
                .filter_map(|known| known.merged_into)
                .filter(|into| !found.customers.contains_key(into))
                .map(hex_id)
                .collect();
            if missing.is_empty() {
                break;
            }
            let sql = &SELECT_CUSTOMERS_BY_ID;
            let rows: Vec<CustomerRow> = self.tx.fetch_all::<CustomerRow>(sql, (tenant, Json(&missing))).await?;
            for row in rows {
                found.add_customer(row);
            }
        }
        Ok(())
    }

    async fn find_locations_and_contacts(
        &mut self,
        candidate_query: &CandidateQuery,
        found: &mut Candidates,
    ) -> Result<(), StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system().uuid());
        if !candidate_query.name_keys.is_empty() {
            let sql = &SELECT_NAME_KEYS;
            let rows: Vec<(String,)> = self
                .tx
                .fetch_all::<(String,)>(sql, (tenant, Json(&candidate_query.name_keys)))
                .await?;
            found.name_keys.extend(rows.into_iter().map(|(name,)| name));
        }
        if !candidate_query.location_ids.is_empty() {
            let sql = &SELECT_LOCATIONS;
            let rows: Vec<LocationRow> = self
                .tx
                .fetch_all::<LocationRow>(sql, (tenant, source, Json(&candidate_query.location_ids)))
                .await?;
            for row in rows {
                found.location_references.insert(row.external_id, row.id.0);
                found.locations.insert(
                    row.id.0,
                    LocationCandidate {
                        id: row.id.0,
                        customer: row.customer_id.0,
                        name: row.name,
                        address: Address {
                            street: row.street,
                            postal_code: row.postal_code,
                            city: row.city,
                            country: row.country,
                        },
                        coordinates: row
                            .latitude
                            .zip(row.longitude)
                            .and_then(|(lat, lon)| Coordinates::new(lat, lon)),
                        archived: row.is_archived,
                    },
                );
            }
        }
        if !candidate_query.contact_ids.is_empty() {
            let sql = &SELECT_CONTACTS;
            let rows: Vec<ContactRow> = self
                .tx
                .fetch_all::<ContactRow>(sql, (tenant, source, Json(&candidate_query.contact_ids)))
                .await?;
            for row in rows {
                found.contact_references.insert(row.external_id, row.id.0);
                found.contacts.insert(
                    row.id.0,
                    ContactCandidate {
                        id: row.id.0,
                        customer: row.customer_id.0,
                        location: row.location_id.map(|key| key.0),
                        display_name: row.display_name,
                        email: row.email,
                        phone: row.phone,
                    },
                );
            }
        }
        Ok(())
    }
}

impl Candidates {
    fn add_customer(&mut self, row: CustomerRow) {
        let known = self.customers.entry(row.id.0).or_insert_with(|| KnownCustomer {
            candidate: CustomerCandidate {
                id: row.id.0,
                name: row.name,
                archived: row.is_archived,
                linked_as: None,
                is_vouched: true,
            },
            merged_into: row.merged_into.map(|key| key.0),
        });
        if known.candidate.linked_as.is_none() {
            known.candidate.linked_as = row.linked_as;
        }
    }

    /// Returns the customer of an external ID after following merges, and whether it was merged.
    pub(crate) fn customer_by_reference(&self, external_id: &str) -> Option<(&CustomerCandidate, bool)> {
        let mut known = self.customers.get(self.customer_references.get(external_id)?)?;
        let mut merged = false;
        for _ in 0..MAX_MERGE_DEPTH {
            let Some(next) = known.merged_into.and_then(|into| self.customers.get(&into)) else {
                break;
            };
            merged = true;
            known = next;
        }
        Some((&known.candidate, merged))
    }
}
