//! Rows and views that the use cases of `customers` return.

use crate::db::{Key, OptionalKey};
use crate::version::Version;
use chrono::{DateTime, Utc};
use domain::ids::{ContactId, ContactKind, CustomerId, CustomerKind, LocationId, LocationKind};
use sqlx::FromRow;

#[derive(Debug, Clone, FromRow)]
pub struct CustomerSummary {
    #[sqlx(try_from = "Key<CustomerKind>")]
    pub id: CustomerId,
    pub customer_number: Option<String>,
    pub name: String,
    pub is_archived: bool,
    pub locations: i64,
    pub open_targets: i64,
}

#[derive(Debug, Clone, FromRow)]
pub struct LocationSummary {
    #[sqlx(try_from = "Key<LocationKind>")]
    pub id: LocationId,
    pub name: String,
    pub street: Option<String>,
    pub postal_code: Option<String>,
    pub city: Option<String>,
    pub zone: String,
    pub access_notes: Option<String>,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub is_archived: bool,
}

#[derive(Debug, Clone, FromRow)]
pub struct ContactSummary {
    #[sqlx(try_from = "Key<ContactKind>")]
    pub id: ContactId,
    pub display_name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub location_name: Option<String>,
    pub location_zone: Option<String>,
    pub has_portal_access: bool,
    pub is_archived: bool,
}

#[derive(Debug, Clone, FromRow)]
pub struct ClientCustomer {
    #[sqlx(try_from = "Key<CustomerKind>")]
    pub id: CustomerId,
    pub external_id: String,
    pub customer_number: Option<String>,
    pub name: String,
    pub is_archived: bool,
    #[sqlx(try_from = "OptionalKey<CustomerKind>")]
    pub merged_into: Option<CustomerId>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Debug, Clone, FromRow)]
pub struct ClientLocation {
    #[sqlx(try_from = "Key<LocationKind>")]
    pub id: LocationId,
    pub external_id: String,
    #[sqlx(try_from = "Key<CustomerKind>")]
    pub customer_id: CustomerId,
    pub name: String,
    pub street: Option<String>,
    pub postal_code: Option<String>,
    pub city: Option<String>,
    pub country: Option<String>,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub zone: String,
    pub access_notes: Option<String>,
    pub is_archived: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Debug, Clone, FromRow)]
pub struct ClientContact {
    #[sqlx(try_from = "Key<ContactKind>")]
    pub id: ContactId,
    pub external_id: String,
    #[sqlx(try_from = "Key<CustomerKind>")]
    pub customer_id: CustomerId,
    #[sqlx(try_from = "OptionalKey<LocationKind>")]
    pub location_id: Option<LocationId>,
    pub display_name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// The fields of a customer that staff edit.
#[derive(Debug, Clone, FromRow)]
pub struct CustomerRecord {
    #[sqlx(try_from = "Key<CustomerKind>")]
    pub id: CustomerId,
    pub customer_number: Option<String>,
    pub name: String,
    pub is_archived: bool,
    pub is_merged: bool,
}

impl CustomerRecord {
    /// Returns whether locations, contacts and jobs can be added.
    pub fn is_active(&self) -> bool {
        !self.is_archived && !self.is_merged
    }

    pub fn version(&self) -> Version {
        Version::of(&(&self.customer_number, &self.name, self.is_archived))
    }
}

/// The fields of a location that staff edit.
#[derive(Debug, Clone, FromRow)]
pub struct LocationRecord {
    #[sqlx(try_from = "Key<LocationKind>")]
    pub id: LocationId,
    #[sqlx(try_from = "Key<CustomerKind>")]
    pub customer_id: CustomerId,
    pub name: String,
    pub street: Option<String>,
    pub postal_code: Option<String>,
    pub city: Option<String>,
    pub country: Option<String>,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub zone: String,
    pub access_notes: Option<String>,
    pub is_archived: bool,
}

impl LocationRecord {
    pub fn version(&self) -> Version {
        let address = (&self.street, &self.postal_code, &self.city, &self.country);
        let place = (self.latitude, self.longitude, &self.zone, &self.access_notes);
        Version::of(&(&self.name, address, place, self.is_archived))
    }
}

/// The fields of a contact that staff edit.
#[derive(Debug, Clone, FromRow)]
pub struct ContactRecord {
    #[sqlx(try_from = "Key<ContactKind>")]
    pub id: ContactId,
    #[sqlx(try_from = "Key<CustomerKind>")]
    pub customer_id: CustomerId,
    #[sqlx(try_from = "OptionalKey<LocationKind>")]
    pub location_id: Option<LocationId>,
    pub display_name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub is_archived: bool,
    pub has_portal_access: bool,
}

impl ContactRecord {
    pub fn version(&self) -> Version {
        let location = self.location_id.map(|id| id.to_string());
        let person = (&self.display_name, &self.email, &self.phone);
        Version::of(&(person, location, self.is_archived))
    }
}

/// A customer that could be the one that is about to be created.
#[derive(Debug, Clone, FromRow)]
pub struct SimilarCustomer {
    #[sqlx(try_from = "Key<CustomerKind>")]
    pub id: CustomerId,
    pub customer_number: Option<String>,
    pub name: String,
    pub is_archived: bool,
    /// The names are equal apart from case, spaces and accents.
    pub has_same_name: bool,
    /// One of its contacts has the email address or phone number.
    pub has_same_contact: bool,
    /// One of its locations has the address.
    pub has_same_address: bool,
}

impl SimilarCustomer {
    /// Returns whether more than a part of the name is the same.
    pub fn is_likely(&self) -> bool {
        self.has_same_name || self.has_same_contact || self.has_same_address
    }
}

/// A change of a field of a customer, location or contact.
#[derive(Debug, Clone, FromRow)]
pub struct RecordChange {
    /// `customer`, `location` or `contact`.
    pub kind: String,
    /// The present name of the record.
    pub record_name: Option<String>,
    pub field: String,
    pub old_value: Option<String>,
    pub new_value: Option<String>,
    pub at: DateTime<Utc>,
    /// The label of the actor.
    pub changed_by: Option<String>,
    /// The name of the actor, where it is known.
    #[sqlx(default)]
    pub actor_name: Option<String>,
}
