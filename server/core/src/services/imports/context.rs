//! Looks candidates up, asks the rules, and does what they decided: customer, then location, then contact.

use domain::ids::{ContactId, CustomerId, LocationId};
use domain::import_results::{ItemNote, MappingEntries, MappingEntry};
use domain::imports::{ItemOutcome, TargetImport};
use domain::mapping::contact::{self, ContactDecision, ContactStep};
use domain::mapping::customer::{self, CustomerCandidates, CustomerDecision, CustomerRule, CustomerStep};
use domain::mapping::location::{self, CustomerContext, LocationDecision, LocationStep};
use domain::mapping::{MappingSettings, MappingStatus, Warning};
use domain::text::{CustomerNumber, ExternalId, name_for_comparison};
use serde_json::{Value, json};

use super::Outcome;
use crate::actors::ApiClient;
use crate::store::{NewContact, NewLocation, StoreError, TenantTx};

/// How often a look-up is repeated when another import reserved the reference in between.
const TRIES: usize = 5;

/// The customer context of an import after the rules have spoken.
pub(super) struct Context {
    pub customer: Option<CustomerId>,
    pub location: Option<LocationId>,
    pub contact: Option<ContactId>,
    /// A customer was given and not resolved, or none was given and none could be derived.
    pub customer_unresolved: bool,
    /// The location contradicts the customer, which a person must look at.
    pub location_failed: bool,
    pub warnings: Vec<Warning>,
    pub mapping: MappingEntries,
    pub decision: Value,
}

impl Context {
    /// The outcome of the item, with what the rules said.
    pub(super) fn into_outcome(
        self,
        outcome: ItemOutcome,
        target: Option<domain::ids::TargetId>,
        rule: Option<&'static str>,
        errors: Vec<ItemNote>,
    ) -> Outcome {
        let mut decision = self.decision;
        decision["target"] = json!({ "rule": rule });
        Outcome {
            outcome,
            target,
            mapping: self.mapping,
            warnings: self
                .warnings
                .iter()
                .map(|warning| ItemNote::new(warning.code, warning.pointer))
                .collect(),
            errors,
            decision,
        }
    }
}

fn lost_race() -> StoreError {
    StoreError::Conflict("a reference was reserved at the same time".to_owned())
}

pub(super) async fn resolve(
    tx: &mut TenantTx<'_, ApiClient>,
    import: &TargetImport,
    settings: &MappingSettings,
    zone: &str,
) -> Result<Context, StoreError> {
    let (customer_decision, mut customer, is_new, candidates) = resolve_customer(tx, import, settings).await?;
    let owner = match (&import.customer, customer) {
        (None, _) => CustomerContext::NotGiven,
        (Some(_), None) => CustomerContext::Unresolved,
        (Some(_), Some(_)) if is_new => CustomerContext::Resolved(None),
        (Some(_), Some(id)) => CustomerContext::Resolved(Some(id)),
    };
    let (location_decision, location, location_owner) =
        resolve_location(tx, import, settings, owner, customer, zone).await?;
    let derived = customer.is_none() && location_owner.is_some();
    if derived {
        customer = location_owner;
    }
    let contact_owner = if derived {
        CustomerContext::Resolved(customer)
    } else {
        owner
    };
    let (contact_decision, contact) = resolve_contact(tx, import, settings, contact_owner, customer, location).await?;
    let mut warnings = customer_decision.warnings.clone();
    warnings.extend_from_slice(&location_decision.warnings);
    warnings.extend_from_slice(&contact_decision.warnings);
    Ok(Context {
        customer,
        location,
        contact,
        customer_unresolved: customer.is_none(),
        location_failed: location_decision.status == MappingStatus::Failed,
        warnings,
        mapping: entries(
            import,
            &customer_decision,
            &location_decision,
            &contact_decision,
            (customer, location, contact),
            derived,
        ),
        decision: json!({
            "customer": { "rule": customer_decision.rule.name(), "status": customer_decision.status.name(), "candidates": describe(&candidates) },
            "location": { "rule": location_decision.rule.name(), "status": location_decision.status.name() },
            "contact": { "rule": contact_decision.rule.name(), "status": contact_decision.status.name() },
            "settings": settings,
        }),
    })
}

/// The candidates in the form in which the decision keeps them: ids and what decided, for the people who read it later.
fn describe(candidates: &CustomerCandidates) -> Value {
    let one = |candidate: &customer::CustomerCandidate| json!({ "id": candidate.id, "name": candidate.name, "archived": candidate.archived, "linkedAs": candidate.linked_as });
    json!({
        "byReference": candidates.by_reference.as_ref().map(one),
        "byNumber": candidates.by_number.iter().map(one).collect::<Vec<_>>(),
        "sameNameExists": candidates.same_name_exists,
    })
}

async fn look_up_customer(
    tx: &mut TenantTx<'_, ApiClient>,
    part: &domain::imports::CustomerPart,
) -> Result<CustomerCandidates, StoreError> {
    let mut found = CustomerCandidates::default();
    if let Some(external_id) = customer::effective_external_id(part)
        && let Some((candidate, merged)) = tx.customer_by_reference(external_id).await?
    {
        found.by_reference = Some(candidate);
        found.merged = merged;
    }
    if let Some(number) = &part.customer_number {
        found.by_number = tx.customers_by_number(&CustomerNumber::for_comparison(number)).await?;
    }
    if found.by_reference.is_none()
        && found.by_number.is_empty()
        && let Some(name) = &part.name
    {
        found.same_name_exists = tx.customer_name_exists(&name_for_comparison(name)).await?;
    }
    Ok(found)
}

/// Decides about the customer and carries it out; also says whether the record is new.
async fn resolve_customer(
    tx: &mut TenantTx<'_, ApiClient>,
    import: &TargetImport,
    settings: &MappingSettings,
) -> Result<(CustomerDecision, Option<CustomerId>, bool, CustomerCandidates), StoreError> {
    let mut locked = None;
    for _ in 0..TRIES {
        // Without the scope nothing about customers is looked up at all (row C2).
        let found = match &import.customer {
            Some(part) if settings.may_map => look_up_customer(tx, part).await?,
            _ => CustomerCandidates::default(),
        };
        let decision = customer::decide(import.customer.as_ref(), settings, &found);
        match &decision.step {
            CustomerStep::None => return Ok((decision, None, false, found)),
            CustomerStep::Link {
                id,
                store_reference,
                update,
            } => {
                let (id, store_reference, update) = (*id, *store_reference, *update);
                let part = import.customer.as_ref();
                // A new reference needs a second look under the lock: another import may just have linked the customer
                // under another id, and then row C11 decides.
                if store_reference && locked != Some(id) {
                    tx.lock_customer(id).await?;
                    locked = Some(id);
                    continue;
                }
                if store_reference
                    && let Some(external_id) = part.and_then(customer::effective_external_id)
                    && !tx.reserve_customer(external_id, id).await?
                {
                    continue;
                }
                if update && let Some(name) = part.and_then(|part| part.name.as_deref()) {
                    tx.rename_customer(id, name).await?;
                    tx.audit("customer.updated", id, json!({ "by": "import" }));
                }
                return Ok((decision, Some(id), false, found));
            }
            CustomerStep::Create { name, external_id } => {
                let id: CustomerId = tx.new_id();
                // The reference first: of many simultaneous imports of one new customer, one reserves it and creates.
                if !tx.reserve_customer(external_id, id).await? {
                    continue;
                }
                tx.insert_customer(id, None, name, false).await?;
                tx.audit("customer.created", id, json!({ "by": "import" }));
                return Ok((decision, Some(id), true, found));
            }
        }
    }
    Err(lost_race())
}

/// Decides about the location and carries it out; the answer has the location and its customer.
async fn resolve_location(
    tx: &mut TenantTx<'_, ApiClient>,
    import: &TargetImport,
    settings: &MappingSettings,
    owner: CustomerContext,
    customer: Option<CustomerId>,
    zone: &str,
) -> Result<(LocationDecision, Option<LocationId>, Option<CustomerId>), StoreError> {
    for _ in 0..TRIES {
        let external_id = import
            .location
            .as_ref()
            .and_then(|part| part.external_id.as_ref())
            .filter(|id| settings.may_map && !ExternalId::is_blank_like(id));
        let found = match external_id {
            Some(id) => tx.location_by_reference(id).await?,
            None => None,
        };
        let decision = location::decide(import.location.as_ref(), owner, settings, found.as_ref());
        match (&decision.step, &import.location, customer) {
            (LocationStep::Link { id, customer, update }, part, _) => {
                let (id, customer, update) = (*id, *customer, *update);
                if update && let Some(name) = part.as_ref().and_then(|part| part.name.as_deref()) {
                    tx.rename_location(id, name).await?;
                    tx.audit("location.updated", id, json!({ "by": "import" }));
                }
                return Ok((decision, Some(id), Some(customer)));
            }
            (LocationStep::Create { external_id }, Some(part), Some(customer)) => {
                let id: LocationId = tx.new_id();
                if !tx.reserve_location(external_id, id).await? {
                    continue;
                }
                let name = part
                    .name
                    .as_deref()
                    .or(part.address.city.as_deref())
                    .unwrap_or(external_id.as_str());
                tx.insert_location(
                    id,
                    &NewLocation {
                        customer,
                        name,
                        address: &part.address,
                        coordinates: part.coordinates,
                        zone,
                        access_notes: None,
                    },
                )
                .await?;
                tx.audit("location.created", id, json!({ "by": "import" }));
                return Ok((decision, Some(id), Some(customer)));
            }
            _ => return Ok((decision, None, None)),
        }
    }
    Err(lost_race())
}

async fn resolve_contact(
    tx: &mut TenantTx<'_, ApiClient>,
    import: &TargetImport,
    settings: &MappingSettings,
    owner: CustomerContext,
    customer: Option<CustomerId>,
    location: Option<LocationId>,
) -> Result<(ContactDecision, Option<ContactId>), StoreError> {
    for _ in 0..TRIES {
        let external_id = import
            .contact
            .as_ref()
            .and_then(|part| part.external_id.as_ref())
            .filter(|id| settings.may_map && !ExternalId::is_blank_like(id));
        let found = match external_id {
            Some(id) => tx.contact_by_reference(id).await?,
            None => None,
        };
        let decision = contact::decide(import.contact.as_ref(), owner, location, settings, found.as_ref());
        match (&decision.step, &import.contact, customer) {
            (ContactStep::Link { id, update }, part, _) => {
                let (id, update) = (*id, *update);
                if update && let Some(name) = part.as_ref().and_then(|part| part.display_name.as_deref()) {
                    tx.rename_contact(id, name).await?;
                    tx.audit("contact.updated", id, json!({ "by": "import" }));
                }
                return Ok((decision, Some(id)));
            }
            (
                ContactStep::Create {
                    external_id,
                    display_name,
                },
                Some(part),
                Some(customer),
            ) => {
                let id: ContactId = tx.new_id();
                if !tx.reserve_contact(external_id, id).await? {
                    continue;
                }
                tx.insert_contact(
                    id,
                    &NewContact {
                        customer,
                        location,
                        display_name,
                        email: part.email.as_deref(),
                        phone: part.phone.as_deref(),
                    },
                )
                .await?;
                tx.audit("contact.created", id, json!({ "by": "import" }));
                return Ok((decision, Some(id)));
            }
            _ => return Ok((decision, None)),
        }
    }
    Err(lost_race())
}

fn entries(
    import: &TargetImport,
    customer: &CustomerDecision,
    location: &LocationDecision,
    contact: &ContactDecision,
    ids: (Option<CustomerId>, Option<LocationId>, Option<ContactId>),
    derived: bool,
) -> MappingEntries {
    let method = |status: MappingStatus| match status {
        MappingStatus::Created => Some("created"),
        MappingStatus::Mapped | MappingStatus::Updated => Some("external_id"),
        MappingStatus::Skipped | MappingStatus::Failed => None,
    };
    let sent = |id: Option<&ExternalId>| id.map(|id| id.as_str().to_owned());
    let by_number = matches!(customer.rule, CustomerRule::C10 | CustomerRule::C19);
    MappingEntries {
        customer: MappingEntry {
            status: if derived {
                MappingStatus::Mapped
            } else {
                customer.status
            },
            method: if derived {
                Some("location")
            } else if by_number {
                Some("customer_number")
            } else {
                method(customer.status)
            },
            rule: if derived {
                location.rule.name()
            } else {
                customer.rule.name()
            },
            id: ids.0.map(|id| id.to_string()),
            external_id: sent(import.customer.as_ref().and_then(|part| part.external_id.as_ref())),
        },
        location: MappingEntry {
            status: location.status,
            method: method(location.status),
            rule: location.rule.name(),
            id: ids.1.map(|id| id.to_string()),
            external_id: sent(import.location.as_ref().and_then(|part| part.external_id.as_ref())),
        },
        contact: MappingEntry {
            status: contact.status,
            method: method(contact.status),
            rule: contact.rule.name(),
            id: ids.2.map(|id| id.to_string()),
            external_id: sent(import.contact.as_ref().and_then(|part| part.external_id.as_ref())),
        },
    }
}
