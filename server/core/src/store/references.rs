//! External references: which record an id of another system stands for.

use domain::ids::{ContactId, ContactKind, CustomerId, CustomerKind, Id, Kind, LocationId, LocationKind};
use domain::mapping::contact::ContactCandidate;
use domain::mapping::customer::CustomerCandidate;
use domain::mapping::location::LocationCandidate;
use domain::text::ExternalId;
use uuid::Uuid;

use super::Key;
use super::engine::{StoreError, all, maybe, run};
use super::transaction::TenantTx;
use super::views::ReferenceLine;
use crate::actors::{Actor as _, ApiClient, Staff};

#[derive(sqlx::FromRow)]
struct CustomerRow {
    id: Key<CustomerKind>,
    name: String,
    is_archived: bool,
    merged_into: Option<Uuid>,
    linked_as: Option<String>,
}

impl From<CustomerRow> for CustomerCandidate {
    fn from(row: CustomerRow) -> Self {
        Self {
            id: row.id.0,
            name: row.name,
            archived: row.is_archived,
            linked_as: row.linked_as,
        }
    }
}

const CUSTOMER_BY_REFERENCE: &str = "SELECT c.id, c.name, (c.archived_at IS NOT NULL) AS is_archived, c.merged_into, r.external_id AS linked_as \
    FROM external_reference r JOIN customer c ON c.tenant_id = r.tenant_id AND c.id = r.entity_id \
    WHERE r.tenant_id = $1 AND r.source_system_id = $2 AND r.entity_type = 'customer' AND r.external_id = $3";
const CUSTOMER_BY_ID: &str = "SELECT c.id, c.name, (c.archived_at IS NOT NULL) AS is_archived, c.merged_into, NULL AS linked_as \
    FROM customer c WHERE c.tenant_id = $1 AND c.id = $2";
const CUSTOMERS_BY_NUMBER: &str = "SELECT c.id, c.name, (c.archived_at IS NOT NULL) AS is_archived, c.merged_into, \
    (SELECT min(r.external_id) FROM external_reference r WHERE r.tenant_id = c.tenant_id AND r.source_system_id = $2 AND r.entity_type = 'customer' AND r.entity_id = c.id) AS linked_as \
    FROM customer c WHERE c.tenant_id = $1 AND c.number_key = $3 AND c.merged_into IS NULL ORDER BY c.id LIMIT 20";
const SAME_NAME: &str = "SELECT c.id FROM customer c WHERE c.tenant_id = $1 AND c.name_key = $2 LIMIT 1";
const LOCATION_BY_REFERENCE: &str = "SELECT l.id, l.customer_id, l.name, (l.archived_at IS NOT NULL OR c.archived_at IS NOT NULL OR c.merged_into IS NOT NULL) AS is_archived \
    FROM external_reference r JOIN location l ON l.tenant_id = r.tenant_id AND l.id = r.entity_id JOIN customer c ON c.tenant_id = l.tenant_id AND c.id = l.customer_id \
    WHERE r.tenant_id = $1 AND r.source_system_id = $2 AND r.entity_type = 'location' AND r.external_id = $3";
const CONTACT_BY_REFERENCE: &str = "SELECT c.id, c.customer_id, c.location_id, c.display_name \
    FROM external_reference r JOIN contact c ON c.tenant_id = r.tenant_id AND c.id = r.entity_id \
    WHERE r.tenant_id = $1 AND r.source_system_id = $2 AND r.entity_type = 'contact' AND r.external_id = $3";
const LOCK_CUSTOMER_SQLITE: &str = "SELECT id FROM customer WHERE tenant_id = $1 AND id = $2";
const LOCK_CUSTOMER_POSTGRES: &str = "SELECT id FROM customer WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE";
const RESERVE: &str = "INSERT INTO external_reference (tenant_id, source_system_id, entity_type, external_id, entity_id, created_at) VALUES ($1, $2, $3, $4, $5, $6) \
    ON CONFLICT (tenant_id, source_system_id, entity_type, external_id) DO NOTHING";
const OF_CUSTOMER: &str = "SELECT s.key AS source_key, r.entity_type, r.external_id FROM external_reference r \
    JOIN source_system s ON s.tenant_id = r.tenant_id AND s.id = r.source_system_id \
    WHERE r.tenant_id = $1 AND ((r.entity_type = 'customer' AND r.entity_id = $2) \
      OR (r.entity_type = 'location' AND r.entity_id IN (SELECT id FROM location WHERE tenant_id = $1 AND customer_id = $2)) \
      OR (r.entity_type = 'contact' AND r.entity_id IN (SELECT id FROM contact WHERE tenant_id = $1 AND customer_id = $2))) \
    ORDER BY s.key, r.entity_type, r.external_id LIMIT 200";

/// Merges are followed at most this often; more is a circle made by hand.
const MOST_MERGES: usize = 8;

impl TenantTx<'_, ApiClient> {
    /// The client's own source system.
    pub(crate) fn source_system(&self) -> domain::ids::SourceSystemId {
        self.actor.source_system
    }

    fn source(&self) -> Uuid {
        self.actor.source_system.uuid()
    }

    /// The customer behind an external id, with merges followed; and whether one was.
    pub(crate) async fn customer_by_reference(
        &mut self,
        external_id: &ExternalId,
    ) -> Result<Option<(CustomerCandidate, bool)>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.source());
        let Some(mut row) = maybe!(
            &mut self.tx,
            CustomerRow,
            CUSTOMER_BY_REFERENCE,
            tenant,
            source,
            external_id.as_str()
        )?
        else {
            return Ok(None);
        };
        let mut merged = false;
        for _ in 0..MOST_MERGES {
            let Some(into) = row.merged_into else { break };
            merged = true;
            match maybe!(&mut self.tx, CustomerRow, CUSTOMER_BY_ID, tenant, into)? {
                Some(next) => row = next,
                None => break,
            }
        }
        Ok(Some((row.into(), merged)))
    }

    pub(crate) async fn customers_by_number(&mut self, number_key: &str) -> Result<Vec<CustomerCandidate>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.source());
        let rows = all!(
            &mut self.tx,
            CustomerRow,
            CUSTOMERS_BY_NUMBER,
            tenant,
            source,
            number_key
        )?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    pub(crate) async fn customer_name_exists(&mut self, name_key: &str) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        Ok(maybe!(&mut self.tx, (Uuid,), SAME_NAME, tenant, name_key)?.is_some())
    }

    pub(crate) async fn location_by_reference(
        &mut self,
        external_id: &ExternalId,
    ) -> Result<Option<LocationCandidate>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.source());
        let row = maybe!(
            &mut self.tx,
            (Key<LocationKind>, Key<CustomerKind>, String, bool),
            LOCATION_BY_REFERENCE,
            tenant,
            source,
            external_id.as_str()
        )?;
        Ok(row.map(|(id, customer, name, archived)| LocationCandidate {
            id: id.0,
            customer: customer.0,
            name,
            archived,
        }))
    }

    pub(crate) async fn contact_by_reference(
        &mut self,
        external_id: &ExternalId,
    ) -> Result<Option<ContactCandidate>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.source());
        let row = maybe!(
            &mut self.tx,
            (Key<ContactKind>, Key<CustomerKind>, Option<Key<LocationKind>>, String),
            CONTACT_BY_REFERENCE,
            tenant,
            source,
            external_id.as_str()
        )?;
        Ok(row.map(|(id, customer, location, display_name)| ContactCandidate {
            id: id.0,
            customer: customer.0,
            location: location.map(|key| key.0),
            display_name,
        }))
    }

    /// Makes other imports that want to link to this customer wait until this transaction ends.
    pub(crate) async fn lock_customer(&mut self, id: CustomerId) -> Result<(), StoreError> {
        let (tenant, sql) = (
            self.tenant(),
            self.tx.dialect(LOCK_CUSTOMER_SQLITE, LOCK_CUSTOMER_POSTGRES),
        );
        maybe!(&mut self.tx, (Uuid,), sql, tenant, id.uuid()).map(drop)
    }

    /// Makes an external id stand for a record; false if it already stands for one.
    pub(crate) async fn reserve_customer(
        &mut self,
        external_id: &ExternalId,
        id: CustomerId,
    ) -> Result<bool, StoreError> {
        self.reserve("customer", external_id, id).await
    }

    pub(crate) async fn reserve_location(
        &mut self,
        external_id: &ExternalId,
        id: LocationId,
    ) -> Result<bool, StoreError> {
        self.reserve("location", external_id, id).await
    }

    pub(crate) async fn reserve_contact(
        &mut self,
        external_id: &ExternalId,
        id: ContactId,
    ) -> Result<bool, StoreError> {
        self.reserve("contact", external_id, id).await
    }

    async fn reserve<K: Kind>(
        &mut self,
        entity_type: &str,
        external_id: &ExternalId,
        id: Id<K>,
    ) -> Result<bool, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.source());
        Ok(run!(
            &mut self.tx,
            RESERVE,
            tenant,
            source,
            entity_type,
            external_id.as_str(),
            id.uuid(),
            self.now
        )? == 1)
    }
}

impl TenantTx<'_, Staff> {
    pub(crate) async fn references_of_customer(
        &mut self,
        customer: CustomerId,
    ) -> Result<Vec<ReferenceLine>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, ReferenceLine, OF_CUSTOMER, tenant, customer.uuid())
    }
}
