//! What the mapping review offers: candidates, their locations and contacts, and known references.

use domain::ids::{CustomerId, Id, SourceSystemId};
use domain::text::name_for_comparison;
use sqlx::types::Json;

use crate::db::EngineSql;
use crate::db::StoreError;
use crate::db::TenantTx;
use crate::db::bulk::{escape_like, hex_id};
use crate::identity::actors::Staff;
use crate::mapping::model::{CandidateSummary, ContactChoice, KnownReference, LocationChoice};

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
static SELECT_CANDIDATES: EngineSql = EngineSql::new(concat!(
    select_candidate!(),
    r"
        FROM customer
        WHERE customer.tenant_id = $1
          AND (
              customer.id = ANY (ARRAY(SELECT jsonb_array_elements_text($3)::UUID))
              OR customer.name_key = $4
              OR ($5 <> '' AND (customer.name_key LIKE $6 ESCAPE '!' OR customer.number_key LIKE $7 ESCAPE '!'))
          )
        ORDER BY customer.name_key, customer.id
        LIMIT 20
    "
));
const MAX_CHOICES_PER_CUSTOMER: i64 = 100;
static SELECT_LOCATION_CHOICES: EngineSql = EngineSql::new(
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
              AND location.customer_id = ANY (ARRAY(SELECT jsonb_array_elements_text($3)::UUID))
        ) AS ranked
        WHERE ranked.place <= $4
        ORDER BY ranked.customer_id, ranked.place
    ",
);
static SELECT_CONTACT_CHOICES: EngineSql = EngineSql::new(
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
              AND contact.customer_id = ANY (ARRAY(SELECT jsonb_array_elements_text($3)::UUID))
              AND contact.archived_at IS NULL
        ) AS ranked
        WHERE ranked.place <= $4
        ORDER BY ranked.customer_id, ranked.place
    ",
);
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
    /// Returns customers by ID, by the same name and by a search, each with its external ID in a source.
    pub(crate) async fn mapping_candidates(
        &mut self,
        source: Option<SourceSystemId>,
        ids: &[CustomerId],
        name_key: Option<&str>,
        search: &str,
    ) -> Result<Vec<CandidateSummary>, StoreError> {
        let tenant = self.tenant();
        let ids: Vec<String> = ids.iter().map(|id| hex_id(*id)).collect();
        let pattern = |text: String| format!("%{}%", escape_like(&text));
        let (by_name, by_number) = (pattern(name_for_comparison(search)), pattern(search.to_uppercase()));
        let sql = &SELECT_CANDIDATES;
        self.tx
            .fetch_all::<CandidateSummary>(
                sql,
                (
                    tenant,
                    source.map(Id::uuid),
                    Json(&ids),
                    name_key.unwrap_or("\u{1}"),
                    search,
                    &by_name,
                    &by_number,
                ),
            )
            .await
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
        let sql = &SELECT_LOCATION_CHOICES;
        let locations = self
            .tx
            .fetch_all::<LocationChoice>(sql, (tenant, source, Json(&ids), MAX_CHOICES_PER_CUSTOMER))
            .await?;
        let sql = &SELECT_CONTACT_CHOICES;
        let contacts = self
            .tx
            .fetch_all::<ContactChoice>(sql, (tenant, source, Json(&ids), MAX_CHOICES_PER_CUSTOMER))
            .await?;
        Ok((locations, contacts))
    }

    /// Returns the records that the external IDs of a customer, a location and a contact refer to.
    pub(crate) async fn known_references(
        &mut self,
        source: SourceSystemId,
        [customer, location, contact]: [Option<&str>; 3],
    ) -> Result<Vec<KnownReference>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<KnownReference>(
                SELECT_KNOWN_REFERENCES,
                (tenant, source.uuid(), customer, location, contact),
            )
            .await
    }
}
