//! Mapping: which customer, location and contact an import belongs to.
//!
//! The rules are the tables C, L and K of the Connect API page, one Rust variant for each row. They are pure: the store
//! supplies the candidates, the rule decides, and the decision with its candidates and settings is stored with the item.
//! Names, e-mails, phones and addresses never establish identity.

pub mod contact;
pub mod customer;
pub mod location;
pub mod table;

use serde::{Deserialize, Serialize};

crate::stored_names! {
    /// What became of one part of the customer context.
    MappingStatus {
        /// Linked to an existing record.
        Mapped = "mapped",
        /// A new record was made.
        Created = "created",
        /// Linked, and the record changed.
        Updated = "updated",
        /// Deliberately not linked.
        Skipped = "skipped",
        /// Must not be linked.
        Failed = "failed",
    }
}

impl MappingStatus {
    /// Whether a record is linked.
    pub const fn is_resolved(self) -> bool {
        matches!(self, Self::Mapped | Self::Created | Self::Updated)
    }
}

/// A code of the mapping tables with the part of the body that it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Warning {
    /// The stable code.
    pub code: &'static str,
    /// A JSON pointer into the import.
    pub pointer: &'static str,
}

crate::stored_names! {
    /// What happens to a target whose customer could not be resolved.
    ProblemPolicy {
        /// It is imported unlinked and waits for a person.
        Review = "review",
        /// It is refused.
        Reject = "reject",
    }
}

crate::stored_names! {
    /// What happens when a customer of the same name already exists.
    DuplicateNamePolicy {
        /// Create with a warning.
        Warn = "warn",
        /// Do not create.
        Block = "block",
    }
}

/// The settings of a source system, the gates of its tenant and the scopes of the client, read once per job and stored
/// with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MappingSettings {
    /// Scope `customers.map` is held.
    pub may_map: bool,
    /// Scope `customers.write` is held.
    pub may_write: bool,
    /// Gate for creating.
    pub create_gate: bool,
    /// Gate for updating.
    pub update_gate: bool,
    /// Source setting: create customers.
    pub create_customers: bool,
    /// Source setting: create locations.
    pub create_locations: bool,
    /// Source setting: create contacts.
    pub create_contacts: bool,
    /// Source setting: update mapped records.
    pub auto_update: bool,
    /// Source setting: an import without a customer fails.
    pub customer_required: bool,
    /// Source setting: what to do with an unresolved customer.
    pub problem_policy: ProblemPolicy,
    /// Source setting: what to do about an equal name.
    pub duplicate_names: DuplicateNamePolicy,
}

impl MappingSettings {
    /// Whether a mapped record with other values may be changed, and if not, why not.
    pub(crate) const fn update_refusal(&self) -> Option<&'static str> {
        if !(self.auto_update && self.update_gate) {
            Some("auto_update_disabled")
        } else if !self.may_write {
            Some("scope_missing_customers_write")
        } else {
            None
        }
    }

    /// Whether a record of a kind may be created, and if not, why not (rows C14 to C16, L6, K4).
    pub(crate) const fn create_refusal(&self, setting: bool) -> Option<&'static str> {
        if !self.create_gate {
            Some("feature_not_enabled")
        } else if !setting {
            Some("auto_create_disabled")
        } else if !self.may_write {
            Some("scope_missing_customers_write")
        } else {
            None
        }
    }
}
