//! Rows and views that the use cases of `customers` return.

use crate::db::Key;
use chrono::{DateTime, Utc};
use domain::ids::{ContactKind, CustomerKind, LocationKind};
use sqlx::FromRow;

#[derive(Debug, Clone, FromRow)]
pub struct CustomerLine {
    pub id: Key<CustomerKind>,
    pub customer_number: Option<String>,
    pub name: String,
    pub is_archived: bool,
    pub locations: i64,
    pub open_targets: i64,
}

#[derive(Debug, Clone, FromRow)]
pub struct LocationLine {
    pub id: Key<LocationKind>,
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
pub struct ContactLine {
    pub id: Key<ContactKind>,
    pub display_name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub location_name: Option<String>,
    pub has_portal_access: bool,
}

#[derive(Debug, Clone, FromRow)]
pub struct ClientCustomer {
    pub id: Key<CustomerKind>,
    pub external_id: String,
    pub customer_number: Option<String>,
    pub name: String,
    pub is_archived: bool,
    pub merged_into: Option<Key<CustomerKind>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Debug, Clone, FromRow)]
pub struct ClientLocation {
    pub id: Key<LocationKind>,
    pub external_id: String,
    pub customer_id: Key<CustomerKind>,
    pub name: String,
    pub street: Option<String>,
    pub postal_code: Option<String>,
    pub city: Option<String>,
    pub country: Option<String>,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub zone: String,
    pub is_archived: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Debug, Clone, FromRow)]
pub struct ClientContact {
    pub id: Key<ContactKind>,
    pub external_id: String,
    pub customer_id: Key<CustomerKind>,
    pub location_id: Option<Key<LocationKind>>,
    pub display_name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}
