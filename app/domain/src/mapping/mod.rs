//! Mapping: determines the customer, location and contact of an import.
//!
//! The rules are the tables C, L and K of the Connect API documentation, one Rust variant per row. They are pure
//! functions: the store supplies the candidates, and the decision is stored with its candidates and settings.
//! Names, email addresses, phone numbers and addresses never establish identity.

pub mod contact;
pub mod customer;
pub mod location;
pub mod table;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::{ContactId, ContactKind, CustomerId, CustomerKind, Id, LocationId, LocationKind};
use crate::text::ExternalId;

crate::stored_names! {
    /// Mapping result of one part of the customer context.
    MappingStatus {
        /// Mapped to an existing record.
        Mapped = "mapped",
        /// A record was created.
        Created = "created",
        /// Mapped, and the record was updated.
        Updated = "updated",
        /// Not mapped, as configured or for lack of information.
        Skipped = "skipped",
        /// Not mapped because of a contradiction or an unusable record.
        Failed = "failed",
    }
}

impl MappingStatus {
    /// Returns whether a record is mapped.
    pub const fn is_resolved(self) -> bool {
        matches!(self, Self::Mapped | Self::Created | Self::Updated)
    }
}

crate::stored_names! {
    /// The type of the record that an external ID refers to.
    MappingType {
        /// A customer.
        Customer = "customer",
        /// A location.
        Location = "location",
        /// A contact.
        Contact = "contact",
    }
}

impl MappingType {
    /// Returns the public ID of a record of this type.
    pub fn public_id(self, id: Uuid) -> String {
        match self {
            Self::Customer => CustomerId::from_uuid(id).to_string(),
            Self::Location => LocationId::from_uuid(id).to_string(),
            Self::Contact => ContactId::from_uuid(id).to_string(),
        }
    }

    /// Parses the public ID of a record of this type.
    pub fn parse_id(self, id: &str) -> Option<Uuid> {
        match self {
            Self::Customer => id.parse::<Id<CustomerKind>>().ok().map(Id::uuid),
            Self::Location => id.parse::<Id<LocationKind>>().ok().map(Id::uuid),
            Self::Contact => id.parse::<Id<ContactKind>>().ok().map(Id::uuid),
        }
    }
}

/// A mapping code with the part of the import that it refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Warning {
    /// Stable code.
    pub code: &'static str,
    /// JSON pointer into the import.
    pub pointer: &'static str,
}

crate::stored_names! {
    /// Policy for targets whose customer could not be resolved.
    ProblemPolicy {
        /// Import without a customer and wait for a manual review.
        Review = "review",
        /// Reject the item.
        Reject = "reject",
    }
}

crate::stored_names! {
    /// Policy for creating a customer whose name already exists.
    DuplicateNamePolicy {
        /// Create the customer and report a warning.
        Warn = "warn",
        /// Do not create the customer.
        Block = "block",
    }
}

/// Settings of the source system, feature gates of the tenant and scopes of the client; read once per import job and
/// stored with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MappingSettings {
    /// The client has the scope `customers.map`.
    pub may_map: bool,
    /// The client has the scope `customers.write`.
    pub may_write: bool,
    /// Feature gate for creating customers, locations and contacts.
    pub create_gate: bool,
    /// Feature gate for updating mapped records.
    pub update_gate: bool,
    /// Source setting: create customers.
    pub create_customers: bool,
    /// Source setting: create locations.
    pub create_locations: bool,
    /// Source setting: create contacts.
    pub create_contacts: bool,
    /// Source setting: update mapped records.
    pub auto_update: bool,
    /// Source setting: imports without a customer fail.
    pub customer_required: bool,
    /// Source setting: policy for unresolved customers.
    pub problem_policy: ProblemPolicy,
    /// Source setting: policy for duplicate names.
    pub duplicate_names: DuplicateNamePolicy,
    /// Source setting: external ids that mean "nothing", besides the usual ones.
    #[serde(default)]
    pub blocked_external_ids: Vec<String>,
}

impl MappingSettings {
    /// Returns whether an external id is a placeholder for a missing one, in general or in this source system.
    pub fn is_placeholder(&self, id: &ExternalId) -> bool {
        id.is_placeholder() || {
            let id = id.as_str().to_lowercase();
            self.blocked_external_ids
                .iter()
                .any(|blocked| blocked.to_lowercase() == id)
        }
    }

    /// Returns the code that prevents updating a mapped record, or `None` if updates are allowed. Every entry point asks
    /// this function.
    pub const fn update_refusal(&self) -> Option<&'static str> {
        if !(self.auto_update && self.update_gate) {
            Some("auto_update_disabled")
        } else if !self.may_write {
            Some("scope_missing_customers_write")
        } else {
            None
        }
    }

    /// Returns the code that prevents creating a record, or `None` if creation is allowed (rows C14 to C16, L6, K4). Every
    /// entry point asks this function.
    pub const fn create_refusal(&self, setting: bool) -> Option<&'static str> {
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
