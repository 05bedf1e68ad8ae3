//! Customers with a reference in the client's source system.

pub mod get;
pub mod list;
pub mod put;

use chrono::{DateTime, Utc};
use ordinavo_core::customers::model::ClientCustomer;
use serde::Serialize;

/// A customer.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Customer {
    /// Unique identifier.
    pub id: String,
    /// ID in the source system.
    pub external_id: String,
    /// Customer number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_number: Option<String>,
    /// Name of the customer.
    pub name: String,
    /// Whether the customer is archived.
    pub archived: bool,
    /// ID of the customer that this one was merged into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<String>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last updated.
    pub updated_at: DateTime<Utc>,
}

/// A page of customers.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CustomerPage {
    /// The items of this page.
    pub data: Vec<Customer>,
    /// Cursor of the next page; null on the last page.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

impl From<ClientCustomer> for Customer {
    fn from(row: ClientCustomer) -> Self {
        Self {
            id: row.id.to_string(),
            external_id: row.external_id,
            customer_number: row.customer_number,
            name: row.name,
            archived: row.is_archived,
            merged_into: row.merged_into.map(|id| id.to_string()),
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
