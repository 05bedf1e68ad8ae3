//! Locations with a reference in the client's source system.

pub mod get;
pub mod list;
pub mod put;

use chrono::{DateTime, Utc};
use domain::customers::{Address, Coordinates};
use ordinavo_core::customers::model::ClientLocation;
use serde::Serialize;

/// A location.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Location {
    /// Unique identifier.
    pub id: String,
    /// ID in the source system.
    pub external_id: String,
    /// ID of the customer.
    pub customer_id: String,
    /// Name of the location.
    pub name: String,
    /// Postal address.
    pub address: Address,
    /// Geographic coordinates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coordinates: Option<Coordinates>,
    /// IANA time zone.
    pub zone: String,
    /// Whether the location is archived.
    pub archived: bool,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last updated.
    pub updated_at: DateTime<Utc>,
}

/// A page of locations.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LocationPage {
    /// The items of this page.
    pub data: Vec<Location>,
    /// Cursor of the next page; null on the last page.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

impl From<ClientLocation> for Location {
    fn from(row: ClientLocation) -> Self {
        Self {
            id: row.id.to_string(),
            external_id: row.external_id,
            customer_id: row.customer_id.to_string(),
            name: row.name,
            address: Address {
                street: row.street,
                postal_code: row.postal_code,
                city: row.city,
                country: row.country,
            },
            coordinates: row
                .latitude
                .zip(row.longitude)
                .and_then(|(lat, lon)| Coordinates::new(lat, lon)),
            zone: row.zone,
            archived: row.is_archived,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
