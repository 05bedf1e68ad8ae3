//! Locations that the own source system knows.

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
    /// Its id.
    pub id: String,
    /// The id in the source system.
    pub external_id: String,
    /// Whose it is.
    pub customer_id: String,
    /// Its name.
    pub name: String,
    /// Where it is.
    pub address: Address,
    /// Where it is on the globe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coordinates: Option<Coordinates>,
    /// Its IANA zone.
    pub zone: String,
    /// Whether it was archived.
    pub archived: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LocationPage {
    /// The rows.
    pub data: Vec<Location>,
    /// Where the next page begins; null on the last page.
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
