//! External references as people and clients handle them: listed, made, removed.

use domain::ids::CustomerId;
use uuid::Uuid;

use crate::db::TenantTx;
use crate::db::{StoreError, all, maybe, run};
use crate::identity::actors::{Actor as _, ApiClient, Operator, Staff};
use crate::imports::ReferenceKind;
use crate::mapping::model::{MappingLine, ReferenceLine};

const OF_CUSTOMER: &str = "SELECT s.key AS source_key, r.entity_type, r.external_id FROM external_reference r \
    JOIN source_system s ON s.tenant_id = r.tenant_id AND s.id = r.source_system_id \
    WHERE r.tenant_id = $1 AND ((r.entity_type = 'customer' AND r.entity_id = $2) \
      OR (r.entity_type = 'location' AND r.entity_id IN (SELECT id FROM location WHERE tenant_id = $1 AND customer_id = $2)) \
      OR (r.entity_type = 'contact' AND r.entity_id IN (SELECT id FROM contact WHERE tenant_id = $1 AND customer_id = $2))) \
    ORDER BY s.key, r.entity_type, r.external_id LIMIT 200";
const OWN: &str = "SELECT r.entity_type, r.external_id, r.entity_id, r.created_at FROM external_reference r \
    WHERE r.tenant_id = $1 AND r.source_system_id = $2 AND (r.entity_type, r.external_id) > ($3, $4) ORDER BY r.entity_type, r.external_id LIMIT $5";
const OWN_OF_TYPE: &str = "SELECT r.entity_type, r.external_id, r.entity_id, r.created_at FROM external_reference r \
    WHERE r.tenant_id = $1 AND r.source_system_id = $2 AND r.entity_type = $3 AND r.external_id > $4 ORDER BY r.external_id LIMIT $5";
const OWN_ONE: &str = "SELECT r.entity_type, r.external_id, r.entity_id, r.created_at FROM external_reference r \
    WHERE r.tenant_id = $1 AND r.source_system_id = $2 AND r.entity_type = $3 AND r.external_id = $4";
const OF_ENTITY: &str = "SELECT r.entity_type, r.external_id, r.entity_id, r.created_at FROM external_reference r \
    WHERE r.tenant_id = $1 AND r.source_system_id = $2 AND r.entity_type = $3 AND r.entity_id = $4 ORDER BY r.external_id LIMIT 1";
const DELETE_OWN: &str = "DELETE FROM external_reference WHERE tenant_id = $1 AND source_system_id = $2 AND entity_type = $3 AND external_id = $4";
const EXISTS_CUSTOMER: &str =
    "SELECT id FROM customer WHERE tenant_id = $1 AND id = $2 AND archived_at IS NULL AND merged_into IS NULL";
const EXISTS_LOCATION: &str = "SELECT id FROM location WHERE tenant_id = $1 AND id = $2 AND archived_at IS NULL";
const EXISTS_CONTACT: &str = "SELECT id FROM contact WHERE tenant_id = $1 AND id = $2";
const LOCK_CUSTOMER_SQLITE: &str = "SELECT id FROM customer WHERE tenant_id = $1 AND id = $2";
const LOCK_CUSTOMER_POSTGRES: &str = "SELECT id FROM customer WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE";
const LOCK_LOCATION_SQLITE: &str = "SELECT id FROM location WHERE tenant_id = $1 AND id = $2";
const LOCK_LOCATION_POSTGRES: &str = "SELECT id FROM location WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE";
const LOCK_CONTACT_SQLITE: &str = "SELECT id FROM contact WHERE tenant_id = $1 AND id = $2";
const LOCK_CONTACT_POSTGRES: &str = "SELECT id FROM contact WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE";

impl<A: Operator> TenantTx<'_, A> {
    /// Makes other writers of references to this customer wait until this transaction ends.
    pub(crate) async fn lock_customer(&mut self, id: Uuid) -> Result<(), StoreError> {
        self.lock_record(ReferenceKind::Customer, id).await
    }

    /// Makes other writers of references to this record wait until this transaction ends.
    pub(crate) async fn lock_record(&mut self, kind: ReferenceKind, id: Uuid) -> Result<(), StoreError> {
        let (tenant, sql) = (
            self.tenant(),
            match kind {
                ReferenceKind::Customer => self.tx.dialect(LOCK_CUSTOMER_SQLITE, LOCK_CUSTOMER_POSTGRES),
                ReferenceKind::Location => self.tx.dialect(LOCK_LOCATION_SQLITE, LOCK_LOCATION_POSTGRES),
                ReferenceKind::Contact => self.tx.dialect(LOCK_CONTACT_SQLITE, LOCK_CONTACT_POSTGRES),
            },
        );
        maybe!(&mut self.tx, (Uuid,), sql, tenant, id).map(drop)
    }
}

impl TenantTx<'_, ApiClient> {
    /// The client's own source system.
    pub(crate) fn source_system(&self) -> domain::ids::SourceSystemId {
        self.actor.source_system
    }

    /// A page of the own source's references, by type and external id.
    pub(crate) async fn own_references(
        &mut self,
        kind: Option<ReferenceKind>,
        after: Option<(&str, &str)>,
        limit: i64,
    ) -> Result<Vec<MappingLine>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system.uuid());
        let (after_type, after_id) = after.unwrap_or_default();
        match kind {
            None => all!(
                &mut self.tx,
                MappingLine,
                OWN,
                tenant,
                source,
                after_type,
                after_id,
                limit
            ),
            Some(kind) => all!(
                &mut self.tx,
                MappingLine,
                OWN_OF_TYPE,
                tenant,
                source,
                kind.name(),
                after_id,
                limit
            ),
        }
    }

    pub(crate) async fn own_reference(
        &mut self,
        kind: ReferenceKind,
        external_id: &str,
    ) -> Result<Option<MappingLine>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system.uuid());
        maybe!(
            &mut self.tx,
            MappingLine,
            OWN_ONE,
            tenant,
            source,
            kind.name(),
            external_id
        )
    }

    /// The reference that a record already has in the own source.
    pub(crate) async fn own_reference_of(
        &mut self,
        kind: ReferenceKind,
        id: Uuid,
    ) -> Result<Option<MappingLine>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system.uuid());
        maybe!(&mut self.tx, MappingLine, OF_ENTITY, tenant, source, kind.name(), id)
    }

    pub(crate) async fn delete_own_reference(
        &mut self,
        kind: ReferenceKind,
        external_id: &str,
    ) -> Result<bool, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system.uuid());
        Ok(run!(&mut self.tx, DELETE_OWN, tenant, source, kind.name(), external_id)? == 1)
    }

    /// Whether a record is there to be linked.
    pub(crate) async fn is_linkable(&mut self, kind: ReferenceKind, id: Uuid) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        let sql = match kind {
            ReferenceKind::Customer => EXISTS_CUSTOMER,
            ReferenceKind::Location => EXISTS_LOCATION,
            ReferenceKind::Contact => EXISTS_CONTACT,
        };
        Ok(maybe!(&mut self.tx, (Uuid,), sql, tenant, id)?.is_some())
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
