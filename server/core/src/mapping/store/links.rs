//! References and what was imported through them: linked targets and created records.

use domain::ids::TargetId;
use domain::mapping::MappingType;
use uuid::Uuid;

use crate::db::StoreError;
use crate::db::TenantTx;
use crate::identity::actors::Staff;
use crate::mapping::model::{AffectedTarget, CreatedRecord, LinkSummary};

macro_rules! link_of {
    ($kind:literal, $name:literal, $joins:literal) => {
        concat!(
            r"
            SELECT
                source.id AS source_system_id, source.key AS source_key, reference.entity_id,
                ",
            $name,
            r" AS name,
                customer.id AS customer_id, customer.name AS customer_name, reference.created_by, reference.created_at
            FROM external_reference AS reference
            JOIN source_system AS source ON source.tenant_id = reference.tenant_id
                AND source.id = reference.source_system_id
            ",
            $joins,
            r"
            WHERE reference.tenant_id = $1
              AND source.key = $2
              AND reference.entity_type = '",
            $kind,
            r"'
              AND reference.external_id = $3
            "
        )
    };
}
const SELECT_CUSTOMER_LINK: &str = link_of!(
    "customer",
    "customer.name",
    "JOIN customer ON customer.tenant_id = reference.tenant_id AND customer.id = reference.entity_id"
);
const SELECT_LOCATION_LINK: &str = link_of!(
    "location",
    "location.name",
    r"
            JOIN location ON location.tenant_id = reference.tenant_id AND location.id = reference.entity_id
            JOIN customer ON customer.tenant_id = location.tenant_id AND customer.id = location.customer_id
    "
);
const SELECT_CONTACT_LINK: &str = link_of!(
    "contact",
    "contact.display_name",
    r"
            JOIN contact ON contact.tenant_id = reference.tenant_id AND contact.id = reference.entity_id
            JOIN customer ON customer.tenant_id = contact.tenant_id AND customer.id = contact.customer_id
    "
);

/// Selects the targets of a source that are linked to a record and were sent with the external ID that refers to it.
macro_rules! affected {
    ($columns:literal, $kind:literal, $or_condition:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            $columns,
            r"
            FROM target
            WHERE target.tenant_id = $1
              AND target.source_system_id = $2
              AND target.",
            $kind,
            r"_id = $3
              AND (
                  EXISTS (
                      SELECT 1
                      FROM import_item AS item
                      JOIN import_job AS job ON job.tenant_id = item.tenant_id AND job.id = item.job_id
                      WHERE item.tenant_id = target.tenant_id
                        AND item.target_id = target.id
                        AND item.",
            $kind,
            r"_external_id = $4
                        AND NOT job.dry_run
                  )",
            $or_condition,
            r"
              )
            ",
            $rest
        )
    };
}
macro_rules! affected_lines {
    ($kind:literal, $or_condition:literal) => {
        affected!(
            "target.id, target.number, target.external_id, target.status",
            $kind,
            $or_condition,
            "ORDER BY target.created_at, target.id LIMIT 1000"
        )
    };
}
/// Selects affected targets on which work has not begun, so that they can still be unlinked.
macro_rules! affected_unstarted {
    ($kind:literal, $or_condition:literal) => {
        affected!(
            "target.id, target.number, target.external_id, target.status",
            $kind,
            $or_condition,
            r"
              AND target.status IN ('open', 'scheduled', 'dispatched')
            ORDER BY target.created_at, target.id
            LIMIT 500
            "
        )
    };
}
macro_rules! affected_count {
    ($kind:literal, $or_condition:literal) => {
        affected!("count(*)", $kind, $or_condition, "")
    };
}
/// Also covers targets that were sent without a customer, for a location that an import created under this customer
/// (rule L2).
macro_rules! of_customer {
    ($form:ident) => {
        $form!(
            "customer",
            r"
                  OR EXISTS (
                      SELECT 1
                      FROM external_reference AS reference
                      JOIN import_item AS item ON item.tenant_id = reference.tenant_id
                          AND item.location_external_id = reference.external_id
                          AND item.customer_external_id = $4
                          AND item.mapping -> 'location' ->> 'status' = 'created'
                      JOIN import_job AS job ON job.tenant_id = item.tenant_id
                          AND job.id = item.job_id
                          AND job.source_system_id = reference.source_system_id
                          AND NOT job.dry_run
                      WHERE reference.tenant_id = target.tenant_id
                        AND reference.source_system_id = $2
                        AND reference.entity_type = 'location'
                        AND reference.entity_id = target.location_id
                  )"
        )
    };
}
const SELECT_AFFECTED_BY_CUSTOMER: &str = of_customer!(affected_lines);
const SELECT_AFFECTED_BY_LOCATION: &str = affected_lines!("location", "");
const SELECT_AFFECTED_BY_CONTACT: &str = affected_lines!("contact", "");
const SELECT_UNSTARTED_BY_CUSTOMER: &str = of_customer!(affected_unstarted);
const SELECT_UNSTARTED_BY_LOCATION: &str = affected_unstarted!("location", "");
const SELECT_UNSTARTED_BY_CONTACT: &str = affected_unstarted!("contact", "");
const COUNT_AFFECTED_BY_CUSTOMER: &str = of_customer!(affected_count);
const COUNT_AFFECTED_BY_LOCATION: &str = affected_count!("location", "");
const COUNT_AFFECTED_BY_CONTACT: &str = affected_count!("contact", "");

/// Selects the records of a customer that imports created from items that carried the customer's external ID.
macro_rules! created_by_imports {
    ($kind:literal, $name:literal) => {
        concat!(
            "SELECT entity.id, entity.",
            $name,
            " AS name, reference.external_id FROM ",
            $kind,
            r" AS entity
            JOIN external_reference AS reference ON reference.tenant_id = entity.tenant_id
                AND reference.source_system_id = $2
                AND reference.entity_type = '",
            $kind,
            r"'
                AND reference.entity_id = entity.id
            WHERE entity.tenant_id = $1
              AND entity.customer_id = $3
              AND EXISTS (
                  SELECT 1
                  FROM import_item AS item
                  JOIN import_job AS job ON job.tenant_id = item.tenant_id AND job.id = item.job_id
                  WHERE item.tenant_id = entity.tenant_id
                    AND item.customer_external_id = $4
                    AND item.",
            $kind,
            r"_external_id = reference.external_id
                    AND item.mapping -> '",
            $kind,
            r"' ->> 'status' = 'created'
                    AND job.source_system_id = reference.source_system_id
                    AND NOT job.dry_run
              )
            ORDER BY entity.",
            $name,
            ", entity.id LIMIT 1000"
        )
    };
}
const SELECT_CREATED_LOCATIONS: &str = created_by_imports!("location", "name");
const SELECT_CREATED_CONTACTS: &str = created_by_imports!("contact", "display_name");
/// Deletes a contact only if nothing else in the tenant refers to it.
const DELETE_UNUSED_CONTACT: &str = r"
    DELETE FROM contact
    WHERE tenant_id = $1
      AND id = $2
      AND NOT EXISTS (
          SELECT 1 FROM target WHERE target.tenant_id = $1 AND target.contact_id = $2
      )
      AND NOT EXISTS (
          SELECT 1 FROM request WHERE request.tenant_id = $1 AND request.contact_id = $2
      )
      AND NOT EXISTS (
          SELECT 1 FROM portal_account WHERE portal_account.tenant_id = $1 AND portal_account.contact_id = $2
      )
      AND NOT EXISTS (
          SELECT 1
          FROM external_reference AS reference
          WHERE reference.tenant_id = $1
            AND reference.entity_type = 'contact'
            AND reference.entity_id = $2
      )
";
/// Deletes a location only if nothing else in the tenant refers to it.
const DELETE_UNUSED_LOCATION: &str = r"
    DELETE FROM location
    WHERE tenant_id = $1
      AND id = $2
      AND NOT EXISTS (
          SELECT 1 FROM target WHERE target.tenant_id = $1 AND target.location_id = $2
      )
      AND NOT EXISTS (
          SELECT 1 FROM request WHERE request.tenant_id = $1 AND request.location_id = $2
      )
      AND NOT EXISTS (
          SELECT 1 FROM contact WHERE contact.tenant_id = $1 AND contact.location_id = $2
      )
      AND NOT EXISTS (
          SELECT 1 FROM portal_grant WHERE portal_grant.tenant_id = $1 AND portal_grant.location_id = $2
      )
      AND NOT EXISTS (
          SELECT 1 FROM terminal WHERE terminal.tenant_id = $1 AND terminal.location_id = $2
      )
      AND NOT EXISTS (
          SELECT 1
          FROM external_reference AS reference
          WHERE reference.tenant_id = $1
            AND reference.entity_type = 'location'
            AND reference.entity_id = $2
      )
";
const DETACH_TIMELINE_FROM_CUSTOMER: &str = r"
    UPDATE timeline_entry
    SET customer_id = NULL, location_id = NULL
    WHERE tenant_id = $1
      AND target_id = $2
";
const DETACH_TIMELINE_FROM_LOCATION: &str = r"
    UPDATE timeline_entry
    SET location_id = NULL
    WHERE tenant_id = $1
      AND target_id = $2
";

impl TenantTx<'_, Staff> {
    /// Returns the reference of an external ID.
    pub(crate) async fn link(
        &mut self,
        kind: MappingType,
        source_key: &str,
        external_id: &str,
    ) -> Result<Option<LinkSummary>, StoreError> {
        let tenant = self.tenant();
        let sql = match kind {
            MappingType::Customer => SELECT_CUSTOMER_LINK,
            MappingType::Location => SELECT_LOCATION_LINK,
            MappingType::Contact => SELECT_CONTACT_LINK,
        };
        self.tx
            .fetch_optional::<LinkSummary>(sql, (tenant, source_key, external_id))
            .await
    }

    /// Returns the targets of a link, oldest first, at most one page.
    pub(crate) async fn list_affected_targets(
        &mut self,
        kind: MappingType,
        link: &LinkSummary,
        external_id: &str,
    ) -> Result<Vec<AffectedTarget>, StoreError> {
        let sql = match kind {
            MappingType::Customer => SELECT_AFFECTED_BY_CUSTOMER,
            MappingType::Location => SELECT_AFFECTED_BY_LOCATION,
            MappingType::Contact => SELECT_AFFECTED_BY_CONTACT,
        };
        self.select_affected(sql, link, external_id).await
    }

    /// Returns the oldest targets of a link on which work has not begun.
    pub(crate) async fn list_unstarted_affected_targets(
        &mut self,
        kind: MappingType,
        link: &LinkSummary,
        external_id: &str,
    ) -> Result<Vec<AffectedTarget>, StoreError> {
        let sql = match kind {
            MappingType::Customer => SELECT_UNSTARTED_BY_CUSTOMER,
            MappingType::Location => SELECT_UNSTARTED_BY_LOCATION,
            MappingType::Contact => SELECT_UNSTARTED_BY_CONTACT,
        };
        self.select_affected(sql, link, external_id).await
    }

    async fn select_affected(
        &mut self,
        sql: &'static str,
        link: &LinkSummary,
        external_id: &str,
    ) -> Result<Vec<AffectedTarget>, StoreError> {
        let tenant = self.tenant();
        let (source, entity) = (link.source_system_id.uuid(), link.entity_id);
        self.tx
            .fetch_all::<AffectedTarget>(sql, (tenant, source, entity, external_id))
            .await
    }

    /// Returns how many targets are linked through a reference.
    pub(crate) async fn count_affected_targets(
        &mut self,
        kind: MappingType,
        link: &LinkSummary,
        external_id: &str,
    ) -> Result<i64, StoreError> {
        let tenant = self.tenant();
        let sql = match kind {
            MappingType::Customer => COUNT_AFFECTED_BY_CUSTOMER,
            MappingType::Location => COUNT_AFFECTED_BY_LOCATION,
            MappingType::Contact => COUNT_AFFECTED_BY_CONTACT,
        };
        let (source, entity) = (link.source_system_id.uuid(), link.entity_id);
        let (count,) = self
            .tx
            .fetch_one::<(i64,)>(sql, (tenant, source, entity, external_id))
            .await?;
        Ok(count)
    }

    /// Returns the locations or contacts that imports created under the customer of a link; none for links of other
    /// kinds.
    pub(crate) async fn list_created_records(
        &mut self,
        kind: MappingType,
        link: &LinkSummary,
        external_id: &str,
    ) -> Result<Vec<CreatedRecord>, StoreError> {
        let tenant = self.tenant();
        let sql = match kind {
            MappingType::Customer => return Ok(Vec::new()),
            MappingType::Location => SELECT_CREATED_LOCATIONS,
            MappingType::Contact => SELECT_CREATED_CONTACTS,
        };
        let (source, customer) = (link.source_system_id.uuid(), link.customer_id.uuid());
        self.tx
            .fetch_all::<CreatedRecord>(sql, (tenant, source, customer, external_id))
            .await
    }

    /// Deletes a location or contact that nothing else refers to. Returns whether it was deleted.
    pub(crate) async fn delete_if_unused(&mut self, kind: MappingType, id: Uuid) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        let sql = match kind {
            MappingType::Customer => return Ok(false),
            MappingType::Location => DELETE_UNUSED_LOCATION,
            MappingType::Contact => DELETE_UNUSED_CONTACT,
        };
        Ok(self.tx.execute(sql, (tenant, id)).await? == 1)
    }

    /// Detaches the timeline entries of a target from its customer, or only from its location, since the portal shows
    /// the timeline of a customer.
    pub(crate) async fn detach_timeline(&mut self, kind: MappingType, target: TargetId) -> Result<(), StoreError> {
        let tenant = self.tenant();
        let sql = match kind {
            MappingType::Customer => DETACH_TIMELINE_FROM_CUSTOMER,
            MappingType::Location => DETACH_TIMELINE_FROM_LOCATION,
            MappingType::Contact => return Ok(()),
        };
        self.tx.execute(sql, (tenant, target.uuid())).await.map(drop)
    }
}
