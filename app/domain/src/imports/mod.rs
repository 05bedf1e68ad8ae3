//! What a partner sends to have a target imported, and how jobs and items report what became of it.

mod body;
mod read;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

pub use self::body::{ContactBody, ContextBody, CustomerBody, LocationBody, TargetImportBody};
pub use self::read::{MOST_ATTRIBUTES, MOST_NAME, MOST_NOTES, MOST_SKILLS, read_context, read_place};
use crate::customers::{Address, Coordinates, Place};
use crate::fields::Patch;
use crate::requests::Priority;
use crate::text::{CustomerNumber, ExternalId};
use crate::windows::TimeWindow;

crate::lifecycle! {
    /// Where an import job stands.
    ImportJobStatus {
        /// Stored, not begun.
        Accepted = "accepted",
        /// Being worked on.
        Processing = "processing",
        /// Ran to its end, even with failed items.
        Completed = "completed",
        /// Could not run.
        Failed = "failed",
        /// Stopped by somebody.
        Cancelled = "cancelled",
    }
    steps {
        Accepted -> Processing,
        Accepted -> Cancelled,
        Processing -> Completed,
        Processing -> Failed,
        Processing -> Cancelled,
    }
}

crate::stored_names! {
    /// What became of one item.
    ItemOutcome {
        /// A new target.
        Created = "created",
        /// A known target changed.
        Updated = "updated",
        /// Nothing new.
        Unchanged = "unchanged",
        /// Left alone on purpose.
        Skipped = "skipped",
        /// Refused.
        Failed = "failed",
    }
}

crate::stored_names! {
    /// What an import item asks for.
    ImportAction {
        /// Create or update.
        Upsert = "upsert",
        /// Cancel the target.
        Cancel = "cancel",
    }
}

/// The customer part of an import.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CustomerPart {
    /// Id in the source system.
    pub external_id: Option<ExternalId>,
    /// Number of the customer record.
    pub customer_number: Option<CustomerNumber>,
    /// Name.
    pub name: Option<String>,
}

/// The location part of an import.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LocationPart {
    /// Id in the source system.
    pub external_id: Option<ExternalId>,
    /// Name.
    pub name: Option<String>,
    /// Address.
    pub address: Address,
    /// Coordinates.
    pub coordinates: Option<Coordinates>,
    /// Where the job itself is: what a new location begins with, and no reason to change a known one.
    pub job: Place,
}

impl LocationPart {
    /// The address that a new location begins with.
    pub fn address_of_new(&self) -> Address {
        self.job.address.with(&self.address)
    }

    /// The coordinates that a new location begins with.
    pub fn coordinates_of_new(&self) -> Option<Coordinates> {
        self.coordinates.or(self.job.coordinates)
    }
}

/// Where the job itself is, member by member: absent keeps, null clears (T8).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PlacePatch {
    /// The whole address was sent as null.
    pub clears_address: bool,
    /// Street and number.
    pub street: Patch<String>,
    /// Postal code.
    pub postal_code: Patch<String>,
    /// City.
    pub city: Patch<String>,
    /// Country.
    pub country: Patch<String>,
    /// Coordinates.
    pub coordinates: Patch<Coordinates>,
}

impl PlacePatch {
    /// A place after this was applied to it.
    pub fn over(&self, stored: Place) -> Place {
        let address = if self.clears_address {
            Address::default()
        } else {
            stored.address
        };
        Place {
            address: Address {
                street: self.street.clone().over(address.street),
                postal_code: self.postal_code.clone().over(address.postal_code),
                city: self.city.clone().over(address.city),
                country: self.country.clone().over(address.country),
            },
            coordinates: self.coordinates.clone().over(stored.coordinates),
        }
    }
}

/// The contact part of an import.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContactPart {
    /// Id in the source system.
    pub external_id: Option<ExternalId>,
    /// Display name.
    pub display_name: Option<String>,
    /// E-mail.
    pub email: Option<String>,
    /// Phone.
    pub phone: Option<String>,
}

/// One import, read and checked. An absent part says nothing about what is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetImport {
    /// Id of the job in the source system.
    pub external_id: ExternalId,
    /// The source system, if the body names one.
    pub source_system: Option<String>,
    /// When the source changed it.
    pub source_updated_at: Option<DateTime<Utc>>,
    /// What to do.
    pub action: ImportAction,
    /// The customer part.
    pub customer: Option<CustomerPart>,
    /// The location part.
    pub location: Option<LocationPart>,
    /// The location was sent as null.
    pub clears_location: bool,
    /// The contact part.
    pub contact: Option<ContactPart>,
    /// The contact was sent as null.
    pub clears_contact: bool,
    /// Where the job itself is.
    pub place: PlacePatch,
    /// Kind of service, in the source's words.
    pub service_type: Patch<String>,
    /// Urgency.
    pub priority: Patch<Priority>,
    /// When it should be done.
    pub time_window: Patch<TimeWindow>,
    /// How long it takes.
    pub duration_minutes: Patch<i64>,
    /// Skills that the technician needs.
    pub required_skills: Patch<Vec<String>>,
    /// Notes for dispatch and technician; internal.
    pub notes: Patch<String>,
    /// At most 20 scalars of the source.
    pub attributes: Patch<Map<String, Value>>,
}
