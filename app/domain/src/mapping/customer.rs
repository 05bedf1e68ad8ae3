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
    /// Whether the external id vouches for the record. It does not while it was linked by customer number only and the
    /// names differ.
    pub is_vouched: bool,
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

/// Action for the name of a mapped customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameStep {
    /// No name was sent, it agrees with the record, or updates are disabled.
    Keep,
    /// Update the record.
    Update,
    /// Propose the name to dispatch, since no external id vouches for the record.
    Propose,
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
        /// What to do with the sent name.
        name: NameStep,
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
pub fn effective_external_id<'a>(part: &'a CustomerPart, settings: &MappingSettings) -> Option<&'a ExternalId> {
    part.external_id.as_ref().filter(|id| !settings.is_placeholder(id))
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
    let external_id = effective_external_id(part, settings);
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
    let is_vouched = known.is_vouched && matches!(rule, CustomerRule::C6 | CustomerRule::C7 | CustomerRule::C8);
    let mut status = MappingStatus::Mapped;
    let mut name = NameStep::Keep;
    if !is_vouched {
        if name_differs(part, known) {
            name = NameStep::Propose;
            warnings.push(Warning {
                code: "customer_name_mismatch",
                pointer: NAME_POINTER,
            });
        }
    } else if part.name.as_ref().is_some_and(|name| *name != known.name) {
        match settings.update_refusal() {
            None => (status, name) = (MappingStatus::Updated, NameStep::Update),
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
            name,
        },
        warnings,
    }
}

#[cfg(test)]
mod tests;
