//! Source systems with the settings of their imports.

use domain::ids::{SourceSystemId, SourceSystemKind};
use domain::mapping::{DuplicateNamePolicy, ProblemPolicy};
use sqlx::types::Json;

use crate::db::{StoreError, TenantTx};
use crate::identity::actors::{Actor as _, Administrator, ApiClient, Staff};
use crate::integrations::model::SourceSummary;

/// The editable settings of a source system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceForm {
    /// Imports may create customers.
    pub create_customers: bool,
    /// Imports may create locations.
    pub create_locations: bool,
    /// Imports may create contacts.
    pub create_contacts: bool,
    /// Imports may update what they map.
    pub auto_update: bool,
    /// An import without a customer fails.
    pub customer_required: bool,
    /// What happens to a target whose customer is not resolved.
    pub problem_policy: ProblemPolicy,
    /// What happens when a customer of the same name exists.
    pub duplicate_names: DuplicateNamePolicy,
    /// External IDs that mean "nothing" in this source, besides the usual ones.
    pub blocked_external_ids: Vec<String>,
}

/// The settings of a source system and the time zone of its tenant, read for a job.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct SourceSettings {
    pub create_customers: bool,
    pub create_locations: bool,
    pub create_contacts: bool,
    pub auto_update: bool,
    pub customer_required: bool,
    #[sqlx(try_from = "String")]
    pub problem_policy: ProblemPolicy,
    #[sqlx(try_from = "String")]
    pub duplicate_names: DuplicateNamePolicy,
    pub blocked_external_ids: Json<Vec<String>>,
    pub zone: String,
}

const INSERT_SOURCE: &str = r"
    INSERT INTO source_system (
        tenant_id, id, key, create_customers, create_locations, create_contacts, auto_update,
        customer_required, problem_policy, duplicate_names, blocked_external_ids, created_at
    )
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
";
const UPDATE_SOURCE: &str = r"
    UPDATE source_system
    SET
        create_customers = $3, create_locations = $4, create_contacts = $5, auto_update = $6,
        customer_required = $7, problem_policy = $8, duplicate_names = $9, blocked_external_ids = $10
    WHERE tenant_id = $1
      AND id = $2
";
const SELECT_SOURCE_SETTINGS: &str = r"
    SELECT
        source.create_customers, source.create_locations, source.create_contacts, source.auto_update,
        source.customer_required, source.problem_policy, source.duplicate_names,
        source.blocked_external_ids, tenant.zone
    FROM source_system AS source
    JOIN tenant ON tenant.id = source.tenant_id
    WHERE source.tenant_id = $1
      AND source.id = $2
";
const SELECT_SOURCES: &str = r"
    SELECT
        source.id, source.key, source.create_customers, source.create_locations, source.create_contacts,
        source.auto_update, source.customer_required, source.problem_policy, source.duplicate_names,
        source.blocked_external_ids,
        (
            SELECT count(*)
            FROM integration_client AS client
            WHERE client.tenant_id = source.tenant_id
              AND client.source_system_id = source.id
              AND client.revoked_at IS NULL
        ) AS clients
    FROM source_system AS source
    WHERE source.tenant_id = $1
    ORDER BY source.key
    LIMIT 200
";
const SELECT_SOURCE: &str = r"
    SELECT
        source.id, source.key, source.create_customers, source.create_locations, source.create_contacts,
        source.auto_update, source.customer_required, source.problem_policy, source.duplicate_names,
        source.blocked_external_ids,
        (
            SELECT count(*)
            FROM integration_client AS client
            WHERE client.tenant_id = source.tenant_id
              AND client.source_system_id = source.id
              AND client.revoked_at IS NULL
        ) AS clients
    FROM source_system AS source
    WHERE source.tenant_id = $1
      AND source.id = $2
";

impl<A: Administrator> TenantTx<'_, A> {
    pub(crate) async fn insert_source_system(
        &mut self,
        key: &str,
        form: &SourceForm,
    ) -> Result<SourceSystemId, StoreError> {
        let (tenant, id, now) = (self.tenant(), self.new_id::<SourceSystemKind>(), self.now);
        self.tx
            .execute(
                INSERT_SOURCE,
                (
                    tenant,
                    id.uuid(),
                    key,
                    form.create_customers,
                    form.create_locations,
                    form.create_contacts,
                    form.auto_update,
                    form.customer_required,
                    form.problem_policy.name(),
                    form.duplicate_names.name(),
                    Json(&form.blocked_external_ids),
                    now,
                ),
            )
            .await?;
        Ok(id)
    }
}

impl TenantTx<'_, Staff> {
    pub(crate) async fn sources(&mut self) -> Result<Vec<SourceSummary>, StoreError> {
        let tenant = self.tenant();
        self.tx.fetch_all::<SourceSummary>(SELECT_SOURCES, (tenant,)).await
    }

    pub(crate) async fn source(&mut self, id: SourceSystemId) -> Result<Option<SourceSummary>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_optional::<SourceSummary>(SELECT_SOURCE, (tenant, id.uuid()))
            .await
    }

    pub(crate) async fn update_source(&mut self, id: SourceSystemId, form: &SourceForm) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        Ok(self
            .tx
            .execute(
                UPDATE_SOURCE,
                (
                    tenant,
                    id.uuid(),
                    form.create_customers,
                    form.create_locations,
                    form.create_contacts,
                    form.auto_update,
                    form.customer_required,
                    form.problem_policy.name(),
                    form.duplicate_names.name(),
                    Json(&form.blocked_external_ids),
                ),
            )
            .await?
            == 1)
    }

    /// Returns the settings under which imports of a source run.
    pub(crate) async fn settings_of_source(&mut self, id: SourceSystemId) -> Result<SourceSettings, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_one::<SourceSettings>(SELECT_SOURCE_SETTINGS, (tenant, id.uuid()))
            .await
    }
}

impl TenantTx<'_, ApiClient> {
    pub(crate) async fn source_settings(&mut self) -> Result<SourceSettings, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system().uuid());
        self.tx
            .fetch_one::<SourceSettings>(SELECT_SOURCE_SETTINGS, (tenant, source))
            .await
    }
}
