//! Previews a mapping decision: the same rules and lookups as an import, but nothing is written.

use domain::ids::{ContactId, CustomerId, LocationId};
use domain::imports::results::{ItemNote, MappingDecision, MappingEntries};
use domain::imports::{ContactPart, CustomerPart, ImportAction, LocationPart, TargetImport};
use domain::mapping::{MappingSettings, MappingStatus};
use domain::scopes::Scope;
use domain::scopes::markers::{CustomersMapScope, CustomersReadScope};
use domain::text::ExternalId;

use crate::db::{StoreError, TenantTx};
use crate::identity::actors::{ApiClient, ClientPermit};
use crate::imports::workspace::{Workspace, candidate_query};
use crate::imports::{context, source_settings};
use crate::{Core, CoreResult};

/// The customer context of a request or import.
#[derive(Debug, Clone, Default)]
pub struct ContextParts {
    pub customer: Option<CustomerPart>,
    pub location: Option<LocationPart>,
    pub contact: Option<ContactPart>,
}

/// The mapping decision about a context.
pub(crate) struct Decided {
    pub customer: Option<CustomerId>,
    pub location: Option<LocationId>,
    pub contact: Option<ContactId>,
    pub warnings: Vec<ItemNote>,
    pub mapping: MappingEntries,
    pub resolved: bool,
}

/// Decides inside the given transaction and writes nothing.
pub(crate) async fn decide_context(
    core: &Core,
    tx: &mut TenantTx<'_, ApiClient>,
    parts: ContextParts,
    settings: &MappingSettings,
    zone: &str,
) -> Result<Decided, StoreError> {
    let Ok(external_id) = ExternalId::parse("preview") else {
        return Err(StoreError::Broken("preview external ID is invalid".to_owned()));
    };
    let import = TargetImport {
        external_id,
        source_system: None,
        source_updated_at: None,
        action: ImportAction::Upsert,
        customer: parts.customer,
        location: parts.location,
        clears_location: false,
        contact: parts.contact,
        clears_contact: false,
        place: Default::default(),
        service_type: Default::default(),
        priority: Default::default(),
        time_window: Default::default(),
        duration_minutes: Default::default(),
        required_skills: Default::default(),
        notes: Default::default(),
        attributes: Default::default(),
    };
    let mut candidate_query = candidate_query(std::iter::once(&import), settings);
    // Nothing is linked, so no customer needs a lock.
    candidate_query.linking.clear();
    let candidates = tx.candidates(&candidate_query).await?;
    let mut work = Workspace::new(
        settings,
        zone,
        tx.source_system(),
        candidates,
        Vec::new(),
        &core.randomness,
        core.clock.now(),
    );
    let context = context::resolve(&mut work, &import);
    let mut mapping = context.mapping;
    for entry in [&mut mapping.customer, &mut mapping.location, &mut mapping.contact] {
        if entry.status == MappingStatus::Created {
            entry.id = None;
        }
    }
    Ok(Decided {
        customer: context.customer,
        location: context.location,
        contact: context.contact,
        resolved: !context.customer_unresolved && !context.location_failed,
        warnings: context
            .warnings
            .iter()
            .map(|warning| ItemNote::new(warning.code, warning.pointer).explained())
            .collect(),
        mapping,
    })
}

/// Returns the mapping decision about one context without writing anything.
pub async fn resolve(
    core: &Core,
    map: ClientPermit<'_, CustomersMapScope>,
    _read: ClientPermit<'_, CustomersReadScope>,
    parts: &ContextParts,
) -> CoreResult<MappingDecision> {
    let client = map.client();
    let mut tx = core.store.read(client).await?;
    let may_write = client.has(Scope::CustomersWrite);
    let (settings, zone) = source_settings(&mut tx, true, may_write).await?;
    let decided = decide_context(core, &mut tx, parts.clone(), &settings, &zone).await?;
    Ok(MappingDecision {
        mapping: decided.mapping,
        warnings: decided.warnings,
        resolved: decided.resolved,
    })
}
