//! Mapping table L: the location, decided after the customer.

use super::{MappingSettings, MappingStatus, Warning};
use crate::customers::{Address, Coordinates};
use crate::ids::{CustomerId, LocationId};
use crate::imports::LocationPart;
use crate::text::ExternalId;

crate::stored_names! {
    /// A row of mapping table L.
    LocationRule {
        /// No location was sent.
        L0 = "L0",
        /// A customer was sent but could not be resolved.
        L1 = "L1",
        /// No customer was sent; it is derived from the location.
        L2 = "L2",
        /// The location belongs to the customer.
        L3 = "L3",
        /// The location belongs to another customer.
        L4 = "L4",
        /// Unknown location, created.
        L5 = "L5",
        /// Unknown location that cannot be created.
        L6 = "L6",
        /// Only an address was sent.
        L7 = "L7",
        /// The location is archived.
        L8 = "L8",
    }
}

/// The location with the sent external id.
#[derive(Debug, Clone, PartialEq)]
pub struct LocationCandidate {
    /// Identifier of the record.
    pub id: LocationId,
    /// Customer that it belongs to.
    pub customer: CustomerId,
    /// Name of the location.
    pub name: String,
    /// Postal address.
    pub address: Address,
    /// Coordinates, if known.
    pub coordinates: Option<Coordinates>,
    /// Whether the location is archived.
    pub archived: bool,
}

impl LocationCandidate {
    /// Returns the record with the sent values applied; absent values are unchanged.
    pub fn with(&self, part: &LocationPart) -> Self {
        Self {
            name: part.name.clone().unwrap_or_else(|| self.name.clone()),
            address: self.address.with(&part.address),
            coordinates: part.coordinates.or(self.coordinates),
            ..self.clone()
        }
    }
}

/// Customer that the location must belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CustomerContext {
    /// No customer was sent.
    NotGiven,
    /// A customer was sent but could not be resolved.
    Unresolved,
    /// The resolved customer; `None` if it is yet to be created and therefore has no locations.
    Resolved(Option<CustomerId>),
}

/// Action for the location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LocationStep {
    /// Nothing to link; a sent address is stored with the target.
    None,
    /// Link the target to this record and, for row L2, to its customer.
    Link {
        /// Identifier of the record.
        id: LocationId,
        /// Customer of the location.
        customer: CustomerId,
        /// Whether to update the record with the sent values.
        update: bool,
    },
    /// Create the location for the customer.
    Create {
        /// External id to link.
        external_id: ExternalId,
    },
}

/// Mapping decision for the location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocationDecision {
    /// Row that applied.
    pub rule: LocationRule,
    /// Mapping result.
    pub status: MappingStatus,
    /// Action to perform.
    pub step: LocationStep,
    /// Warnings to report.
    pub warnings: Vec<Warning>,
}

const EXTERNAL_ID_POINTER: &str = "/location/externalId";

/// Decides how to map the location.
pub fn decide(
    part: Option<&LocationPart>,
    customer: CustomerContext,
    settings: &MappingSettings,
    found: Option<&LocationCandidate>,
) -> LocationDecision {
    let Some(part) = part else {
        return stop(LocationRule::L0, MappingStatus::Skipped, None, "/location");
    };
    if customer == CustomerContext::Unresolved {
        return stop(
            LocationRule::L1,
            MappingStatus::Skipped,
            Some("customer_unresolved"),
            "/location",
        );
    }
    let sent = part.external_id.as_ref();
    let Some(external_id) = sent.filter(|id| !settings.is_placeholder(id)) else {
        let mut decision = stop(
            LocationRule::L7,
            MappingStatus::Skipped,
            Some("location_not_identified"),
            "/location",
        );
        if sent.is_some() {
            decision.warnings.insert(
                0,
                Warning {
                    code: "external_id_blocked_value",
                    pointer: "/location/externalId",
                },
            );
        }
        return decision;
    };
    if !settings.may_map {
        return stop(
            LocationRule::L6,
            MappingStatus::Skipped,
            Some("scope_missing_customers_map"),
            "/location",
        );
    }
    match (found, customer) {
        (Some(known), _) => known_location(part, customer, settings, known),
        (None, CustomerContext::Resolved(_)) => unknown_location(part, settings, external_id),
        (None, _) => stop(
            LocationRule::L1,
            MappingStatus::Skipped,
            Some("customer_unresolved"),
            "/location",
        ),
    }
}

/// Rows L2 to L4 and L8: the external id is known.
fn known_location(
    part: &LocationPart,
    customer: CustomerContext,
    settings: &MappingSettings,
    known: &LocationCandidate,
) -> LocationDecision {
    if known.archived {
        return stop(
            LocationRule::L8,
            MappingStatus::Failed,
            Some("location_inactive"),
            EXTERNAL_ID_POINTER,
        );
    }
    match customer {
        CustomerContext::NotGiven => link(
            LocationRule::L2,
            part,
            settings,
            known,
            vec![Warning {
                code: "customer_derived_from_location",
                pointer: "/location",
            }],
        ),
        CustomerContext::Resolved(Some(owner)) if owner == known.customer => {
            link(LocationRule::L3, part, settings, known, Vec::new())
        }
        _ => stop(
            LocationRule::L4,
            MappingStatus::Failed,
            Some("location_customer_mismatch"),
            EXTERNAL_ID_POINTER,
        ),
    }
}

/// Rows L5 and L6: the external id is unknown.
fn unknown_location(part: &LocationPart, settings: &MappingSettings, external_id: &ExternalId) -> LocationDecision {
    if let Some(code) = settings.create_refusal(settings.create_locations) {
        return stop(LocationRule::L6, MappingStatus::Skipped, Some(code), "/location");
    }
    LocationDecision {
        rule: LocationRule::L5,
        status: MappingStatus::Created,
        step: LocationStep::Create {
            external_id: external_id.clone(),
        },
        warnings: if part.coordinates_of_new().is_none() {
            vec![Warning {
                code: "missing_coordinates",
                pointer: "/location/coordinates",
            }]
        } else {
            Vec::new()
        },
    }
}

fn stop(
    rule: LocationRule,
    status: MappingStatus,
    code: Option<&'static str>,
    pointer: &'static str,
) -> LocationDecision {
    LocationDecision {
        rule,
        status,
        step: LocationStep::None,
        warnings: code.map(|code| Warning { code, pointer }).into_iter().collect(),
    }
}

fn link(
    rule: LocationRule,
    part: &LocationPart,
    settings: &MappingSettings,
    known: &LocationCandidate,
    mut warnings: Vec<Warning>,
) -> LocationDecision {
    let mut status = MappingStatus::Mapped;
    let changed = known.with(part);
    if changed != *known {
        match settings.update_refusal() {
            None => status = MappingStatus::Updated,
            Some(code) => warnings.push(Warning {
                code,
                pointer: if changed.name == known.name {
                    "/location"
                } else {
                    "/location/name"
                },
            }),
        }
    }
    LocationDecision {
        rule,
        status,
        step: LocationStep::Link {
            id: known.id,
            customer: known.customer,
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
    fn every_location_row_decides_as_documented() {
        use LocationRule as R;
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
            create_locations: false,
            ..on.clone()
        };
        let no_write = MappingSettings {
            may_write: false,
            ..on.clone()
        };
        let owner = CustomerId::from_uuid(Uuid::from_u128(1));
        let known = LocationCandidate {
            id: LocationId::from_uuid(Uuid::from_u128(2)),
            customer: owner,
            name: "Essen".into(),
            address: Address {
                city: Some("Essen".into()),
                ..Address::default()
            },
            coordinates: None,
            archived: false,
        };
        let archived = LocationCandidate {
            archived: true,
            ..known.clone()
        };
        let other = CustomerContext::Resolved(Some(CustomerId::from_uuid(Uuid::from_u128(9))));
        let own = CustomerContext::Resolved(Some(owner));
        let with_id = LocationPart {
            external_id: Some(ExternalId::parse("L").expect("id is valid")),
            ..LocationPart::default()
        };
        let address_only = LocationPart::default();
        for (name, part, context, settings, found, rule, status, code) in [
            (
                "L1",
                &with_id,
                CustomerContext::Unresolved,
                &on,
                Some(&known),
                R::L1,
                S::Skipped,
                Some("customer_unresolved"),
            ),
            (
                "L2",
                &with_id,
                CustomerContext::NotGiven,
                &on,
                Some(&known),
                R::L2,
                S::Mapped,
                Some("customer_derived_from_location"),
            ),
            ("L3", &with_id, own, &on, Some(&known), R::L3, S::Mapped, None),
            (
                "L4",
                &with_id,
                other,
                &on,
                Some(&known),
                R::L4,
                S::Failed,
                Some("location_customer_mismatch"),
            ),
            (
                "L4 new customer",
                &with_id,
                CustomerContext::Resolved(None),
                &on,
                Some(&known),
                R::L4,
                S::Failed,
                Some("location_customer_mismatch"),
            ),
            (
                "L5",
                &with_id,
                own,
                &on,
                None,
                R::L5,
                S::Created,
                Some("missing_coordinates"),
            ),
            (
                "L6",
                &with_id,
                own,
                &off,
                None,
                R::L6,
                S::Skipped,
                Some("auto_create_disabled"),
            ),
            (
                "L6 scope",
                &with_id,
                own,
                &no_write,
                None,
                R::L6,
                S::Skipped,
                Some("scope_missing_customers_write"),
            ),
            (
                "L7",
                &address_only,
                own,
                &on,
                None,
                R::L7,
                S::Skipped,
                Some("location_not_identified"),
            ),
            (
                "L8",
                &with_id,
                own,
                &on,
                Some(&archived),
                R::L8,
                S::Failed,
                Some("location_inactive"),
            ),
        ] {
            let decision = decide(Some(part), context, settings, found);
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

    #[test]
    fn changed_location_fields_update_or_warn() {
        let on = MappingSettings {
            may_map: true,
            may_write: true,
            create_gate: true,
            update_gate: true,
            create_customers: true,
            create_locations: true,
            create_contacts: true,
            auto_update: true,
            customer_required: false,
            problem_policy: ProblemPolicy::Review,
            duplicate_names: DuplicateNamePolicy::Warn,
            blocked_external_ids: Vec::new(),
        };
        let off = MappingSettings {
            auto_update: false,
            ..on.clone()
        };
        let owner = CustomerId::from_uuid(Uuid::from_u128(1));
        let known = LocationCandidate {
            id: LocationId::from_uuid(Uuid::from_u128(2)),
            customer: owner,
            name: "Essen".into(),
            address: Address {
                street: Some("Weg 1".into()),
                city: Some("Essen".into()),
                ..Address::default()
            },
            coordinates: Coordinates::new(51.4, 7.0),
            archived: false,
        };
        let part = |name: Option<&str>, city: Option<&str>, coordinates: Option<Coordinates>| LocationPart {
            job: Default::default(),
            external_id: ExternalId::parse("L").ok(),
            name: name.map(str::to_owned),
            address: Address {
                city: city.map(str::to_owned),
                ..Address::default()
            },
            coordinates,
        };
        for (part, differs, pointer) in [
            (part(None, None, None), false, ""),
            (
                part(Some("Essen"), Some("Essen"), Coordinates::new(51.4, 7.0)),
                false,
                "",
            ),
            (part(Some("Essen West"), None, None), true, "/location/name"),
            (part(None, Some("Duisburg"), None), true, "/location"),
            (part(None, None, Coordinates::new(51.5, 7.0)), true, "/location"),
        ] {
            let context = CustomerContext::Resolved(Some(owner));
            let updated = decide(Some(&part), context, &on, Some(&known));
            assert_eq!(updated.status == MappingStatus::Updated, differs, "{part:?}");
            assert!(updated.warnings.is_empty());
            let unchanged = decide(Some(&part), context, &off, Some(&known));
            assert_eq!(unchanged.status, MappingStatus::Mapped);
            assert_eq!(
                unchanged
                    .warnings
                    .first()
                    .map(|warning| warning.pointer)
                    .unwrap_or_default(),
                pointer
            );
            assert_eq!(
                known.with(&part).address.street.as_deref(),
                Some("Weg 1"),
                "absent values are unchanged"
            );
        }
    }
}
