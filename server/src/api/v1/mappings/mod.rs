//! External references of the client's source system and the resolution of a context.

pub mod delete;
pub mod list;
pub mod put;
pub mod resolve;

use domain::mapping::MappingType;

use chrono::{DateTime, Utc};
use ordinavo_core::mapping::model::MappingSummary;
use ordinavo_core::mapping::references::public_id;
use serde::Serialize;

/// An external ID and the record it refers to.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Mapping {
    /// Type of the record.
    pub r#type: MappingType,
    /// ID in the source system.
    pub external_id: String,
    /// ID of the record.
    pub id: String,
    /// When the reference was created.
    pub created_at: DateTime<Utc>,
}

/// A page of mappings.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MappingPage {
    /// The items of this page.
    pub data: Vec<Mapping>,
    /// Cursor of the next page; null on the last page.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

impl From<MappingSummary> for Mapping {
    fn from(row: MappingSummary) -> Self {
        Self {
            r#type: row.mapping_type,
            id: public_id(&row),
            external_id: row.external_id,
            created_at: row.created_at,
        }
    }
}
