//! Applies the mapping rules to customer, location and contact, in this order, and collects their decisions.

use domain::fields::Patch;
use domain::ids::{ContactId, CustomerId, LocationId};
use domain::imports::results::{ItemNote, MappingEntries, MappingEntry};
use domain::imports::{ItemOutcome, TargetImport};
use domain::jobs::change_proposals::CustomerName;
use domain::mapping::contact::{self, ContactCandidate, ContactDecision, ContactStep};
use domain::mapping::customer::{self, CustomerCandidates, CustomerDecision, CustomerRule, CustomerStep, NameStep};
use domain::mapping::location::{self, CustomerContext, LocationCandidate, LocationDecision, LocationStep};
use domain::mapping::{MappingStatus, Warning};
use domain::text::ExternalId;
use serde_json::{Value, json};

use crate::imports::Outcome;
use crate::imports::workspace::Workspace;

/// The customer context of an import after the rules have decided.
pub(crate) struct Context {
    pub customer: Option<CustomerId>,
    pub location: Option<LocationId>,
    pub contact: Option<ContactId>,
    /// A customer was sent and not resolved, or none was sent and none could be derived.
    pub customer_unresolved: bool,
    /// The name that the rules propose for the customer; null if the names agree.
    pub customer_name: Patch<CustomerName>,
    /// The rules rejected the customer that was sent.
    pub customer_failed: bool,
    /// The last code that the customer rules returned.
    pub customer_code: Option<&'static str>,
    /// The location contradicts the customer and requires a review.
    pub location_failed: bool,
    pub warnings: Vec<Warning>,
    pub mapping: MappingEntries,
    pub decision: Value,
}

impl Context {
    /// Builds the outcome of the item from the decision.
    pub(crate) fn into_outcome(
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

/// Decides about the whole context and collects the resulting writes.
pub(crate) fn resolve(work: &mut Workspace<'_>, import: &TargetImport) -> Context {
    let found = match &import.customer {
        Some(part) => work.customer_candidates(part),
        None => CustomerCandidates::default(),
    };
    let customer_decision = customer::decide(import.customer.as_ref(), work.settings, &found);
    let (mut customer, is_new) = apply_customer_decision(work, import, &customer_decision);
    let owner = match (&import.customer, customer) {
        (None, _) => CustomerContext::NotGiven,
        (Some(_), None) => CustomerContext::Unresolved,
        (Some(_), Some(_)) if is_new => CustomerContext::Resolved(None),
        (Some(_), Some(id)) => CustomerContext::Resolved(Some(id)),
    };
    // Captured before the updates below, since those change what later imports see.
    let found_location = work
        .location_candidate(external_id_of_location(import))
        .map(describe_location);
    let found_contact = work
        .contact_candidate(external_id_of_contact(import))
        .map(describe_contact);
    let (location_decision, location, location_owner) = resolve_location(work, import, owner, customer);
    let derived = customer.is_none() && location_owner.is_some();
    if derived {
        customer = location_owner;
    }
    let contact_owner = if derived {
        CustomerContext::Resolved(customer)
    } else {
        owner
    };
    let (contact_decision, contact) = resolve_contact(work, import, contact_owner, customer, location);
    let mut warnings = customer_decision.warnings.clone();
    warnings.extend_from_slice(&location_decision.warnings);
    warnings.extend_from_slice(&contact_decision.warnings);
    Context {
        customer,
        location,
        contact,
        customer_unresolved: customer.is_none(),
        customer_name: proposed_name(import, &customer_decision),
        customer_failed: customer_decision.status == MappingStatus::Failed,
        customer_code: customer_decision.warnings.last().map(|warning| warning.code),
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
            "customer": { "rule": customer_decision.rule.name(), "status": customer_decision.status.name(), "candidates": describe(&found) },
            "location": { "rule": location_decision.rule.name(), "status": location_decision.status.name(), "candidates": { "byReference": found_location } },
            "contact": { "rule": contact_decision.rule.name(), "status": contact_decision.status.name(), "candidates": { "byReference": found_contact } },
            "settings": work.settings,
        }),
    }
}

/// Returns the name that is proposed for the customer; null if the import names it as its record does.
fn proposed_name(import: &TargetImport, decision: &CustomerDecision) -> Patch<CustomerName> {
    let sent = import.customer.as_ref().and_then(|part| part.name.clone());
    match (&decision.step, sent) {
        (
            CustomerStep::Link {
                id,
                name: NameStep::Propose,
                ..
            },
            Some(name),
        ) => Patch::Value(CustomerName { customer: *id, name }),
        (CustomerStep::Link { .. } | CustomerStep::Create { .. }, Some(_)) => Patch::Null,
        _ => Patch::Absent,
    }
}

/// Returns whether the rules would create a record or a reference for this import.
pub(crate) fn would_create(work: &Workspace<'_>, import: &TargetImport) -> bool {
    let found = match &import.customer {
        Some(part) => work.customer_candidates(part),
        None => CustomerCandidates::default(),
    };
    let customer = match customer::decide(import.customer.as_ref(), work.settings, &found).step {
        CustomerStep::Create { .. }
        | CustomerStep::Link {
            store_reference: true, ..
        } => return true,
        CustomerStep::Link { id, .. } => Some(id),
        CustomerStep::None => None,
    };
    let owner = match (&import.customer, customer) {
        (None, _) => CustomerContext::NotGiven,
        (Some(_), None) => CustomerContext::Unresolved,
        (Some(_), Some(id)) => CustomerContext::Resolved(Some(id)),
    };
    let part = import.location.as_ref();
    let known = work.location_candidate(external_id_of_location(import));
    let (location, owner) = match location::decide(part, owner, work.settings, known).step {
        LocationStep::Create { .. } => return true,
        LocationStep::Link { id, customer, .. } => (Some(id), CustomerContext::Resolved(Some(customer))),
        LocationStep::None => (None, owner),
    };
    let part = import.contact.as_ref();
    let known = work.contact_candidate(external_id_of_contact(import));
    matches!(
        contact::decide(part, owner, location, work.settings, known).step,
        ContactStep::Create { .. }
    )
}

/// Returns the candidates as stored with the decision, for later review.
fn describe(candidates: &CustomerCandidates) -> Value {
    let one = |candidate: &customer::CustomerCandidate| json!({ "id": candidate.id, "name": candidate.name, "archived": candidate.archived, "linkedAs": candidate.linked_as });
    json!({
        "byReference": candidates.by_reference.as_ref().map(one),
        "byNumber": candidates.by_number.iter().map(one).collect::<Vec<_>>(),
        "sameNameExists": candidates.same_name_exists,
    })
}

/// Returns the location candidate as stored with the decision.
fn describe_location(candidate: &LocationCandidate) -> Value {
    json!({ "id": candidate.id, "name": candidate.name, "customer": candidate.customer, "archived": candidate.archived })
}

/// Returns the contact candidate as stored with the decision.
fn describe_contact(candidate: &ContactCandidate) -> Value {
    json!({ "id": candidate.id, "name": candidate.display_name, "customer": candidate.customer, "location": candidate.location })
}

fn external_id_of_location(import: &TargetImport) -> Option<&ExternalId> {
    import.location.as_ref().and_then(|part| part.external_id.as_ref())
}

fn external_id_of_contact(import: &TargetImport) -> Option<&ExternalId> {
    import.contact.as_ref().and_then(|part| part.external_id.as_ref())
}

/// Collects the writes for the customer. Also returns whether the record is new.
fn apply_customer_decision(
    work: &mut Workspace<'_>,
    import: &TargetImport,
    decision: &CustomerDecision,
) -> (Option<CustomerId>, bool) {
    let part = import.customer.as_ref();
    match &decision.step {
        CustomerStep::None => (None, false),
        CustomerStep::Link {
            id,
            store_reference,
            name,
        } => {
            let external_id = part.and_then(|part| customer::effective_external_id(part, work.settings));
            if *store_reference && let Some(external_id) = external_id {
                work.link_customer(external_id, *id, *name != NameStep::Propose);
            }
            if *name == NameStep::Update
                && let Some(name) = part.and_then(|part| part.name.as_deref())
            {
                work.rename_customer(*id, name);
            }
            (Some(*id), false)
        }
        CustomerStep::Create { name, external_id } => (Some(work.create_customer(external_id, name)), true),
    }
}

/// Decides about the location; also returns its customer.
fn resolve_location(
    work: &mut Workspace<'_>,
    import: &TargetImport,
    owner: CustomerContext,
    customer: Option<CustomerId>,
) -> (LocationDecision, Option<LocationId>, Option<CustomerId>) {
    let part = import.location.as_ref();
    let found = work.location_candidate(external_id_of_location(import));
    let decision = location::decide(part, owner, work.settings, found);
    match (&decision.step, part, customer) {
        (LocationStep::Link { id, customer, update }, part, _) => {
            let (id, customer) = (*id, *customer);
            if *update && let Some(part) = part {
                work.update_location(id, part);
            }
            (decision, Some(id), Some(customer))
        }
        (LocationStep::Create { external_id }, Some(part), Some(customer)) => {
            let id = work.create_location(external_id, customer, part);
            (decision, Some(id), Some(customer))
        }
        _ => (decision, None, None),
    }
}

fn resolve_contact(
    work: &mut Workspace<'_>,
    import: &TargetImport,
    owner: CustomerContext,
    customer: Option<CustomerId>,
    location: Option<LocationId>,
) -> (ContactDecision, Option<ContactId>) {
    let part = import.contact.as_ref();
    let found = work.contact_candidate(external_id_of_contact(import));
    let decision = contact::decide(part, owner, location, work.settings, found);
    match (&decision.step, part, customer) {
        (ContactStep::Link { id, update }, part, _) => {
            let id = *id;
            if *update && let Some(part) = part {
                work.update_contact(id, part);
            }
            (decision, Some(id))
        }
        (
            ContactStep::Create {
                external_id,
                display_name,
            },
            Some(part),
            Some(customer),
        ) => {
            let id = work.create_contact(external_id, customer, location, display_name, part);
            (decision, Some(id))
        }
        _ => (decision, None),
    }
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
        MappingStatus::Created => Some("created".to_owned()),
        MappingStatus::Mapped | MappingStatus::Updated => Some("external_id".to_owned()),
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
                Some("location".to_owned())
            } else if by_number {
                Some("customer_number".to_owned())
            } else {
                method(customer.status)
            },
            rule: if derived {
                location.rule.name().to_owned()
            } else {
                customer.rule.name().to_owned()
            },
            id: ids.0.map(|id| id.to_string()),
            external_id: sent(import.customer.as_ref().and_then(|part| part.external_id.as_ref())),
        },
        location: MappingEntry {
            status: location.status,
            method: method(location.status),
            rule: location.rule.name().to_owned(),
            id: ids.1.map(|id| id.to_string()),
            external_id: sent(external_id_of_location(import)),
        },
        contact: MappingEntry {
            status: contact.status,
            method: method(contact.status),
            rule: contact.rule.name().to_owned(),
            id: ids.2.map(|id| id.to_string()),
            external_id: sent(external_id_of_contact(import)),
        },
    }
}
