//! External references of the own source system, and the decision about a context.

pub mod delete;
pub mod list;
pub mod put;
pub mod resolve;

use chrono::{DateTime, Utc};
use ordinavo_core::mapping::model::MappingLine;
use ordinavo_core::mapping::references::public_id;
use serde::Serialize;

domain::stored_names! {
    /// Which kind of record an external id stands for.
    MappingType {
        /// A customer.
        Customer = "customer",
        /// A location.
        Location = "location",
        /// A contact.
        Contact = "contact",
    }
}

/// An external id and the record that it stands for.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Mapping {
    /// Which kind of record.
    pub r#type: MappingType,
    /// The id in the source system.
    pub external_id: String,
    /// The record.
    pub id: String,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

/// A page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MappingPage {
    /// The rows.
    pub data: Vec<Mapping>,
    /// Where the next page begins; null on the last page.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

impl From<MappingLine> for Mapping {
    fn from(row: MappingLine) -> Self {
        Self {
            r#type: MappingType::from_name(&row.entity_type).unwrap_or(MappingType::Customer),
            id: public_id(&row),
            external_id: row.external_id,
            created_at: row.created_at,
        }
    }
}
