//! Rows and views that the use cases of `customers` return.

use crate::db::{Key, OptionalKey};
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
}

#[derive(Debug, Clone, FromRow)]
pub struct ContactSummary {
    #[sqlx(try_from = "Key<ContactKind>")]
    pub id: ContactId,
    pub display_name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub location_name: Option<String>,
    pub has_portal_access: bool,
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
