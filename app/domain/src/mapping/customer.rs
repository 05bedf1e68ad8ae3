//! Mapping table C: the customer.

use super::{DuplicateNamePolicy, MappingSettings, MappingStatus, Warning};
use crate::ids::CustomerId;
use crate::imports::CustomerPart;
use crate::text::{ExternalId, name_for_comparison};

crate::stored_names! {
    /// A row of mapping table C.
    CustomerRule {
        /// No customer was sent.
        C1 = "C1",
        /// The scope `customers.map` is missing.
        C2 = "C2",
        /// The external id belongs to an archived customer.
        C5 = "C5",
        /// The external id is known and not contradicted.
        C6 = "C6",
        /// The external id is known, the customer number is not.
        C7 = "C7",
        /// The external id belongs to one of several customers with the number.
        C8 = "C8",
        /// The external id and the number contradict each other.
        C9 = "C9",
        /// The number matches one customer without an external id in this source system.
        C10 = "C10",
        /// The number matches a customer with a different external id in this source system.
        C11 = "C11",
        /// The number belongs to an archived customer.
        C12 = "C12",
        /// Several customers have the number.
        C13 = "C13",
        /// Unknown, and the feature gate is disabled.
        C14 = "C14",
        /// Unknown, and auto-create is disabled.
        C15 = "C15",
        /// Unknown, and the scope `customers.write` is missing.
        C16 = "C16",
        /// Unknown, and no name was sent.
        C17 = "C17",
        /// Unknown and created.
        C18 = "C18",
        /// No external id, and the number matches one customer.
        C19 = "C19",
        /// No external id, and the number is unknown.
        C20 = "C20",
        /// Only a name was sent.
        C21 = "C21",
    }
}

/// A customer record found for an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerCandidate {
    /// Identifier of the record.
    pub id: CustomerId,
    /// Name of the customer.
    pub name: String,
    /// Whether the customer is archived.
    pub archived: bool,
    /// Its external id in this source system, if any.
    pub linked_as: Option<String>,
}

/// Customer records found for an import.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CustomerCandidates {
    /// Customer with the external id, after following merges.
    pub by_reference: Option<CustomerCandidate>,
    /// Whether a merge was followed.
    pub merged: bool,
    /// Customers with the number, including archived ones.
    pub by_number: Vec<CustomerCandidate>,
    /// Whether a customer with the same name exists; queried only if a customer might be created.
    pub same_name_exists: bool,
}

/// Action for the customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CustomerStep {
    /// Nothing to link.
    None,
    /// Link the target to this record.
    Link {
        /// Identifier of the record.
        id: CustomerId,
        /// Whether to store the external id as a reference to the record.
        store_reference: bool,
        /// Whether to update the record with the sent name.
        update: bool,
    },
    /// Create a customer with this name and external id.
    Create {
        /// Name of the new customer.
        name: String,
        /// External id to link.
        external_id: ExternalId,
    },
}

/// Mapping decision for the customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerDecision {
    /// Row that applied.
    pub rule: CustomerRule,
    /// Mapping result.
    pub status: MappingStatus,
    /// Action to perform.
    pub step: CustomerStep,
    /// Warnings to report.
    pub warnings: Vec<Warning>,
}

const EXTERNAL_ID_POINTER: &str = "/customer/externalId";
const NUMBER_POINTER: &str = "/customer/customerNumber";
const NAME_POINTER: &str = "/customer/name";

/// Returns the external id unless it is a placeholder (row C3).
pub fn effective_external_id(part: &CustomerPart) -> Option<&ExternalId> {
    part.external_id.as_ref().filter(|id| !id.is_placeholder())
}

/// Decides how to map the customer. The first matching row applies.
pub fn decide(part: Option<&CustomerPart>, settings: &MappingSettings, found: &CustomerCandidates) -> CustomerDecision {
    let Some(part) = part else {
        return stop(CustomerRule::C1, MappingStatus::Skipped, Vec::new());
    };
    if !settings.may_map {
        return stop(
            CustomerRule::C2,
            MappingStatus::Skipped,
            vec![Warning {
                code: "scope_missing_customers_map",
                pointer: "/customer",
            }],
        );
    }
    let external_id = effective_external_id(part);
    let mut warnings = Vec::new();
    if external_id.is_none() && part.external_id.is_some() {
        warnings.push(Warning {
            code: "external_id_blocked_value",
            pointer: EXTERNAL_ID_POINTER,
        });
    }
    match (external_id, &found.by_reference) {
        (Some(_), Some(known)) => by_reference(part, settings, found, known, warnings),
        (Some(id), None) => by_number(part, settings, found, Some(id), warnings),
        (None, _) => by_number(part, settings, found, None, warnings),
    }
}

/// Rows C4 to C9: the external id is known.
fn by_reference(
    part: &CustomerPart,
    settings: &MappingSettings,
    found: &CustomerCandidates,
    known: &CustomerCandidate,
    mut warnings: Vec<Warning>,
) -> CustomerDecision {
    if found.merged {
        warnings.push(Warning {
            code: "customer_merged",
            pointer: EXTERNAL_ID_POINTER,
        });
    }
    if known.archived {
        warnings.push(Warning {
            code: "customer_inactive",
            pointer: EXTERNAL_ID_POINTER,
        });
        return stop(CustomerRule::C5, MappingStatus::Failed, warnings);
    }
    let agrees = found.by_number.iter().any(|candidate| candidate.id == known.id);
    let rule = match (part.customer_number.is_some(), found.by_number.len()) {
        (false, _) => CustomerRule::C6,
        (true, 0) => {
            warnings.push(Warning {
                code: "customer_number_unknown",
                pointer: NUMBER_POINTER,
            });
            CustomerRule::C7
        }
        (true, 1) if agrees => CustomerRule::C6,
        (true, _) if agrees => {
            warnings.push(Warning {
                code: "customer_number_ambiguous",
                pointer: NUMBER_POINTER,
            });
            CustomerRule::C8
        }
        (true, _) => {
            warnings.push(Warning {
                code: "customer_identifier_conflict",
                pointer: "/customer",
            });
            return stop(CustomerRule::C9, MappingStatus::Failed, warnings);
        }
    };
    link(rule, part, settings, known, false, warnings)
}

/// Rows C10 to C21: the external id is unknown or absent.
fn by_number(
    part: &CustomerPart,
    settings: &MappingSettings,
    found: &CustomerCandidates,
    external_id: Option<&ExternalId>,
    mut warnings: Vec<Warning>,
) -> CustomerDecision {
    match found.by_number.as_slice() {
        [] => unknown(part, settings, found, external_id, warnings),
        [only] if only.archived => {
            warnings.push(Warning {
                code: "customer_inactive",
                pointer: NUMBER_POINTER,
            });
            stop(CustomerRule::C12, MappingStatus::Failed, warnings)
        }
        [only] => {
            let rule = match (external_id, &only.linked_as) {
                (Some(_), Some(_)) => {
                    warnings.push(Warning {
                        code: "customer_already_linked",
                        pointer: EXTERNAL_ID_POINTER,
                    });
                    return stop(CustomerRule::C11, MappingStatus::Failed, warnings);
                }
                (Some(_), None) => {
                    warnings.push(Warning {
                        code: "link_created",
                        pointer: EXTERNAL_ID_POINTER,
                    });
                    CustomerRule::C10
                }
                (None, _) => {
                    warnings.push(Warning {
                        code: "external_id_missing",
                        pointer: EXTERNAL_ID_POINTER,
                    });
                    CustomerRule::C19
                }
            };
            if name_differs(part, only) {
                warnings.push(Warning {
                    code: "customer_name_mismatch",
                    pointer: NAME_POINTER,
                });
            }
            link(rule, part, settings, only, external_id.is_some(), warnings)
        }
        _ => {
            warnings.push(Warning {
                code: "customer_number_ambiguous",
                pointer: NUMBER_POINTER,
            });
            stop(CustomerRule::C13, MappingStatus::Skipped, warnings)
        }
    }
}

/// Rows C14 to C18, C20 and C21: no customer matches.
fn unknown(
    part: &CustomerPart,
    settings: &MappingSettings,
    found: &CustomerCandidates,
    external_id: Option<&ExternalId>,
    mut warnings: Vec<Warning>,
) -> CustomerDecision {
    let Some(external_id) = external_id else {
        return if part.customer_number.is_some() {
            warnings.push(Warning {
                code: "external_id_required_for_create",
                pointer: EXTERNAL_ID_POINTER,
            });
            stop(CustomerRule::C20, MappingStatus::Skipped, warnings)
        } else {
            warnings.push(Warning {
                code: "name_only_not_matchable",
                pointer: NAME_POINTER,
            });
            stop(CustomerRule::C21, MappingStatus::Skipped, warnings)
        };
    };
    if let Some(code) = settings.create_refusal(settings.create_customers) {
        let rule = match code {
            "feature_not_enabled" => CustomerRule::C14,
            "auto_create_disabled" => CustomerRule::C15,
            _ => CustomerRule::C16,
        };
        warnings.push(Warning {
            code,
            pointer: "/customer",
        });
        return stop(rule, MappingStatus::Skipped, warnings);
    }
    let Some(name) = part.name.clone() else {
        warnings.push(Warning {
            code: "customer_name_required",
            pointer: NAME_POINTER,
        });
        return stop(CustomerRule::C17, MappingStatus::Failed, warnings);
    };
    if part.customer_number.is_some() {
        warnings.push(Warning {
            code: "customer_number_ignored",
            pointer: NUMBER_POINTER,
        });
    }
    if found.same_name_exists {
        warnings.push(Warning {
            code: "possible_duplicate_name",
            pointer: NAME_POINTER,
        });
        if settings.duplicate_names == DuplicateNamePolicy::Block {
            return stop(CustomerRule::C18, MappingStatus::Skipped, warnings);
        }
    }
    CustomerDecision {
        rule: CustomerRule::C18,
        status: MappingStatus::Created,
        step: CustomerStep::Create {
            name,
            external_id: external_id.clone(),
        },
        warnings,
    }
}

/// Returns whether the sent name differs from the stored one.
fn name_differs(part: &CustomerPart, known: &CustomerCandidate) -> bool {
    part.name
        .as_ref()
        .is_some_and(|name| name_for_comparison(name) != name_for_comparison(&known.name))
}

fn stop(rule: CustomerRule, status: MappingStatus, warnings: Vec<Warning>) -> CustomerDecision {
    CustomerDecision {
        rule,
        status,
        step: CustomerStep::None,
        warnings,
    }
}

fn link(
    rule: CustomerRule,
    part: &CustomerPart,
    settings: &MappingSettings,
    known: &CustomerCandidate,
    store_reference: bool,
    mut warnings: Vec<Warning>,
) -> CustomerDecision {
    let mut status = MappingStatus::Mapped;
    if part.name.as_ref().is_some_and(|name| *name != known.name) {
        match settings.update_refusal() {
            None => status = MappingStatus::Updated,
            Some(code) => warnings.push(Warning {
                code,
                pointer: NAME_POINTER,
            }),
        }
    }
    CustomerDecision {
        rule,
        status,
        step: CustomerStep::Link {
            id: known.id,
            store_reference,
            update: status == MappingStatus::Updated,
        },
        warnings,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::ProblemPolicy;
    use crate::text::CustomerNumber;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn settings() -> MappingSettings {
        MappingSettings {
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
        }
    }

    fn candidate(number: u128) -> CustomerCandidate {
        CustomerCandidate {
            id: CustomerId::from_uuid(Uuid::from_u128(number)),
            name: "Rhein-Ruhr".into(),
            archived: false,
            linked_as: None,
        }
    }

    fn part(external_id: Option<&str>, number: Option<&str>, name: Option<&str>) -> CustomerPart {
        CustomerPart {
            external_id: external_id.map(|id| ExternalId::parse(id).expect("id is valid")),
            customer_number: number.and_then(|number| CustomerNumber::parse(number).expect("number is valid")),
            name: name.map(str::to_owned),
        }
    }

    /// Name, input, settings, candidates; then expected row, status and codes.
    type Case<'a> = (
        &'a str,
        Option<CustomerPart>,
        MappingSettings,
        CustomerCandidates,
        CustomerRule,
        MappingStatus,
        Vec<&'a str>,
    );

    /// One case for each row of mapping table C.
    #[test]
    fn every_customer_row_decides_as_documented() {
        use CustomerRule as R;
        use MappingStatus as S;
        let a = candidate(1);
        let b = candidate(2);
        let archived = CustomerCandidate {
            archived: true,
            ..candidate(3)
        };
        let linked = CustomerCandidate {
            linked_as: Some("OTHER".into()),
            ..candidate(4)
        };
        let none = CustomerCandidates::default();
        let reference = |candidate: &CustomerCandidate, numbers: &[&CustomerCandidate]| CustomerCandidates {
            by_reference: Some(candidate.clone()),
            by_number: numbers.iter().map(|candidate| (*candidate).clone()).collect(),
            ..CustomerCandidates::default()
        };
        let numbers = |numbers: &[&CustomerCandidate]| CustomerCandidates {
            by_number: numbers.iter().map(|candidate| (*candidate).clone()).collect(),
            ..CustomerCandidates::default()
        };
        let full = part(Some("E"), Some("N"), Some("Rhein-Ruhr"));
        let off = |change: fn(&mut MappingSettings)| {
            let mut settings = settings();
            change(&mut settings);
            settings
        };
        let same_name = CustomerCandidates {
            same_name_exists: true,
            ..none.clone()
        };
        let cases: Vec<Case<'_>> = vec![
            ("C1", None, settings(), none.clone(), R::C1, S::Skipped, vec![]),
            (
                "C2",
                Some(full.clone()),
                off(|s| s.may_map = false),
                reference(&a, &[&a]),
                R::C2,
                S::Skipped,
                vec!["scope_missing_customers_map"],
            ),
            (
                "C3",
                Some(part(Some("n/a"), Some("N"), None)),
                settings(),
                numbers(&[&b]),
                R::C19,
                S::Mapped,
                vec!["external_id_blocked_value", "external_id_missing"],
            ),
            (
                "C4",
                Some(full.clone()),
                settings(),
                CustomerCandidates {
                    merged: true,
                    ..reference(&a, &[&a])
                },
                R::C6,
                S::Mapped,
                vec!["customer_merged"],
            ),
            (
                "C5",
                Some(full.clone()),
                settings(),
                reference(&archived, &[]),
                R::C5,
                S::Failed,
                vec!["customer_inactive"],
            ),
            (
                "C6 with number",
                Some(full.clone()),
                settings(),
                reference(&a, &[&a]),
                R::C6,
                S::Mapped,
                vec![],
            ),
            (
                "C6 without number",
                Some(part(Some("E"), None, None)),
                settings(),
                reference(&a, &[]),
                R::C6,
                S::Mapped,
                vec![],
            ),
            (
                "C7",
                Some(full.clone()),
                settings(),
                reference(&a, &[]),
                R::C7,
                S::Mapped,
                vec!["customer_number_unknown"],
            ),
            (
                "C8",
                Some(full.clone()),
                settings(),
                reference(&a, &[&a, &b]),
                R::C8,
                S::Mapped,
                vec!["customer_number_ambiguous"],
            ),
            (
                "C9",
                Some(full.clone()),
                settings(),
                reference(&a, &[&b]),
                R::C9,
                S::Failed,
                vec!["customer_identifier_conflict"],
            ),
            (
                "C9 several",
                Some(full.clone()),
                settings(),
                reference(&a, &[&b, &linked]),
                R::C9,
                S::Failed,
                vec!["customer_identifier_conflict"],
            ),
            (
                "C10",
                Some(full.clone()),
                settings(),
                numbers(&[&b]),
                R::C10,
                S::Mapped,
                vec!["link_created"],
            ),
            (
                "C10 other name",
                Some(part(Some("E"), Some("N"), Some("Else"))),
                settings(),
                numbers(&[&b]),
                R::C10,
                S::Mapped,
                vec!["link_created", "customer_name_mismatch", "auto_update_disabled"],
            ),
            (
                "C11",
                Some(full.clone()),
                settings(),
                numbers(&[&linked]),
                R::C11,
                S::Failed,
                vec!["customer_already_linked"],
            ),
            (
                "C12",
                Some(full.clone()),
                settings(),
                numbers(&[&archived]),
                R::C12,
                S::Failed,
                vec!["customer_inactive"],
            ),
            (
                "C13",
                Some(full.clone()),
                settings(),
                numbers(&[&a, &b]),
                R::C13,
                S::Skipped,
                vec!["customer_number_ambiguous"],
            ),
            (
                "C14",
                Some(full.clone()),
                off(|s| s.create_gate = false),
                none.clone(),
                R::C14,
                S::Skipped,
                vec!["feature_not_enabled"],
            ),
            (
                "C15",
                Some(full.clone()),
                off(|s| s.create_customers = false),
                none.clone(),
                R::C15,
                S::Skipped,
                vec!["auto_create_disabled"],
            ),
            (
                "C16",
                Some(full.clone()),
                off(|s| s.may_write = false),
                none.clone(),
                R::C16,
                S::Skipped,
                vec!["scope_missing_customers_write"],
            ),
            (
                "C17",
                Some(part(Some("E"), Some("N"), None)),
                settings(),
                none.clone(),
                R::C17,
                S::Failed,
                vec!["customer_name_required"],
            ),
            (
                "C18",
                Some(part(Some("E"), None, Some("New"))),
                settings(),
                none.clone(),
                R::C18,
                S::Created,
                vec![],
            ),
            (
                "C18 number",
                Some(full.clone()),
                settings(),
                none.clone(),
                R::C18,
                S::Created,
                vec!["customer_number_ignored"],
            ),
            (
                "C18 block",
                Some(full.clone()),
                off(|s| s.duplicate_names = DuplicateNamePolicy::Block),
                same_name,
                R::C18,
                S::Skipped,
                vec!["customer_number_ignored", "possible_duplicate_name"],
            ),
            (
                "C19",
                Some(part(None, Some("N"), None)),
                settings(),
                numbers(&[&b]),
                R::C19,
                S::Mapped,
                vec!["external_id_missing"],
            ),
            (
                "C20",
                Some(part(None, Some("N"), Some("New"))),
                settings(),
                none.clone(),
                R::C20,
                S::Skipped,
                vec!["external_id_required_for_create"],
            ),
            (
                "C21",
                Some(part(None, None, Some("Rhein-Ruhr"))),
                settings(),
                none,
                R::C21,
                S::Skipped,
                vec!["name_only_not_matchable"],
            ),
        ];
        for (name, part, settings, found, rule, status, codes) in cases {
            let decision = decide(part.as_ref(), &settings, &found);
            assert_eq!((decision.rule, decision.status), (rule, status), "{name}");
            assert_eq!(
                decision.warnings.iter().map(|warning| warning.code).collect::<Vec<_>>(),
                codes,
                "{name}"
            );
            assert_eq!(
                decision.status.is_resolved(),
                decision.step != CustomerStep::None,
                "{name}"
            );
        }
    }

    proptest! {
        /// For arbitrary candidates and settings: ambiguity never creates or links a record, every linked record was
        /// found by an identifier, and nothing is linked without the scope.
        #[test]
        fn decide_never_links_or_creates_on_ambiguity(reference in proptest::option::of(0_u128..3), numbers in proptest::collection::btree_set(0_u128..3, 0..3), has_external: bool, has_number: bool, has_name: bool, flags in 0_u16..512, archived in 0_u128..5) {
            let found_candidate = |number: u128| CustomerCandidate { archived: number == archived, ..candidate(number) };
            let settings = MappingSettings {
                may_map: flags & 1 != 0, may_write: flags & 2 != 0, create_gate: flags & 4 != 0, update_gate: flags & 8 != 0,
                create_customers: flags & 16 != 0, auto_update: flags & 32 != 0, ..settings()
            };
            let part = part(has_external.then_some("E"), has_number.then_some("N"), has_name.then_some("Name"));
            let found = CustomerCandidates {
                by_reference: reference.filter(|_| has_external).map(found_candidate),
                by_number: if has_number { numbers.iter().copied().map(found_candidate).collect() } else { Vec::new() },
                ..CustomerCandidates::default()
            };
            let decision = decide(Some(&part), &settings, &found);
            match &decision.step {
                CustomerStep::None => {}
                CustomerStep::Link { id, update, .. } => {
                    prop_assert!(settings.may_map);
                    let known = found.by_reference.iter().chain(&found.by_number).find(|candidate| candidate.id == *id).expect("linked record is a candidate");
                    prop_assert!(!known.archived);
                    if let Some(reference) = &found.by_reference {
                        prop_assert_eq!(reference.id, *id);
                    } else {
                        prop_assert_eq!(found.by_number.len(), 1);
                    }
                    prop_assert!(!*update || (settings.may_write && settings.auto_update && settings.update_gate));
                }
                CustomerStep::Create { .. } => {
                    prop_assert!(settings.may_map && settings.may_write && settings.create_gate && settings.create_customers);
                    prop_assert!(found.by_reference.is_none() && found.by_number.is_empty() && has_external && has_name);
                }
            }
        }
    }
}
