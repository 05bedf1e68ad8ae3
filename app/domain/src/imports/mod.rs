//! Target imports: parsed bodies, and the statuses of import jobs and items.

mod body;
pub mod customer_sheet;
pub mod jobs;
pub mod plausibility;
mod read;
pub mod results;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

pub use self::body::{ContactBody, ContextBody, CustomerBody, LocationBody, TargetImportBody};
pub use self::read::{MAX_ATTRIBUTES, MAX_NAME_CHARS, MAX_NOTES_CHARS, MAX_SKILLS, filled, read_context, read_place};
use crate::customers::{Address, Coordinates, Place};
use crate::fields::Patch;
use crate::requests::Priority;
use crate::scheduling::windows::TimeWindow;
use crate::text::{CustomerNumber, ExternalId};

crate::lifecycle! {
    /// Status of an import job.
    ImportJobStatus {
        /// Stored and waiting to be processed.
        Accepted = "accepted",
        /// Being processed.
        Processing = "processing",
        /// Finished, possibly with failed items.
        Completed = "completed",
        /// Could not be processed.
        Failed = "failed",
        /// Cancelled by a user or client.
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

impl ImportJobStatus {
    /// Returns whether the job has not ended yet.
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Accepted | Self::Processing)
    }
}

crate::stored_names! {
    /// Outcome of an import item.
    ItemOutcome {
        /// A target was created.
        Created = "created",
        /// An existing target was updated.
        Updated = "updated",
        /// The target is unchanged.
        Unchanged = "unchanged",
        /// Not applied, as the rules require.
        Skipped = "skipped",
        /// Rejected.
        Failed = "failed",
    }
}

crate::stored_names! {
    /// Action of an import item.
    ImportAction {
        /// Create or update the target.
        Upsert = "upsert",
        /// Cancel the target.
        Cancel = "cancel",
        /// Open a cancelled target again, and update it.
        Reopen = "reopen",
    }
}

/// The customer part of an import.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CustomerPart {
    /// Id in the source system.
    pub external_id: Option<ExternalId>,
    /// Customer number.
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
    /// Place of the job itself; initializes a new location and never changes an existing one.
    pub job: Place,
}

impl LocationPart {
    /// Returns the initial address of a new location.
    pub fn address_of_new(&self) -> Address {
        self.job.address.with(&self.address)
    }

    /// Returns the initial coordinates of a new location.
    pub fn coordinates_of_new(&self) -> Option<Coordinates> {
        self.coordinates.or(self.job.coordinates)
    }
}

/// Patch for the place of the job, member by member: absent keeps, null clears (row T8).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PlacePatch {
    /// Whether the whole address was sent as null.
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
    /// Applies the patch to a stored place.
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
    /// Email address.
    pub email: Option<String>,
    /// Phone number.
    pub phone: Option<String>,
}

/// A parsed and validated import. Absent parts leave stored values unchanged.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetImport {
    /// External id of the job.
    pub external_id: ExternalId,
    /// Source system, if specified.
    pub source_system: Option<String>,
    /// When the job was last changed in the source system.
    pub source_updated_at: Option<DateTime<Utc>>,
    /// Action to perform.
    pub action: ImportAction,
    /// The customer part.
    pub customer: Option<CustomerPart>,
    /// The location part.
    pub location: Option<LocationPart>,
    /// Whether the location was sent as null.
    pub clears_location: bool,
    /// The contact part.
    pub contact: Option<ContactPart>,
    /// Whether the contact was sent as null.
    pub clears_contact: bool,
    /// Place of the job itself.
    pub place: PlacePatch,
    /// Service type as named by the source system.
    pub service_type: Patch<String>,
    /// Priority.
    pub priority: Patch<Priority>,
    /// Requested time window.
    pub time_window: Patch<TimeWindow>,
    /// Expected duration of the work in minutes.
    pub duration_minutes: Patch<i64>,
    /// Skills that the job requires.
    pub required_skills: Patch<Vec<String>>,
    /// Internal notes for dispatch and the technician.
    pub notes: Patch<String>,
    /// Custom attributes: at most 20 scalar values.
    pub attributes: Patch<Map<String, Value>>,
}
