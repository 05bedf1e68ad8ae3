//! What the warning desk reads and writes about what waits.

use chrono::{DateTime, Utc};
use domain::ids::{ContactId, CustomerId, Id, ImportItemId, LocationId, SourceSystemId, TargetId};
use domain::targets::TargetStatus;
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
use crate::jobs::{TargetRecord, line_columns};
use crate::mapping::model::{CandidateLine, ContactChoice, KnownReference, LocationChoice};

const COUNT: &str = "SELECT count(*) FROM target WHERE tenant_id = $1 AND needs_mapping AND status IN ('open', 'scheduled', 'dispatched')";
const WAITING: &str = concat!(
    line_columns!(),
    "WHERE t.tenant_id = $1 AND t.needs_mapping AND t.status IN ('open', 'scheduled', 'dispatched') AND (t.created_at, t.id) > ($2, $3) \
     ORDER BY t.created_at, t.id LIMIT $4"
);
const PAYLOAD: &str = "SELECT payload FROM import_item WHERE tenant_id = $1 AND id = $2";
const SOURCE_OF_TARGET: &str = "SELECT source_system_id FROM target WHERE tenant_id = $1 AND id = $2";
macro_rules! candidate_columns {
    () => {
        "SELECT c.id, c.customer_number, c.name, (c.archived_at IS NOT NULL OR c.merged_into IS NOT NULL) AS is_inactive, \
         (SELECT min(r.external_id) FROM external_reference r WHERE r.tenant_id = c.tenant_id AND r.source_system_id = $2 AND r.entity_type = 'customer' AND r.entity_id = c.id) AS linked_as, \
         (SELECT min(l.city) FROM location l WHERE l.tenant_id = c.tenant_id AND l.customer_id = c.id) AS city, \
         (SELECT count(*) FROM location l WHERE l.tenant_id = c.tenant_id AND l.customer_id = c.id) AS locations, \
         (SELECT count(*) FROM target t WHERE t.tenant_id = c.tenant_id AND t.customer_id = c.id) AS targets "
    };
}
const CANDIDATES_SQLITE: &str = concat!(
    candidate_columns!(),
    "FROM customer c WHERE c.tenant_id = $1 AND (c.id IN (SELECT unhex(value) FROM json_each($3)) OR c.name_key = $4 OR ($5 <> '' AND (c.name_key LIKE $6 ESCAPE '!' OR c.number_key LIKE $7 ESCAPE '!'))) \
     ORDER BY c.name_key, c.id LIMIT 20"
);
const CANDIDATES_POSTGRES: &str = concat!(
    candidate_columns!(),
    "FROM customer c WHERE c.tenant_id = $1 AND (c.id IN (SELECT jsonb_array_elements_text($3)::uuid) OR c.name_key = $4 OR ($5 <> '' AND (c.name_key LIKE $6 ESCAPE '!' OR c.number_key LIKE $7 ESCAPE '!'))) \
     ORDER BY c.name_key, c.id LIMIT 20"
);
const HELD_COUNT: &str = "SELECT count(DISTINCT t.id) FROM target t JOIN import_item i ON i.tenant_id = t.tenant_id AND i.target_id = t.id AND i.outcome IN ('created', 'updated', 'unchanged') \
    JOIN import_job j ON j.tenant_id = i.tenant_id AND j.id = i.job_id AND NOT j.dry_run \
    WHERE t.tenant_id = $1 AND t.source_system_id = $2 AND t.needs_mapping AND t.status IN ('open', 'scheduled', 'dispatched') AND i.customer_external_id = $3 AND t.id <> $4";
const HELD: &str = "SELECT i.payload FROM target t JOIN import_item i ON i.tenant_id = t.tenant_id AND i.target_id = t.id AND i.outcome IN ('created', 'updated', 'unchanged') \
    JOIN import_job j ON j.tenant_id = i.tenant_id AND j.id = i.job_id AND NOT j.dry_run \
    WHERE t.tenant_id = $1 AND t.source_system_id = $2 AND t.needs_mapping AND t.status IN ('open', 'scheduled', 'dispatched') AND i.customer_external_id = $3 AND t.id <> $4 AND i.payload IS NOT NULL \
    AND NOT EXISTS (SELECT 1 FROM import_item later JOIN import_job k ON k.tenant_id = later.tenant_id AND k.id = later.job_id AND NOT k.dry_run \
      WHERE later.tenant_id = i.tenant_id AND later.target_id = i.target_id AND later.outcome IN ('created', 'updated', 'unchanged') AND (later.created_at > i.created_at OR (later.created_at = i.created_at AND later.id > i.id))) \
    ORDER BY t.created_at, t.id LIMIT 500";
const ACTIVE_CUSTOMER: &str =
    "SELECT id FROM customer WHERE tenant_id = $1 AND id = $2 AND archived_at IS NULL AND merged_into IS NULL";
const LOCATION_OF: &str = "SELECT id FROM location WHERE tenant_id = $1 AND id = $2 AND customer_id = $3";
const CONTACT_OF: &str = "SELECT id FROM contact WHERE tenant_id = $1 AND id = $2 AND customer_id = $3";
const REFERENCE: &str = "SELECT entity_id FROM external_reference WHERE tenant_id = $1 AND source_system_id = $2 AND entity_type = $3 AND external_id = $4";
const LINKED: &str = "SELECT external_id FROM external_reference WHERE tenant_id = $1 AND source_system_id = $2 AND entity_type = $3 AND entity_id = $4 LIMIT 1";
const INSERT_REFERENCE: &str = "INSERT INTO external_reference (tenant_id, source_system_id, entity_type, external_id, entity_id, made_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
const DELETE_REFERENCE: &str = "DELETE FROM external_reference WHERE tenant_id = $1 AND source_system_id = $2 AND entity_type = $3 AND external_id = $4";
const RELINK: &str = "UPDATE target SET customer_id = $3, location_id = $4, contact_id = $5, needs_mapping = $6, updated_at = $7 WHERE tenant_id = $1 AND id = $2 AND status = $8";
const RESOLVE_ITEM: &str = "UPDATE import_item SET resolved_at = $3 WHERE tenant_id = $1 AND id = $2";
/// As many locations and contacts of one customer as a person is offered.
const MOST_CHOICES: i64 = 100;
listed!(id LOCATIONS_SQLITE, LOCATIONS_POSTGRES,
    "SELECT x.id, x.customer_id, x.name, x.city, x.linked_as FROM (SELECT l.id, l.customer_id, l.name, l.city, \
     (SELECT min(r.external_id) FROM external_reference r WHERE r.tenant_id = l.tenant_id AND r.source_system_id = $2 AND r.entity_type = 'location' AND r.entity_id = l.id) AS linked_as, \
     row_number() OVER (PARTITION BY l.customer_id ORDER BY l.name, l.id) AS place FROM location l WHERE l.tenant_id = $1 AND l.archived_at IS NULL AND l.customer_id ",
    "$3", ") x WHERE x.place <= $4 ORDER BY x.customer_id, x.place");
listed!(id CONTACTS_SQLITE, CONTACTS_POSTGRES,
    "SELECT x.id, x.customer_id, x.display_name, x.linked_as FROM (SELECT c.id, c.customer_id, c.display_name, \
     (SELECT min(r.external_id) FROM external_reference r WHERE r.tenant_id = c.tenant_id AND r.source_system_id = $2 AND r.entity_type = 'contact' AND r.entity_id = c.id) AS linked_as, \
     row_number() OVER (PARTITION BY c.customer_id ORDER BY c.display_name, c.id) AS place FROM contact c WHERE c.tenant_id = $1 AND c.customer_id ",
    "$3", ") x WHERE x.place <= $4 ORDER BY x.customer_id, x.place");
const KNOWN: &str = "SELECT r.entity_type, r.external_id, c.id AS customer_id, c.name AS customer_name FROM external_reference r \
    LEFT JOIN location l ON r.entity_type = 'location' AND l.tenant_id = r.tenant_id AND l.id = r.entity_id \
    LEFT JOIN contact k ON r.entity_type = 'contact' AND k.tenant_id = r.tenant_id AND k.id = r.entity_id \
    JOIN customer c ON c.tenant_id = r.tenant_id AND c.id = COALESCE(l.customer_id, k.customer_id, r.entity_id) \
    WHERE r.tenant_id = $1 AND r.source_system_id = $2 \
    AND ((r.entity_type = 'customer' AND r.external_id = $3) OR (r.entity_type = 'location' AND r.external_id = $4) OR (r.entity_type = 'contact' AND r.external_id = $5)) \
    ORDER BY r.entity_type";

impl TenantTx<'_, Staff> {
    pub(crate) async fn count_needing_mapping(&mut self) -> Result<i64, StoreError> {
        let tenant = self.tenant();
        let (count,) = one!(&mut self.tx, (i64,), COUNT, tenant)?;
        Ok(count)
    }

    pub(crate) async fn needing_mapping(
        &mut self,
        after: Option<(DateTime<Utc>, TargetId)>,
        limit: i64,
    ) -> Result<Vec<TargetLine>, StoreError> {
        let tenant = self.tenant();
        let (at, id) = after.map_or((DateTime::UNIX_EPOCH, Uuid::nil()), |(at, id)| (at, id.uuid()));
        all!(&mut self.tx, TargetLine, WAITING, tenant, at, id, limit)
    }

    pub(crate) async fn payload_of_item(&mut self, id: ImportItemId) -> Result<Option<Value>, StoreError> {
        let tenant = self.tenant();
        let row: Option<(Option<Json<Value>>,)> =
            maybe!(&mut self.tx, (Option<Json<Value>>,), PAYLOAD, tenant, id.uuid())?;
        Ok(row.and_then(|(payload,)| payload).map(|payload| payload.0))
    }

    pub(crate) async fn source_of_target(&mut self, id: TargetId) -> Result<Option<SourceSystemId>, StoreError> {
        let tenant = self.tenant();
        let row: Option<(Option<Uuid>,)> = maybe!(&mut self.tx, (Option<Uuid>,), SOURCE_OF_TARGET, tenant, id.uuid())?;
        Ok(row.and_then(|(source,)| source).map(Id::from_uuid))
    }

    /// Customers by id, by the same name, and by a search; each with the reference that it has in a source.
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
        let sql = self.tx.dialect(CANDIDATES_SQLITE, CANDIDATES_POSTGRES);
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

    /// The locations and contacts of some customers, each with the reference that it has in a source.
    pub(crate) async fn choices_of(
        &mut self,
        source: Option<SourceSystemId>,
        customers: &[CustomerId],
    ) -> Result<(Vec<LocationChoice>, Vec<ContactChoice>), StoreError> {
        let tenant = self.tenant();
        let source = source.map(Id::uuid);
        let ids: Vec<String> = customers.iter().map(|id| hex_id(*id)).collect();
        let sql = self.tx.dialect(LOCATIONS_SQLITE, LOCATIONS_POSTGRES);
        let locations = all!(
            &mut self.tx,
            LocationChoice,
            sql,
            tenant,
            source,
            Json(&ids),
            MOST_CHOICES
        )?;
        let sql = self.tx.dialect(CONTACTS_SQLITE, CONTACTS_POSTGRES);
        let contacts = all!(
            &mut self.tx,
            ContactChoice,
            sql,
            tenant,
            source,
            Json(&ids),
            MOST_CHOICES
        )?;
        Ok((locations, contacts))
    }

    /// What the external ids of a customer, a location and a contact stand for.
    pub(crate) async fn known_references(
        &mut self,
        source: SourceSystemId,
        [customer, location, contact]: [Option<&str>; 3],
    ) -> Result<Vec<KnownReference>, StoreError> {
        let tenant = self.tenant();
        all!(
            &mut self.tx,
            KnownReference,
            KNOWN,
            tenant,
            source.uuid(),
            customer,
            location,
            contact
        )
    }

    /// How many other targets wait whose customer was sent with the same external id.
    pub(crate) async fn held_alike(
        &mut self,
        source: SourceSystemId,
        external_id: &str,
        except: TargetId,
    ) -> Result<i64, StoreError> {
        let tenant = self.tenant();
        let (count,) = one!(
            &mut self.tx,
            (i64,),
            HELD_COUNT,
            tenant,
            source.uuid(),
            external_id,
            except.uuid()
        )?;
        Ok(count)
    }

    /// What was sent last of those targets.
    pub(crate) async fn held_payloads(
        &mut self,
        source: SourceSystemId,
        external_id: &str,
        except: TargetId,
    ) -> Result<Vec<Value>, StoreError> {
        let tenant = self.tenant();
        let rows: Vec<(Json<Value>,)> = all!(
            &mut self.tx,
            (Json<Value>,),
            HELD,
            tenant,
            source.uuid(),
            external_id,
            except.uuid()
        )?;
        Ok(rows.into_iter().map(|(payload,)| payload.0).collect())
    }

    pub(crate) async fn is_active_customer(&mut self, id: CustomerId) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        Ok(maybe!(&mut self.tx, (Uuid,), ACTIVE_CUSTOMER, tenant, id.uuid())?.is_some())
    }

    pub(crate) async fn is_location_of(&mut self, id: LocationId, customer: CustomerId) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        Ok(maybe!(&mut self.tx, (Uuid,), LOCATION_OF, tenant, id.uuid(), customer.uuid())?.is_some())
    }

    pub(crate) async fn is_contact_of(&mut self, id: ContactId, customer: CustomerId) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        Ok(maybe!(&mut self.tx, (Uuid,), CONTACT_OF, tenant, id.uuid(), customer.uuid())?.is_some())
    }

    /// The record that an external id stands for in a source.
    pub(crate) async fn reference_in(
        &mut self,
        source: SourceSystemId,
        kind: ReferenceKind,
        external_id: &str,
    ) -> Result<Option<Uuid>, StoreError> {
        let tenant = self.tenant();
        let row: Option<(Uuid,)> = maybe!(
            &mut self.tx,
            (Uuid,),
            REFERENCE,
            tenant,
            source.uuid(),
            kind.name(),
            external_id
        )?;
        Ok(row.map(|(id,)| id))
    }

    /// Whether a record has a reference in a source.
    pub(crate) async fn is_linked_in(
        &mut self,
        source: SourceSystemId,
        kind: ReferenceKind,
        id: Uuid,
    ) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        Ok(maybe!(&mut self.tx, (String,), LINKED, tenant, source.uuid(), kind.name(), id)?.is_some())
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

    /// Writes customer, location and contact of a target if it is still in the state in which it was read.
    pub(crate) async fn relink_target(
        &mut self,
        target: &TargetRecord,
        read_as: TargetStatus,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(run!(
            &mut self.tx,
            RELINK,
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

    pub(crate) async fn resolve_item(&mut self, id: ImportItemId) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        run!(&mut self.tx, RESOLVE_ITEM, tenant, id.uuid(), now).map(drop)
    }
}
