//! External references: list, create, delete.

use domain::ids::CustomerId;
use domain::mapping::MappingType;
use uuid::Uuid;

use crate::db::EngineSql;
use crate::db::StoreError;
use crate::db::TenantTx;
use crate::identity::actors::{Actor as _, ApiClient, Operator, Staff};
use crate::mapping::model::{MappingSummary, ReferenceSummary};

const SELECT_REFERENCES_OF_CUSTOMER: &str = r"
    SELECT source.key AS source_key, reference.entity_type, reference.external_id
    FROM external_reference AS reference
    JOIN source_system AS source ON source.tenant_id = reference.tenant_id
        AND source.id = reference.source_system_id
    WHERE reference.tenant_id = $1
      AND (
          (reference.entity_type = 'customer' AND reference.entity_id = $2)
          OR (
              reference.entity_type = 'location'
              AND reference.entity_id IN (
                  SELECT id
                  FROM location
                  WHERE tenant_id = $1
                    AND customer_id = $2
              )
          )
          OR (
              reference.entity_type = 'contact'
              AND reference.entity_id IN (
                  SELECT id
                  FROM contact
                  WHERE tenant_id = $1
                    AND customer_id = $2
              )
          )
      )
    ORDER BY source.key, reference.entity_type, reference.external_id
    LIMIT 200
";
const SELECT_REFERENCES: &str = r"
    SELECT reference.entity_type, reference.external_id, reference.entity_id, reference.created_at
    FROM external_reference AS reference
    WHERE reference.tenant_id = $1
      AND reference.source_system_id = $2
      AND (reference.entity_type, reference.external_id) > ($3, $4)
    ORDER BY reference.entity_type, reference.external_id
    LIMIT $5
";
const SELECT_REFERENCES_OF_TYPE: &str = r"
    SELECT reference.entity_type, reference.external_id, reference.entity_id, reference.created_at
    FROM external_reference AS reference
    WHERE reference.tenant_id = $1
      AND reference.source_system_id = $2
      AND reference.entity_type = $3
      AND reference.external_id > $4
    ORDER BY reference.external_id
    LIMIT $5
";
const SELECT_REFERENCE: &str = r"
    SELECT reference.entity_type, reference.external_id, reference.entity_id, reference.created_at
    FROM external_reference AS reference
    WHERE reference.tenant_id = $1
      AND reference.source_system_id = $2
      AND reference.entity_type = $3
      AND reference.external_id = $4
";
const SELECT_REFERENCE_OF_ENTITY: &str = r"
    SELECT reference.entity_type, reference.external_id, reference.entity_id, reference.created_at
    FROM external_reference AS reference
    WHERE reference.tenant_id = $1
      AND reference.source_system_id = $2
      AND reference.entity_type = $3
      AND reference.entity_id = $4
    ORDER BY reference.external_id
    LIMIT 1
";
const DELETE_REFERENCE: &str = r"
    DELETE FROM external_reference
    WHERE tenant_id = $1
      AND source_system_id = $2
      AND entity_type = $3
      AND external_id = $4
";
const SELECT_LINKABLE_CUSTOMER: &str = r"
    SELECT id
    FROM customer
    WHERE tenant_id = $1
      AND id = $2
      AND archived_at IS NULL
      AND merged_into IS NULL
";
const SELECT_LINKABLE_LOCATION: &str = r"
    SELECT id
    FROM location
    WHERE tenant_id = $1
      AND id = $2
      AND archived_at IS NULL
";
const SELECT_LINKABLE_CONTACT: &str = r"
    SELECT id
    FROM contact
    WHERE tenant_id = $1
      AND id = $2
      AND archived_at IS NULL
";
static LOCK_CUSTOMER: EngineSql = EngineSql::new(
    r"
    SELECT id
    FROM customer
    WHERE tenant_id = $1
      AND id = $2
    FOR NO KEY UPDATE
",
);
static LOCK_LOCATION: EngineSql = EngineSql::new(
    r"
    SELECT id
    FROM location
    WHERE tenant_id = $1
      AND id = $2
    FOR NO KEY UPDATE
",
);
static LOCK_CONTACT: EngineSql = EngineSql::new(
    r"
    SELECT id
    FROM contact
    WHERE tenant_id = $1
      AND id = $2
    FOR NO KEY UPDATE
",
);

impl<A: Operator> TenantTx<'_, A> {
    /// Locks a customer against concurrent changes of its references.
    pub(crate) async fn lock_customer(&mut self, id: Uuid) -> Result<(), StoreError> {
        self.lock_record(MappingType::Customer, id).await
    }

    /// Locks a record against concurrent changes of its references.
    pub(crate) async fn lock_record(&mut self, kind: MappingType, id: Uuid) -> Result<(), StoreError> {
        let (tenant, sql) = (
            self.tenant(),
            match kind {
                MappingType::Customer => &LOCK_CUSTOMER,
                MappingType::Location => &LOCK_LOCATION,
                MappingType::Contact => &LOCK_CONTACT,
            },
        );
        self.tx.fetch_optional::<(Uuid,)>(sql, (tenant, id)).await.map(drop)
    }
}

impl TenantTx<'_, ApiClient> {
    /// Returns the source system of the client.
    pub(crate) fn source_system(&self) -> domain::ids::SourceSystemId {
        self.actor.source_system()
    }

    /// Returns a page of the references of the client's source, by type and external ID.
    pub(crate) async fn list_client_references(
        &mut self,
        kind: Option<MappingType>,
        after: Option<(&str, &str)>,
        limit: i64,
    ) -> Result<Vec<MappingSummary>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system().uuid());
        let (after_type, after_id) = after.unwrap_or_default();
        match kind {
            None => {
                self.tx
                    .fetch_all::<MappingSummary>(SELECT_REFERENCES, (tenant, source, after_type, after_id, limit))
                    .await
            }
            Some(kind) => {
                self.tx
                    .fetch_all::<MappingSummary>(
                        SELECT_REFERENCES_OF_TYPE,
                        (tenant, source, kind.name(), after_id, limit),
                    )
                    .await
            }
        }
    }

    pub(crate) async fn find_client_reference(
        &mut self,
        kind: MappingType,
        external_id: &str,
    ) -> Result<Option<MappingSummary>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system().uuid());
        self.tx
            .fetch_optional::<MappingSummary>(SELECT_REFERENCE, (tenant, source, kind.name(), external_id))
            .await
    }

    /// Returns the reference of a record in the client's source.
    pub(crate) async fn find_client_reference_of_record(
        &mut self,
        kind: MappingType,
        id: Uuid,
    ) -> Result<Option<MappingSummary>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system().uuid());
        self.tx
            .fetch_optional::<MappingSummary>(SELECT_REFERENCE_OF_ENTITY, (tenant, source, kind.name(), id))
            .await
    }

    pub(crate) async fn delete_client_reference(
        &mut self,
        kind: MappingType,
        external_id: &str,
    ) -> Result<bool, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system().uuid());
        Ok(self
            .tx
            .execute(DELETE_REFERENCE, (tenant, source, kind.name(), external_id))
            .await?
            == 1)
    }

    /// Returns whether a record exists and is active.
    pub(crate) async fn is_linkable(&mut self, kind: MappingType, id: Uuid) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        let sql = match kind {
            MappingType::Customer => SELECT_LINKABLE_CUSTOMER,
            MappingType::Location => SELECT_LINKABLE_LOCATION,
            MappingType::Contact => SELECT_LINKABLE_CONTACT,
        };
        Ok(self.tx.fetch_optional::<(Uuid,)>(sql, (tenant, id)).await?.is_some())
    }
}

impl TenantTx<'_, Staff> {
    pub(crate) async fn references_of_customer(
        &mut self,
        customer: CustomerId,
    ) -> Result<Vec<ReferenceSummary>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<ReferenceSummary>(SELECT_REFERENCES_OF_CUSTOMER, (tenant, customer.uuid()))
            .await
    }
}
