//! Customers that the own source system knows.

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
    /// Its id.
    pub id: String,
    /// The id in the source system.
    pub external_id: String,
    /// Its number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_number: Option<String>,
    /// Its name.
    pub name: String,
    /// Whether it was archived.
    pub archived: bool,
    /// The customer that it was merged into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CustomerPage {
    /// The rows.
    pub data: Vec<Customer>,
    /// Where the next page begins; null on the last page.
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
