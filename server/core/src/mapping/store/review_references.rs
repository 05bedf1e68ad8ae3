//! References that the mapping review checks, stores and deletes.

use domain::ids::{ContactId, CustomerId, LocationId, SourceSystemId};
use domain::mapping::MappingType;
use uuid::Uuid;

use crate::db::StoreError;
use crate::db::TenantTx;
use crate::identity::actors::{Actor as _, Staff};

const SELECT_ACTIVE_CUSTOMER: &str = r"
    SELECT id
    FROM customer
    WHERE tenant_id = $1
      AND id = $2
      AND archived_at IS NULL
      AND merged_into IS NULL
";
const SELECT_LOCATION_OF_CUSTOMER: &str = r"
    SELECT id
    FROM location
    WHERE tenant_id = $1
      AND id = $2
      AND customer_id = $3
";
const SELECT_CONTACT_OF_CUSTOMER: &str = r"
    SELECT id
    FROM contact
    WHERE tenant_id = $1
      AND id = $2
      AND customer_id = $3
";
const SELECT_REFERENCED_RECORD: &str = r"
    SELECT entity_id
    FROM external_reference
    WHERE tenant_id = $1
      AND source_system_id = $2
      AND entity_type = $3
      AND external_id = $4
";
const SELECT_REFERENCE_OF_RECORD: &str = r"
    SELECT external_id
    FROM external_reference
    WHERE tenant_id = $1
      AND source_system_id = $2
      AND entity_type = $3
      AND entity_id = $4
    LIMIT 1
";
const INSERT_REFERENCE: &str = r"
    INSERT INTO external_reference (
        tenant_id, source_system_id, entity_type, external_id, entity_id, created_by, created_at
    )
    VALUES ($1, $2, $3, $4, $5, $6, $7)
";
const CONFIRM_REFERENCES: &str = r"
    UPDATE external_reference
    SET vouches = TRUE
    WHERE tenant_id = $1
      AND source_system_id = $2
      AND entity_type = 'customer'
      AND entity_id = $3
";
const DELETE_REFERENCE: &str = r"
    DELETE FROM external_reference
    WHERE tenant_id = $1
      AND source_system_id = $2
      AND entity_type = $3
      AND external_id = $4
";
impl TenantTx<'_, Staff> {
    /// Lets the external IDs of a customer in a source vouch for it.
    pub(crate) async fn confirm_customer_references(
        &mut self,
        source: SourceSystemId,
        customer: CustomerId,
    ) -> Result<(), StoreError> {
        let tenant = self.tenant();
        self.tx
            .execute(CONFIRM_REFERENCES, (tenant, source.uuid(), customer.uuid()))
            .await
            .map(drop)
    }

    pub(crate) async fn is_active_customer(&mut self, id: CustomerId) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        Ok(self
            .tx
            .fetch_optional::<(Uuid,)>(SELECT_ACTIVE_CUSTOMER, (tenant, id.uuid()))
            .await?
            .is_some())
    }

    pub(crate) async fn is_location_of(&mut self, id: LocationId, customer: CustomerId) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        Ok(self
            .tx
            .fetch_optional::<(Uuid,)>(SELECT_LOCATION_OF_CUSTOMER, (tenant, id.uuid(), customer.uuid()))
            .await?
            .is_some())
    }

    pub(crate) async fn is_contact_of(&mut self, id: ContactId, customer: CustomerId) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        Ok(self
            .tx
            .fetch_optional::<(Uuid,)>(SELECT_CONTACT_OF_CUSTOMER, (tenant, id.uuid(), customer.uuid()))
            .await?
            .is_some())
    }

    /// Returns the record that an external ID refers to in a source.
    pub(crate) async fn find_reference_in(
        &mut self,
        source: SourceSystemId,
        kind: MappingType,
        external_id: &str,
    ) -> Result<Option<Uuid>, StoreError> {
        let tenant = self.tenant();
        let row: Option<(Uuid,)> = self
            .tx
            .fetch_optional::<(Uuid,)>(
                SELECT_REFERENCED_RECORD,
                (tenant, source.uuid(), kind.name(), external_id),
            )
            .await?;
        Ok(row.map(|(id,)| id))
    }

    /// Returns whether a record has a reference in a source.
    pub(crate) async fn is_linked_in(
        &mut self,
        source: SourceSystemId,
        kind: MappingType,
        id: Uuid,
    ) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        Ok(self
            .tx
            .fetch_optional::<(String,)>(SELECT_REFERENCE_OF_RECORD, (tenant, source.uuid(), kind.name(), id))
            .await?
            .is_some())
    }

    pub(crate) async fn insert_reference_in(
        &mut self,
        source: SourceSystemId,
        kind: MappingType,
        external_id: &str,
        id: Uuid,
    ) -> Result<(), StoreError> {
        let (tenant, created_by, now) = (self.tenant(), self.actor.label(), self.now);
        self.tx
            .execute(
                INSERT_REFERENCE,
                (tenant, source.uuid(), kind.name(), external_id, id, &created_by, now),
            )
            .await
            .map(drop)
    }

    pub(crate) async fn delete_reference_in(
        &mut self,
        source: SourceSystemId,
        kind: MappingType,
        external_id: &str,
    ) -> Result<(), StoreError> {
        let tenant = self.tenant();
        self.tx
            .execute(DELETE_REFERENCE, (tenant, source.uuid(), kind.name(), external_id))
            .await
            .map(drop)
    }
}
