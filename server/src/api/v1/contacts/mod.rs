//! Contacts that the own source system knows.

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
    /// Its id.
    pub id: String,
    /// The id in the source system.
    pub external_id: String,
    /// Whose it is.
    pub customer_id: String,
    /// The location that it is bound to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location_id: Option<String>,
    /// Its name.
    pub display_name: String,
    /// E-mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Phone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContactPage {
    /// The rows.
    pub data: Vec<Contact>,
    /// Where the next page begins; null on the last page.
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
