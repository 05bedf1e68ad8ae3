//! Contacts with a reference in the client's source system.

pub mod get;
pub mod list;
pub mod put;

use chrono::{DateTime, Utc};
use ordinavo_core::customers::model::ClientContact;
use serde::Serialize;

/// A contact.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Contact {
    /// Unique identifier.
    pub id: String,
    /// ID in the source system.
    pub external_id: String,
    /// ID of the customer.
    pub customer_id: String,
    /// ID of the location, if the contact belongs to one location only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location_id: Option<String>,
    /// Display name.
    pub display_name: String,
    /// Email address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Phone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last updated.
    pub updated_at: DateTime<Utc>,
}

/// A page of contacts.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContactPage {
    /// The items of this page.
    pub data: Vec<Contact>,
    /// Cursor of the next page; null on the last page.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

impl From<ClientContact> for Contact {
    fn from(row: ClientContact) -> Self {
        Self {
            id: row.id.to_string(),
            external_id: row.external_id,
            customer_id: row.customer_id.to_string(),
            location_id: row.location_id.map(|id| id.to_string()),
            display_name: row.display_name,
            email: row.email,
            phone: row.phone,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
