//! What the mapping rules choose among, looked up for many imports at once.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use domain::customers::{Address, Coordinates};
use domain::ids::{ContactId, ContactKind, CustomerId, CustomerKind, LocationId, LocationKind};
use domain::mapping::contact::ContactCandidate;
use domain::mapping::customer::CustomerCandidate;
use domain::mapping::location::LocationCandidate;
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::Key;
use crate::db::TenantTx;
use crate::db::bulk::{hex_id, listed};
use crate::db::{Engine, StoreError, all};
use crate::identity::actors::{Actor as _, ApiClient};

/// What is to be looked up.
#[derive(Debug, Default)]
pub(crate) struct Questions {
    pub customer_ids: BTreeSet<String>,
    pub number_keys: BTreeSet<String>,
    pub name_keys: BTreeSet<String>,
    pub location_ids: BTreeSet<String>,
    pub contact_ids: BTreeSet<String>,
    /// Numbers that came with an external id: if that id is unknown, their customer may get a new reference and is locked
    /// first, so that two imports cannot link one customer under two ids (row C11).
    pub linking: BTreeMap<String, BTreeSet<String>>,
}

/// What was found. The engine keeps it up to date while it decides, so that an import sees what the one before did.
#[derive(Debug, Default)]
pub(crate) struct Candidates {
    pub customers: HashMap<CustomerId, KnownCustomer>,
    pub customer_references: HashMap<String, CustomerId>,
    pub customers_by_number: HashMap<String, Vec<CustomerId>>,
    pub name_keys: HashSet<String>,
    pub locations: HashMap<LocationId, LocationCandidate>,
    pub location_references: HashMap<String, LocationId>,
    pub contacts: HashMap<ContactId, ContactCandidate>,
    pub contact_references: HashMap<String, ContactId>,
}

/// A customer as the rules see it, with where it was merged into.
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
}

listed!(text CUSTOMERS_BY_REFERENCE_SQLITE, CUSTOMERS_BY_REFERENCE_POSTGRES,
    "SELECT r.external_id AS looked_up, c.id, c.name, (c.archived_at IS NOT NULL) AS is_archived, c.merged_into, r.external_id AS linked_as \
     FROM external_reference r JOIN customer c ON c.tenant_id = r.tenant_id AND c.id = r.entity_id \
     WHERE r.tenant_id = $1 AND r.source_system_id = $2 AND r.entity_type = 'customer' AND r.external_id ", "$3", "");
listed!(text CUSTOMERS_BY_NUMBER_SQLITE, CUSTOMERS_BY_NUMBER_POSTGRES,
    "SELECT c.number_key AS looked_up, c.id, c.name, (c.archived_at IS NOT NULL) AS is_archived, c.merged_into, \
     (SELECT min(r.external_id) FROM external_reference r WHERE r.tenant_id = c.tenant_id AND r.source_system_id = $2 AND r.entity_type = 'customer' AND r.entity_id = c.id) AS linked_as \
     FROM customer c WHERE c.tenant_id = $1 AND c.merged_into IS NULL AND c.number_key ", "$3", " ORDER BY c.id");
listed!(id CUSTOMERS_BY_ID_SQLITE, CUSTOMERS_BY_ID_POSTGRES,
    "SELECT NULL AS looked_up, c.id, c.name, (c.archived_at IS NOT NULL) AS is_archived, c.merged_into, NULL AS linked_as \
     FROM customer c WHERE c.tenant_id = $1 AND c.id ", "$2", "");
listed!(id LOCK_CUSTOMERS_SQLITE, LOCK_CUSTOMERS_POSTGRES,
    "SELECT id FROM customer WHERE tenant_id = $1 AND id ", "$2", " ORDER BY id FOR NO KEY UPDATE");
listed!(text NAMES_SQLITE, NAMES_POSTGRES,
    "SELECT DISTINCT name_key FROM customer WHERE tenant_id = $1 AND name_key ", "$2", "");
listed!(text LOCATIONS_SQLITE, LOCATIONS_POSTGRES,
    "SELECT r.external_id, l.id, l.customer_id, l.name, l.street, l.postal_code, l.city, l.country, l.latitude, l.longitude, (l.archived_at IS NOT NULL OR c.archived_at IS NOT NULL OR c.merged_into IS NOT NULL) AS is_archived \
     FROM external_reference r JOIN location l ON l.tenant_id = r.tenant_id AND l.id = r.entity_id JOIN customer c ON c.tenant_id = l.tenant_id AND c.id = l.customer_id \
     WHERE r.tenant_id = $1 AND r.source_system_id = $2 AND r.entity_type = 'location' AND r.external_id ", "$3", "");
listed!(text CONTACTS_SQLITE, CONTACTS_POSTGRES,
    "SELECT r.external_id, c.id, c.customer_id, c.location_id, c.display_name, c.email, c.phone \
     FROM external_reference r JOIN contact c ON c.tenant_id = r.tenant_id AND c.id = r.entity_id \
     WHERE r.tenant_id = $1 AND r.source_system_id = $2 AND r.entity_type = 'contact' AND r.external_id ", "$3", "");

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

/// Merges are followed at most this often; more is a circle made by hand.
const MOST_MERGES: usize = 8;

impl TenantTx<'_, ApiClient> {
    /// Answers all questions, each kind with one statement.
    pub(crate) async fn candidates(&mut self, questions: &Questions) -> Result<Candidates, StoreError> {
        let mut found = Candidates::default();
        self.find_customers(questions, &mut found).await?;
        // A number whose customer may get a new reference: lock the customer, then look again at what others committed.
        let linking: BTreeSet<CustomerId> = questions
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
        if !linking.is_empty() && self.store.engine() == Engine::Postgres {
            let tenant = self.tenant();
            let ids: Vec<_> = linking.into_iter().map(hex_id).collect();
            let sql = self.tx.dialect(LOCK_CUSTOMERS_SQLITE, LOCK_CUSTOMERS_POSTGRES);
            let _: Vec<(Uuid,)> = all!(&mut self.tx, (Uuid,), sql, tenant, Json(&ids))?;
            found = Candidates::default();
            self.find_customers(questions, &mut found).await?;
        }
        self.find_places_and_people(questions, &mut found).await?;
        Ok(found)
    }

    async fn find_customers(&mut self, questions: &Questions, found: &mut Candidates) -> Result<(), StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system.uuid());
        if !questions.customer_ids.is_empty() {
            let sql = self
                .tx
                .dialect(CUSTOMERS_BY_REFERENCE_SQLITE, CUSTOMERS_BY_REFERENCE_POSTGRES);
            let rows = all!(
                &mut self.tx,
                CustomerRow,
                sql,
                tenant,
                source,
                Json(&questions.customer_ids)
            )?;
            for row in rows {
                if let Some(external_id) = &row.looked_up {
                    found.customer_references.insert(external_id.clone(), row.id.0);
                }
                found.keep(row);
            }
            self.follow_merges(found).await?;
        }
        if !questions.number_keys.is_empty() {
            let sql = self
                .tx
                .dialect(CUSTOMERS_BY_NUMBER_SQLITE, CUSTOMERS_BY_NUMBER_POSTGRES);
            let rows = all!(
                &mut self.tx,
                CustomerRow,
                sql,
                tenant,
                source,
                Json(&questions.number_keys)
            )?;
            for row in rows {
                if let Some(number) = &row.looked_up {
                    found
                        .customers_by_number
                        .entry(number.clone())
                        .or_default()
                        .push(row.id.0);
                }
                found.keep(row);
            }
        }
        Ok(())
    }

    async fn follow_merges(&mut self, found: &mut Candidates) -> Result<(), StoreError> {
        let tenant = self.tenant();
        for _ in 0..MOST_MERGES {
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
            let sql = self.tx.dialect(CUSTOMERS_BY_ID_SQLITE, CUSTOMERS_BY_ID_POSTGRES);
            let rows: Vec<CustomerRow> = all!(&mut self.tx, CustomerRow, sql, tenant, Json(&missing))?;
            for row in rows {
                found.keep(row);
            }
        }
        Ok(())
    }

    async fn find_places_and_people(
        &mut self,
        questions: &Questions,
        found: &mut Candidates,
    ) -> Result<(), StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system.uuid());
        if !questions.name_keys.is_empty() {
            let sql = self.tx.dialect(NAMES_SQLITE, NAMES_POSTGRES);
            let rows: Vec<(String,)> = all!(&mut self.tx, (String,), sql, tenant, Json(&questions.name_keys))?;
            found.name_keys.extend(rows.into_iter().map(|(name,)| name));
        }
        if !questions.location_ids.is_empty() {
            let sql = self.tx.dialect(LOCATIONS_SQLITE, LOCATIONS_POSTGRES);
            let rows: Vec<LocationRow> = all!(
                &mut self.tx,
                LocationRow,
                sql,
                tenant,
                source,
                Json(&questions.location_ids)
            )?;
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
        if !questions.contact_ids.is_empty() {
            let sql = self.tx.dialect(CONTACTS_SQLITE, CONTACTS_POSTGRES);
            let rows: Vec<ContactRow> = all!(
                &mut self.tx,
                ContactRow,
                sql,
                tenant,
                source,
                Json(&questions.contact_ids)
            )?;
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
    fn keep(&mut self, row: CustomerRow) {
        let known = self.customers.entry(row.id.0).or_insert_with(|| KnownCustomer {
            candidate: CustomerCandidate {
                id: row.id.0,
                name: row.name,
                archived: row.is_archived,
                linked_as: None,
            },
            merged_into: row.merged_into.map(|key| key.0),
        });
        if known.candidate.linked_as.is_none() {
            known.candidate.linked_as = row.linked_as;
        }
    }

    /// The customer behind an external id, with merges followed; and whether one was.
    pub(crate) fn customer_by_reference(&self, external_id: &str) -> Option<(&CustomerCandidate, bool)> {
        let mut known = self.customers.get(self.customer_references.get(external_id)?)?;
        let mut merged = false;
        for _ in 0..MOST_MERGES {
            let Some(next) = known.merged_into.and_then(|into| self.customers.get(&into)) else {
                break;
            };
            merged = true;
            known = next;
        }
        Some((&known.candidate, merged))
    }
}
