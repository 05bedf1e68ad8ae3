//! The state of a run of imports. Deciding is pure: candidates are loaded once, every decision is made and remembered
//! here, and the rows are written at the end with one statement per table. An import therefore sees the decisions of
//! the imports before it, as if each had run alone.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use domain::ids::{ContactId, CustomerId, Id, Kind, LocationId, SourceSystemId, TargetId};
use domain::imports::results::FieldChange;
use domain::imports::{ContactPart, LocationPart, TargetImport};
use domain::jobs::change_proposals::{Proposal, Review};
use domain::mapping::MappingSettings;
use domain::mapping::MappingType;
use domain::mapping::contact::ContactCandidate;
use domain::mapping::customer::{self, CustomerCandidate, CustomerCandidates};
use domain::mapping::location::LocationCandidate;
use domain::text::{CustomerNumber, ExternalId, name_for_comparison};
use serde_json::Value;

use crate::audit::NewTimelineEntry;
use crate::customers::zone_of;
use crate::events::NewEvent;
use crate::imports::changes;
use crate::imports::store::writes::{ContactRow, LocationRow, ReferenceRow};
use crate::jobs::TargetRecord;
use crate::mapping::{CandidateQuery, Candidates, KnownCustomer};
use crate::randomness::Randomness;

pub(crate) struct Audit {
    pub action: &'static str,
    pub subject: String,
    pub details: Value,
}

pub(crate) struct NewCustomer {
    pub id: CustomerId,
    pub name: String,
}

/// Everything that a run is about to write.
#[derive(Default)]
pub(crate) struct Writes {
    pub references: Vec<ReferenceRow>,
    pub customers: Vec<NewCustomer>,
    pub renamed_customers: BTreeMap<CustomerId, String>,
    pub locations: Vec<LocationRow>,
    /// The sent fields of known locations; fields that were not sent stay unchanged.
    pub changed_locations: BTreeMap<LocationId, LocationPart>,
    pub contacts: Vec<ContactRow>,
    /// The sent fields of known contacts; fields that were not sent stay unchanged.
    pub changed_contacts: BTreeMap<ContactId, ContactPart>,
    pub new_targets: Vec<TargetRecord>,
    /// Changed targets, each with the status in which it was read.
    pub changed_targets: Vec<(TargetRecord, domain::jobs::targets::TargetStatus)>,
    /// Targets whose planned appointment is cancelled with them.
    pub cancelled_targets: Vec<TargetId>,
    /// The new open changes of targets, for a decision by a dispatcher; empty if the source has withdrawn them.
    pub proposals: Vec<(TargetId, Proposal)>,
    pub notes: Vec<NewTimelineEntry>,
    pub events: Vec<NewEvent>,
    pub audits: Vec<Audit>,
}

impl Writes {
    /// Returns the public IDs of the customers, locations and contacts that are created.
    pub(crate) fn created_ids(&self) -> HashSet<String> {
        let customers = self.customers.iter().map(|new| new.id.to_string());
        let locations = self.locations.iter().map(|new| new.id.to_string());
        let contacts = self.contacts.iter().map(|new| new.id.to_string());
        customers.chain(locations).chain(contacts).collect()
    }
}

/// The state of a run.
pub(crate) struct Workspace<'a> {
    pub settings: &'a MappingSettings,
    pub zone: &'a str,
    pub source: SourceSystemId,
    pub candidates: Candidates,
    pub targets: HashMap<String, TargetRecord>,
    /// The open changes of the targets.
    pub proposals: HashMap<TargetId, Proposal>,
    pub writes: Writes,
    /// The fields that the import at hand changes.
    changes: Vec<FieldChange>,
    randomness: &'a Randomness,
    now: DateTime<Utc>,
}

/// Returns what must be looked up for these imports. Without the scope `customers.map` nothing about customers is
/// looked up (row C2).
pub(crate) fn candidate_query<'a>(
    imports: impl Iterator<Item = &'a TargetImport>,
    settings: &MappingSettings,
) -> CandidateQuery {
    let mut candidate_query = CandidateQuery::default();
    if !settings.may_map {
        return candidate_query;
    }
    let id = |id: Option<&ExternalId>| {
        id.filter(|id| !settings.is_placeholder(id))
            .map(|id| id.as_str().to_owned())
    };
    for import in imports {
        if let Some(part) = &import.customer {
            let external_id = customer::effective_external_id(part, settings).map(|id| id.as_str().to_owned());
            if let Some(number) = &part.customer_number {
                let number = CustomerNumber::for_comparison(number);
                if let Some(external_id) = &external_id {
                    candidate_query
                        .linking
                        .entry(number.clone())
                        .or_default()
                        .insert(external_id.clone());
                }
                candidate_query.number_keys.insert(number);
            }
            if external_id.is_some()
                && let Some(name) = &part.name
            {
                candidate_query.name_keys.insert(name_for_comparison(name));
            }
            candidate_query.customer_ids.extend(external_id);
        }
        candidate_query
            .location_ids
            .extend(id(import.location.as_ref().and_then(|part| part.external_id.as_ref())));
        candidate_query
            .contact_ids
            .extend(id(import.contact.as_ref().and_then(|part| part.external_id.as_ref())));
    }
    candidate_query
}

impl<'a> Workspace<'a> {
    pub(crate) fn new(
        settings: &'a MappingSettings,
        zone: &'a str,
        source: SourceSystemId,
        candidates: Candidates,
        targets: Vec<TargetRecord>,
        randomness: &'a Randomness,
        now: DateTime<Utc>,
    ) -> Self {
        let targets = targets
            .into_iter()
            .filter_map(|target| Some((target.external_id.clone()?, target)))
            .collect();
        Self {
            settings,
            zone,
            source,
            candidates,
            targets,
            proposals: HashMap::new(),
            writes: Writes::default(),
            changes: Vec::new(),
            randomness,
            now,
        }
    }

    pub(crate) fn new_id<K: Kind>(&self) -> Id<K> {
        Id::from_uuid(self.randomness.uuid_v7(self.now))
    }

    /// Returns the changes of a target that its source has sent and that are not applied.
    pub(crate) fn review_of(&self, target: &TargetRecord) -> Review {
        Review {
            open: self.proposals.get(&target.id.0).cloned().unwrap_or_default(),
            declined: target.declined_changes.0.clone(),
        }
    }

    /// Remembers the fields that the import at hand changes.
    pub(crate) fn note_changes(&mut self, changes: impl IntoIterator<Item = FieldChange>) {
        self.changes.extend(changes);
    }

    /// Returns the remembered changes and starts with the next import.
    pub(crate) fn take_changes(&mut self) -> Vec<FieldChange> {
        std::mem::take(&mut self.changes)
    }

    pub(crate) fn audit(&mut self, action: &'static str, subject: impl std::fmt::Display, details: Value) {
        self.writes.audits.push(Audit {
            action,
            subject: subject.to_string(),
            details,
        });
    }

    /// Returns the candidates for one customer part.
    pub(crate) fn customer_candidates(&self, part: &domain::imports::CustomerPart) -> CustomerCandidates {
        let mut found = CustomerCandidates::default();
        if !self.settings.may_map {
            return found;
        }
        if let Some(external_id) = customer::effective_external_id(part, self.settings)
            && let Some((candidate, was_merged)) = self.candidates.customer_by_reference(external_id.as_str())
        {
            found.by_reference = Some(CustomerCandidate {
                is_vouched: !self.candidates.unvouched_references.contains(external_id.as_str()),
                ..candidate.clone()
            });
            found.merged = was_merged;
        }
        if let Some(number) = &part.customer_number {
            found.by_number = self
                .candidates
                .customers_by_number
                .get(&CustomerNumber::for_comparison(number))
                .into_iter()
                .flatten()
                .filter_map(|id| self.candidates.customers.get(id))
                .map(|known| known.candidate.clone())
                .collect();
        }
        if found.by_reference.is_none()
            && found.by_number.is_empty()
            && let Some(name) = &part.name
        {
            found.same_name_exists = self.candidates.name_keys.contains(&name_for_comparison(name));
        }
        found
    }

    pub(crate) fn location_candidate(&self, external_id: Option<&ExternalId>) -> Option<&LocationCandidate> {
        let id = external_id.filter(|id| self.settings.may_map && !self.settings.is_placeholder(id))?;
        self.candidates
            .locations
            .get(self.candidates.location_references.get(id.as_str())?)
    }

    pub(crate) fn contact_candidate(&self, external_id: Option<&ExternalId>) -> Option<&ContactCandidate> {
        let id = external_id.filter(|id| self.settings.may_map && !self.settings.is_placeholder(id))?;
        self.candidates
            .contacts
            .get(self.candidates.contact_references.get(id.as_str())?)
    }

    /// Links the external ID to this customer from here on (row C10). It vouches for the customer if the names agree.
    pub(crate) fn link_customer(&mut self, external_id: &ExternalId, id: CustomerId, vouches: bool) {
        self.writes.references.push(ReferenceRow {
            kind: MappingType::Customer,
            external_id: external_id.as_str().to_owned(),
            id: id.uuid(),
            vouches,
        });
        if !vouches {
            self.candidates
                .unvouched_references
                .insert(external_id.as_str().to_owned());
        }
        self.candidates
            .customer_references
            .insert(external_id.as_str().to_owned(), id);
        if let Some(known) = self.candidates.customers.get_mut(&id) {
            known.candidate.linked_as = Some(external_id.as_str().to_owned());
        }
    }

    pub(crate) fn rename_customer(&mut self, id: CustomerId, name: &str) {
        if let Some(known) = self.candidates.customers.get_mut(&id) {
            let old = std::mem::replace(&mut known.candidate.name, name.to_owned());
            self.changes
                .push(FieldChange::new("customer", "name", Some(&old), Some(name)));
        }
        self.candidates.name_keys.insert(name_for_comparison(name));
        match self.writes.customers.iter_mut().find(|new| new.id == id) {
            Some(new) => name.clone_into(&mut new.name),
            None => {
                self.writes.renamed_customers.insert(id, name.to_owned());
            }
        }
        self.audit("customer.updated", id, serde_json::json!({ "by": "import" }));
    }

    pub(crate) fn create_customer(&mut self, external_id: &ExternalId, name: &str) -> CustomerId {
        let id: CustomerId = self.new_id();
        self.add_reference(MappingType::Customer, external_id, id.uuid());
        self.candidates
            .customer_references
            .insert(external_id.as_str().to_owned(), id);
        self.candidates.name_keys.insert(name_for_comparison(name));
        self.candidates.customers.insert(
            id,
            KnownCustomer {
                candidate: CustomerCandidate {
                    id,
                    name: name.to_owned(),
                    archived: false,
                    linked_as: Some(external_id.as_str().to_owned()),
                    is_vouched: true,
                },
                merged_into: None,
            },
        );
        self.changes
            .push(FieldChange::new("customer", "name", None, Some(name)));
        self.writes.customers.push(NewCustomer {
            id,
            name: name.to_owned(),
        });
        self.audit("customer.created", id, serde_json::json!({ "by": "import" }));
        id
    }

    pub(crate) fn update_location(&mut self, id: LocationId, part: &LocationPart) {
        let Some(known) = self.candidates.locations.get_mut(&id) else {
            return;
        };
        let before = known.clone();
        *known = known.with(part);
        let known = known.clone();
        self.changes.extend(changes::of_location(Some(&before), &known));
        match self.writes.locations.iter_mut().find(|new| new.id == id) {
            Some(new) => {
                new.name = known.name;
                new.address = known.address;
                new.coordinates = known.coordinates;
            }
            None => {
                let sent = self.writes.changed_locations.entry(id).or_default();
                sent.name = part.name.clone().or(sent.name.take());
                sent.address = sent.address.with(&part.address);
                sent.coordinates = part.coordinates.or(sent.coordinates);
            }
        }
        self.audit("location.updated", id, serde_json::json!({ "by": "import" }));
    }

    pub(crate) fn create_location(
        &mut self,
        external_id: &ExternalId,
        customer: CustomerId,
        part: &LocationPart,
    ) -> LocationId {
        let address = part.address_of_new();
        let id: LocationId = self.new_id();
        let name = part
            .name
            .as_deref()
            .or(address.city.as_deref())
            .unwrap_or(external_id.as_str())
            .to_owned();
        self.add_reference(MappingType::Location, external_id, id.uuid());
        self.candidates
            .location_references
            .insert(external_id.as_str().to_owned(), id);
        let candidate = LocationCandidate {
            id,
            customer,
            name: name.clone(),
            address: address.clone(),
            coordinates: part.coordinates_of_new(),
            archived: false,
        };
        self.changes.extend(changes::of_location(None, &candidate));
        self.candidates.locations.insert(id, candidate);
        self.writes.locations.push(LocationRow {
            id,
            customer,
            name,
            address: address.clone(),
            coordinates: part.coordinates_of_new(),
            zone: zone_of(address.country.as_deref(), self.zone),
        });
        self.audit("location.created", id, serde_json::json!({ "by": "import" }));
        id
    }

    pub(crate) fn update_contact(&mut self, id: ContactId, part: &ContactPart) {
        let Some(known) = self.candidates.contacts.get_mut(&id) else {
            return;
        };
        let before = known.clone();
        *known = known.with(part);
        let known = known.clone();
        self.changes.extend(changes::of_contact(Some(&before), &known));
        match self.writes.contacts.iter_mut().find(|new| new.id == id) {
            Some(new) => {
                new.display_name = known.display_name;
                new.email = known.email;
                new.phone = known.phone;
            }
            None => {
                let sent = self.writes.changed_contacts.entry(id).or_default();
                sent.display_name = part.display_name.clone().or(sent.display_name.take());
                sent.email = part.email.clone().or(sent.email.take());
                sent.phone = part.phone.clone().or(sent.phone.take());
            }
        }
        self.audit("contact.updated", id, serde_json::json!({ "by": "import" }));
    }

    pub(crate) fn create_contact(
        &mut self,
        external_id: &ExternalId,
        customer: CustomerId,
        location: Option<LocationId>,
        display_name: &str,
        part: &ContactPart,
    ) -> ContactId {
        let id: ContactId = self.new_id();
        self.add_reference(MappingType::Contact, external_id, id.uuid());
        self.candidates
            .contact_references
            .insert(external_id.as_str().to_owned(), id);
        let candidate = ContactCandidate {
            id,
            customer,
            location,
            display_name: display_name.to_owned(),
            email: part.email.clone(),
            phone: part.phone.clone(),
        };
        self.changes.extend(changes::of_contact(None, &candidate));
        self.candidates.contacts.insert(id, candidate);
        self.writes.contacts.push(ContactRow {
            id,
            customer,
            location,
            display_name: display_name.to_owned(),
            email: part.email.clone(),
            phone: part.phone.clone(),
        });
        self.audit("contact.created", id, serde_json::json!({ "by": "import" }));
        id
    }

    fn add_reference(&mut self, kind: MappingType, external_id: &ExternalId, id: uuid::Uuid) {
        self.writes.references.push(ReferenceRow {
            kind,
            external_id: external_id.as_str().to_owned(),
            id,
            vouches: true,
        });
    }
}
