//! Mapping table K: the contact, decided after customer and location.

use super::location::CustomerContext;
use super::{MappingSettings, MappingStatus, Warning};
use crate::ids::{ContactId, CustomerId, LocationId};
use crate::imports::ContactPart;
use crate::text::ExternalId;

crate::stored_names! {
    /// A row of mapping table K.
    ContactRule {
        /// No contact was sent.
        K0 = "K0",
        /// The contact belongs to another customer.
        K1 = "K1",
        /// The contact belongs to the customer; a warning if it is assigned to a different location.
        K2 = "K2",
        /// Unknown contact, created.
        K3 = "K3",
        /// Unknown contact that cannot be created, or nothing identifies it.
        K4 = "K4",
    }
}

/// The contact with the sent external id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactCandidate {
    /// Identifier of the record.
    pub id: ContactId,
    /// Customer that it belongs to.
    pub customer: CustomerId,
    /// Location that it is assigned to.
    pub location: Option<LocationId>,
    /// Display name.
    pub display_name: String,
    /// Email address.
    pub email: Option<String>,
    /// Phone number.
    pub phone: Option<String>,
}

impl ContactCandidate {
    /// Returns the record with the sent values applied; absent values are unchanged.
    pub fn with(&self, part: &ContactPart) -> Self {
        Self {
            display_name: part.display_name.clone().unwrap_or_else(|| self.display_name.clone()),
            email: part.email.clone().or_else(|| self.email.clone()),
            phone: part.phone.clone().or_else(|| self.phone.clone()),
            ..self.clone()
        }
    }
}

/// Action for the contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContactStep {
    /// Nothing to link.
    None,
    /// Link the target to this record.
    Link {
        /// Identifier of the record.
        id: ContactId,
        /// Whether to update the record with the sent values.
        update: bool,
    },
    /// Create the contact for the customer.
    Create {
        /// External id to link.
        external_id: ExternalId,
        /// Display name.
        display_name: String,
    },
}

/// Mapping decision for the contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactDecision {
    /// Row that applied.
    pub rule: ContactRule,
    /// Mapping result.
    pub status: MappingStatus,
    /// Action to perform.
    pub step: ContactStep,
    /// Warnings to report.
    pub warnings: Vec<Warning>,
}

/// Decides how to map the contact. `location` is the mapped location, if any.
pub fn decide(
    part: Option<&ContactPart>,
    customer: CustomerContext,
    location: Option<LocationId>,
    settings: &MappingSettings,
    found: Option<&ContactCandidate>,
) -> ContactDecision {
    let Some(part) = part else {
        return stop(ContactRule::K0, MappingStatus::Skipped, None);
    };
    let CustomerContext::Resolved(owner) = customer else {
        return stop(ContactRule::K4, MappingStatus::Skipped, Some("customer_unresolved"));
    };
    let sent = part.external_id.as_ref();
    let Some(external_id) = sent.filter(|id| !settings.is_placeholder(id)) else {
        let mut decision = stop(ContactRule::K4, MappingStatus::Skipped, Some("contact_not_matchable"));
        if sent.is_some() {
            decision.warnings.insert(
                0,
                Warning {
                    code: "external_id_blocked_value",
                    pointer: "/contact/externalId",
                },
            );
        }
        return decision;
    };
    if !settings.may_map {
        return stop(
            ContactRule::K4,
            MappingStatus::Skipped,
            Some("scope_missing_customers_map"),
        );
    }
    match found {
        Some(known) if owner != Some(known.customer) => stop(
            ContactRule::K1,
            MappingStatus::Failed,
            Some("contact_customer_mismatch"),
        ),
        Some(known) => link(part, location, settings, known),
        None => unknown_contact(part, settings, external_id),
    }
}

/// Rows K3 and K4: the external id is unknown.
fn unknown_contact(part: &ContactPart, settings: &MappingSettings, external_id: &ExternalId) -> ContactDecision {
    match (
        settings.create_refusal(settings.create_contacts),
        part.display_name.clone(),
    ) {
        (Some(code), _) => stop(ContactRule::K4, MappingStatus::Skipped, Some(code)),
        (None, None) => stop(ContactRule::K4, MappingStatus::Skipped, Some("contact_not_matchable")),
        (None, Some(display_name)) => ContactDecision {
            rule: ContactRule::K3,
            status: MappingStatus::Created,
            step: ContactStep::Create {
                external_id: external_id.clone(),
                display_name,
            },
            warnings: Vec::new(),
        },
    }
}

fn stop(rule: ContactRule, status: MappingStatus, code: Option<&'static str>) -> ContactDecision {
    ContactDecision {
        rule,
        status,
        step: ContactStep::None,
        warnings: code
            .map(|code| Warning {
                code,
                pointer: "/contact",
            })
            .into_iter()
            .collect(),
    }
}

/// Row K2: the contact belongs to the customer.
fn link(
    part: &ContactPart,
    location: Option<LocationId>,
    settings: &MappingSettings,
    known: &ContactCandidate,
) -> ContactDecision {
    let mut warnings = Vec::new();
    if known.location.is_some() && location.is_some() && known.location != location {
        warnings.push(Warning {
            code: "contact_location_mismatch",
            pointer: "/contact",
        });
    }
    let mut status = MappingStatus::Mapped;
    let changed = known.with(part);
    if changed != *known {
        match settings.update_refusal() {
            None => status = MappingStatus::Updated,
            Some(code) => warnings.push(Warning {
                code,
                pointer: if changed.display_name == known.display_name {
                    "/contact"
                } else {
                    "/contact/displayName"
                },
            }),
        }
    }
    ContactDecision {
        rule: ContactRule::K2,
        status,
        step: ContactStep::Link {
            id: known.id,
            update: status == MappingStatus::Updated,
        },
        warnings,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::{DuplicateNamePolicy, ProblemPolicy};
    use uuid::Uuid;

    #[test]
    fn every_contact_row_decides_as_documented() {
        use ContactRule as R;
        use MappingStatus as S;
        let on = MappingSettings {
            may_map: true,
            may_write: true,
            create_gate: true,
            update_gate: true,
            create_customers: true,
            create_locations: true,
            create_contacts: true,
            auto_update: false,
            customer_required: false,
            problem_policy: ProblemPolicy::Review,
            duplicate_names: DuplicateNamePolicy::Warn,
            blocked_external_ids: Vec::new(),
        };
        let off = MappingSettings {
            create_contacts: false,
            ..on.clone()
        };
        let owner = CustomerId::from_uuid(Uuid::from_u128(1));
        let assigned = LocationId::from_uuid(Uuid::from_u128(5));
        let different = LocationId::from_uuid(Uuid::from_u128(6));
        let known = ContactCandidate {
            id: ContactId::from_uuid(Uuid::from_u128(2)),
            customer: owner,
            location: Some(assigned),
            display_name: "Anna Weber".into(),
            email: Some("anna@example.org".into()),
            phone: None,
        };
        let own = CustomerContext::Resolved(Some(owner));
        let other = CustomerContext::Resolved(Some(CustomerId::from_uuid(Uuid::from_u128(9))));
        let part = |id: Option<&str>, name: Option<&str>| ContactPart {
            external_id: id.map(|id| ExternalId::parse(id).expect("id is valid")),
            display_name: name.map(str::to_owned),
            ..ContactPart::default()
        };
        for (name, part, context, location, settings, found, rule, status, code) in [
            (
                "K1",
                part(Some("K"), None),
                other,
                None,
                &on,
                Some(&known),
                R::K1,
                S::Failed,
                Some("contact_customer_mismatch"),
            ),
            (
                "K2",
                part(Some("K"), None),
                own,
                Some(different),
                &on,
                Some(&known),
                R::K2,
                S::Mapped,
                Some("contact_location_mismatch"),
            ),
            (
                "K2 same location",
                part(Some("K"), Some("Anna Weber")),
                own,
                Some(assigned),
                &on,
                Some(&known),
                R::K2,
                S::Mapped,
                None,
            ),
            (
                "K3",
                part(Some("K"), Some("New")),
                own,
                None,
                &on,
                None,
                R::K3,
                S::Created,
                None,
            ),
            (
                "K4 off",
                part(Some("K"), Some("New")),
                own,
                None,
                &off,
                None,
                R::K4,
                S::Skipped,
                Some("auto_create_disabled"),
            ),
            (
                "K4 name only",
                part(None, Some("Anna Weber")),
                own,
                None,
                &on,
                None,
                R::K4,
                S::Skipped,
                Some("contact_not_matchable"),
            ),
        ] {
            let decision = decide(Some(&part), context, location, settings, found);
            assert_eq!(
                (
                    decision.rule,
                    decision.status,
                    decision.warnings.first().map(|warning| warning.code)
                ),
                (rule, status, code),
                "{name}"
            );
        }
    }
}
