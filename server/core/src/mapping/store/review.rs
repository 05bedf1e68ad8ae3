//! Queries and updates of the mapping review.

use chrono::{DateTime, Utc};
use domain::ids::{ContactId, CustomerId, Id, ImportItemId, LocationId, SourceSystemId, TargetId};
use domain::jobs::targets::TargetStatus;
use domain::text::name_for_comparison;
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::TenantTx;
use crate::db::bulk::{escape_like, hex_id, listed};
use crate::db::{StoreError, all, maybe, one, run};
use crate::identity::actors::{Actor as _, Staff};
use crate::imports::ReferenceKind;
use crate::jobs::model::TargetLine;
use crate::jobs::{TargetRecord, select_target_line};
use crate::mapping::model::{CandidateLine, ContactChoice, KnownReference, LocationChoice};

const COUNT_TARGETS_NEEDING_MAPPING: &str = r"
    SELECT count(*)
    FROM target
    WHERE tenant_id = $1
      AND needs_mapping
      AND status IN ('open', 'scheduled', 'dispatched')
";
const SELECT_TARGETS_NEEDING_MAPPING: &str = concat!(
    select_target_line!(),
    r"
        WHERE target.tenant_id = $1
          AND target.needs_mapping
          AND target.status IN ('open', 'scheduled', 'dispatched')
          AND (target.created_at, target.id) > ($2, $3)
        ORDER BY target.created_at, target.id
        LIMIT $4
    "
);
const SELECT_PAYLOAD: &str = r"
    SELECT payload
    FROM import_item
    WHERE tenant_id = $1
      AND id = $2
";
const SELECT_SOURCE_OF_TARGET: &str = r"
    SELECT source_system_id
    FROM target
    WHERE tenant_id = $1
      AND id = $2
";
macro_rules! select_candidate {
    () => {
        r"
            SELECT
                customer.id, customer.customer_number, customer.name,
                (customer.archived_at IS NOT NULL OR customer.merged_into IS NOT NULL) AS is_inactive,
                (
                    SELECT min(reference.external_id)
                    FROM external_reference AS reference
                    WHERE reference.tenant_id = customer.tenant_id
                      AND reference.source_system_id = $2
                      AND reference.entity_type = 'customer'
                      AND reference.entity_id = customer.id
                ) AS linked_as,
                (
                    SELECT min(location.city)
                    FROM location
                    WHERE location.tenant_id = customer.tenant_id
                      AND location.customer_id = customer.id
                ) AS city,
                (
                    SELECT count(*)
                    FROM location
                    WHERE location.tenant_id = customer.tenant_id
                      AND location.customer_id = customer.id
                ) AS locations,
                (
                    SELECT count(*)
                    FROM target
                    WHERE target.tenant_id = customer.tenant_id
                      AND target.customer_id = customer.id
                ) AS targets
        "
    };
}
const SELECT_CANDIDATES_SQLITE: &str = concat!(
    select_candidate!(),
    r"
        FROM customer
        WHERE customer.tenant_id = $1
          AND (
              customer.id IN (SELECT unhex(value) FROM json_each($3))
              OR customer.name_key = $4
              OR ($5 <> '' AND (customer.name_key LIKE $6 ESCAPE '!' OR customer.number_key LIKE $7 ESCAPE '!'))
          )
        ORDER BY customer.name_key, customer.id
        LIMIT 20
    "
);
const SELECT_CANDIDATES_POSTGRES: &str = concat!(
    select_candidate!(),
    r"
        FROM customer
        WHERE customer.tenant_id = $1
          AND (
              customer.id IN (SELECT jsonb_array_elements_text($3)::uuid)
              OR customer.name_key = $4
              OR ($5 <> '' AND (customer.name_key LIKE $6 ESCAPE '!' OR customer.number_key LIKE $7 ESCAPE '!'))
          )
        ORDER BY customer.name_key, customer.id
        LIMIT 20
    "
);
const COUNT_PENDING_OF_CUSTOMER: &str = r"
    SELECT count(DISTINCT target.id)
    FROM target
    JOIN import_item AS item ON item.tenant_id = target.tenant_id
        AND item.target_id = target.id AND item.outcome IN ('created', 'updated', 'unchanged')
    JOIN import_job AS job ON job.tenant_id = item.tenant_id AND job.id = item.job_id AND NOT job.dry_run
    WHERE target.tenant_id = $1
      AND target.source_system_id = $2
      AND target.needs_mapping
      AND target.status IN ('open', 'scheduled', 'dispatched')
      AND item.customer_external_id = $3
      AND target.id <> $4
";
const SELECT_PENDING_PAYLOADS_OF_CUSTOMER: &str = r"
    SELECT item.payload
    FROM target
    JOIN import_item AS item ON item.tenant_id = target.tenant_id
        AND item.target_id = target.id AND item.outcome IN ('created', 'updated', 'unchanged')
    JOIN import_job AS job ON job.tenant_id = item.tenant_id AND job.id = item.job_id AND NOT job.dry_run
    WHERE target.tenant_id = $1
      AND target.source_system_id = $2
      AND target.needs_mapping
      AND target.status IN ('open', 'scheduled', 'dispatched')
      AND item.customer_external_id = $3
      AND target.id <> $4
      AND item.payload IS NOT NULL
      AND NOT EXISTS (
          SELECT 1
          FROM import_item AS later_item
          JOIN import_job AS later_job ON later_job.tenant_id = later_item.tenant_id
              AND later_job.id = later_item.job_id AND NOT later_job.dry_run
          WHERE later_item.tenant_id = item.tenant_id
            AND later_item.target_id = item.target_id
            AND later_item.outcome IN ('created', 'updated', 'unchanged')
            AND (
                later_item.created_at > item.created_at
                OR (later_item.created_at = item.created_at AND later_item.id > item.id)
            )
      )
    ORDER BY target.created_at, target.id
    LIMIT 500
";
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
        tenant_id, source_system_id, entity_type, external_id, entity_id, made_by, created_at
    )
    VALUES ($1, $2, $3, $4, $5, $6, $7)
";
const DELETE_REFERENCE: &str = r"
    DELETE FROM external_reference
    WHERE tenant_id = $1
      AND source_system_id = $2
      AND entity_type = $3
      AND external_id = $4
";
const UPDATE_TARGET_LINKS: &str = r"
    UPDATE target
    SET customer_id = $3, location_id = $4, contact_id = $5, needs_mapping = $6, updated_at = $7
    WHERE tenant_id = $1
      AND id = $2
      AND status = $8
";
const MARK_ITEM_RESOLVED: &str = "UPDATE import_item SET resolved_at = $3 WHERE tenant_id = $1 AND id = $2";
const MAX_CHOICES_PER_CUSTOMER: i64 = 100;
listed!(id SELECT_LOCATION_CHOICES_SQLITE, SELECT_LOCATION_CHOICES_POSTGRES,
    r"
        SELECT ranked.id, ranked.customer_id, ranked.name, ranked.city, ranked.linked_as
        FROM (
            SELECT
                location.id, location.customer_id, location.name, location.city,
                (
                    SELECT min(reference.external_id)
                    FROM external_reference AS reference
                    WHERE reference.tenant_id = location.tenant_id
                      AND reference.source_system_id = $2
                      AND reference.entity_type = 'location'
                      AND reference.entity_id = location.id
                ) AS linked_as,
                row_number() OVER (PARTITION BY location.customer_id ORDER BY location.name, location.id) AS place
            FROM location
            WHERE location.tenant_id = $1
              AND location.archived_at IS NULL
              AND location.customer_id
    ",
    "$3", r"
        ) AS ranked
        WHERE ranked.place <= $4
        ORDER BY ranked.customer_id, ranked.place
    ");
listed!(id SELECT_CONTACT_CHOICES_SQLITE, SELECT_CONTACT_CHOICES_POSTGRES,
    r"
        SELECT ranked.id, ranked.customer_id, ranked.display_name, ranked.linked_as
        FROM (
            SELECT
                contact.id, contact.customer_id, contact.display_name,
                (
                    SELECT min(reference.external_id)
                    FROM external_reference AS reference
                    WHERE reference.tenant_id = contact.tenant_id
                      AND reference.source_system_id = $2
                      AND reference.entity_type = 'contact'
                      AND reference.entity_id = contact.id
                ) AS linked_as,
                row_number() OVER (PARTITION BY contact.customer_id ORDER BY contact.display_name, contact.id) AS place
            FROM contact
            WHERE contact.tenant_id = $1
              AND contact.customer_id
    ",
    "$3", r"
        ) AS ranked
        WHERE ranked.place <= $4
        ORDER BY ranked.customer_id, ranked.place
    ");
const SELECT_KNOWN_REFERENCES: &str = r"
    SELECT
        reference.entity_type, reference.external_id, customer.id AS customer_id,
        customer.name AS customer_name
    FROM external_reference AS reference
    LEFT JOIN location ON reference.entity_type = 'location'
        AND location.tenant_id = reference.tenant_id AND location.id = reference.entity_id
    LEFT JOIN contact ON reference.entity_type = 'contact'
        AND contact.tenant_id = reference.tenant_id AND contact.id = reference.entity_id
    JOIN customer ON customer.tenant_id = reference.tenant_id AND customer.id = COALESCE(
        location.customer_id, contact.customer_id, reference.entity_id
    )
    WHERE reference.tenant_id = $1
      AND reference.source_system_id = $2
      AND (
          (reference.entity_type = 'customer' AND reference.external_id = $3)
          OR (reference.entity_type = 'location' AND reference.external_id = $4)
          OR (reference.entity_type = 'contact' AND reference.external_id = $5)
      )
    ORDER BY reference.entity_type
";

impl TenantTx<'_, Staff> {
    pub(crate) async fn count_targets_needing_mapping(&mut self) -> Result<i64, StoreError> {
        let tenant = self.tenant();
        let (count,) = one!(&mut self.tx, (i64,), COUNT_TARGETS_NEEDING_MAPPING, tenant)?;
        Ok(count)
    }

    pub(crate) async fn list_targets_needing_mapping(
        &mut self,
        after: Option<(DateTime<Utc>, TargetId)>,
        limit: i64,
    ) -> Result<Vec<TargetLine>, StoreError> {
        let tenant = self.tenant();
        let (created_after, id_after) = after.map_or((DateTime::UNIX_EPOCH, Uuid::nil()), |(at, id)| (at, id.uuid()));
        all!(
            &mut self.tx,
            TargetLine,
            SELECT_TARGETS_NEEDING_MAPPING,
            tenant,
            created_after,
            id_after,
            limit
        )
    }

    pub(crate) async fn find_payload_of_item(&mut self, id: ImportItemId) -> Result<Option<Value>, StoreError> {
        let tenant = self.tenant();
        let row: Option<(Option<Json<Value>>,)> =
            maybe!(&mut self.tx, (Option<Json<Value>>,), SELECT_PAYLOAD, tenant, id.uuid())?;
        Ok(row.and_then(|(payload,)| payload).map(|payload| payload.0))
    }

    pub(crate) async fn source_of_target(&mut self, id: TargetId) -> Result<Option<SourceSystemId>, StoreError> {
        let tenant = self.tenant();
        let row: Option<(Option<Uuid>,)> = maybe!(
            &mut self.tx,
            (Option<Uuid>,),
            SELECT_SOURCE_OF_TARGET,
            tenant,
            id.uuid()
        )?;
        Ok(row.and_then(|(source,)| source).map(Id::from_uuid))
    }

    /// Returns customers by ID, by the same name and by a search, each with its external ID in a source.
    pub(crate) async fn mapping_candidates(
        &mut self,
        source: Option<SourceSystemId>,
        ids: &[CustomerId],
        name_key: Option<&str>,
        search: &str,
    ) -> Result<Vec<CandidateLine>, StoreError> {
        let tenant = self.tenant();
        let ids: Vec<String> = ids.iter().map(|id| hex_id(*id)).collect();
        let pattern = |text: String| format!("%{}%", escape_like(&text));
        let (by_name, by_number) = (pattern(name_for_comparison(search)), pattern(search.to_uppercase()));
        let sql = self.tx.dialect(SELECT_CANDIDATES_SQLITE, SELECT_CANDIDATES_POSTGRES);
        all!(
            &mut self.tx,
            CandidateLine,
            sql,
            tenant,
            source.map(Id::uuid),
            Json(&ids),
            name_key.unwrap_or("\u{1}"),
            search,
            &by_name,
            &by_number
        )
    }

    /// Returns the locations and contacts of customers, each with its external ID in a source.
    pub(crate) async fn list_choices(
        &mut self,
        source: Option<SourceSystemId>,
        customers: &[CustomerId],
    ) -> Result<(Vec<LocationChoice>, Vec<ContactChoice>), StoreError> {
        let tenant = self.tenant();
        let source = source.map(Id::uuid);
        let ids: Vec<String> = customers.iter().map(|id| hex_id(*id)).collect();
        let sql = self
            .tx
            .dialect(SELECT_LOCATION_CHOICES_SQLITE, SELECT_LOCATION_CHOICES_POSTGRES);
        let locations = all!(
            &mut self.tx,
            LocationChoice,
            sql,
            tenant,
            source,
            Json(&ids),
            MAX_CHOICES_PER_CUSTOMER
        )?;
        let sql = self
            .tx
            .dialect(SELECT_CONTACT_CHOICES_SQLITE, SELECT_CONTACT_CHOICES_POSTGRES);
        let contacts = all!(
            &mut self.tx,
            ContactChoice,
            sql,
            tenant,
            source,
            Json(&ids),
            MAX_CHOICES_PER_CUSTOMER
        )?;
        Ok((locations, contacts))
    }

    /// Returns the records that the external IDs of a customer, a location and a contact refer to.
    pub(crate) async fn known_references(
        &mut self,
        source: SourceSystemId,
        [customer, location, contact]: [Option<&str>; 3],
    ) -> Result<Vec<KnownReference>, StoreError> {
        let tenant = self.tenant();
        all!(
            &mut self.tx,
            KnownReference,
            SELECT_KNOWN_REFERENCES,
            tenant,
            source.uuid(),
            customer,
            location,
            contact
        )
    }

    /// Returns how many other targets wait with the same external ID of the customer.
    pub(crate) async fn count_waiting_with_customer(
        &mut self,
        source: SourceSystemId,
        external_id: &str,
        except: TargetId,
    ) -> Result<i64, StoreError> {
        let tenant = self.tenant();
        let (count,) = one!(
            &mut self.tx,
            (i64,),
            COUNT_PENDING_OF_CUSTOMER,
            tenant,
            source.uuid(),
            external_id,
            except.uuid()
        )?;
        Ok(count)
    }

    /// Returns the latest payloads of the other targets that wait with the same external ID of the customer.
    pub(crate) async fn list_waiting_payloads(
        &mut self,
        source: SourceSystemId,
        external_id: &str,
        except: TargetId,
    ) -> Result<Vec<Value>, StoreError> {
        let tenant = self.tenant();
        let rows: Vec<(Json<Value>,)> = all!(
            &mut self.tx,
            (Json<Value>,),
            SELECT_PENDING_PAYLOADS_OF_CUSTOMER,
            tenant,
            source.uuid(),
            external_id,
            except.uuid()
        )?;
        Ok(rows.into_iter().map(|(payload,)| payload.0).collect())
    }

    pub(crate) async fn is_active_customer(&mut self, id: CustomerId) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        Ok(maybe!(&mut self.tx, (Uuid,), SELECT_ACTIVE_CUSTOMER, tenant, id.uuid())?.is_some())
    }

    pub(crate) async fn is_location_of(&mut self, id: LocationId, customer: CustomerId) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        Ok(maybe!(
            &mut self.tx,
            (Uuid,),
            SELECT_LOCATION_OF_CUSTOMER,
            tenant,
            id.uuid(),
            customer.uuid()
        )?
        .is_some())
    }

    pub(crate) async fn is_contact_of(&mut self, id: ContactId, customer: CustomerId) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        Ok(maybe!(
            &mut self.tx,
            (Uuid,),
            SELECT_CONTACT_OF_CUSTOMER,
            tenant,
            id.uuid(),
            customer.uuid()
        )?
        .is_some())
    }

    /// Returns the record that an external ID refers to in a source.
    pub(crate) async fn find_reference_in(
        &mut self,
        source: SourceSystemId,
        kind: ReferenceKind,
        external_id: &str,
    ) -> Result<Option<Uuid>, StoreError> {
        let tenant = self.tenant();
        let row: Option<(Uuid,)> = maybe!(
            &mut self.tx,
            (Uuid,),
            SELECT_REFERENCED_RECORD,
            tenant,
            source.uuid(),
            kind.name(),
            external_id
        )?;
        Ok(row.map(|(id,)| id))
    }

    /// Returns whether a record has a reference in a source.
    pub(crate) async fn is_linked_in(
        &mut self,
        source: SourceSystemId,
        kind: ReferenceKind,
        id: Uuid,
    ) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        Ok(maybe!(
            &mut self.tx,
            (String,),
            SELECT_REFERENCE_OF_RECORD,
            tenant,
            source.uuid(),
            kind.name(),
            id
        )?
        .is_some())
    }

    pub(crate) async fn insert_reference_in(
        &mut self,
        source: SourceSystemId,
        kind: ReferenceKind,
        external_id: &str,
        id: Uuid,
    ) -> Result<(), StoreError> {
        let (tenant, made_by, now) = (self.tenant(), self.actor.label(), self.now);
        run!(
            &mut self.tx,
            INSERT_REFERENCE,
            tenant,
            source.uuid(),
            kind.name(),
            external_id,
            id,
            &made_by,
            now
        )
        .map(drop)
    }

    pub(crate) async fn delete_reference_in(
        &mut self,
        source: SourceSystemId,
        kind: ReferenceKind,
        external_id: &str,
    ) -> Result<(), StoreError> {
        let tenant = self.tenant();
        run!(
            &mut self.tx,
            DELETE_REFERENCE,
            tenant,
            source.uuid(),
            kind.name(),
            external_id
        )
        .map(drop)
    }

    /// Updates customer, location and contact of a target if it still has the status in which it was read.
    pub(crate) async fn relink_target(
        &mut self,
        target: &TargetRecord,
        read_as: TargetStatus,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(run!(
            &mut self.tx,
            UPDATE_TARGET_LINKS,
            tenant,
            target.id,
            target.customer_id,
            target.location_id,
            target.contact_id,
            target.needs_mapping,
            now,
            read_as.name()
        )? == 1)
    }

    pub(crate) async fn mark_item_resolved(&mut self, id: ImportItemId) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        run!(&mut self.tx, MARK_ITEM_RESOLVED, tenant, id.uuid(), now).map(drop)
    }
}
