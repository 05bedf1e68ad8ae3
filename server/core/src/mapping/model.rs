//! Rows and views that the use cases of `mapping` return.

use crate::db::Key;
use chrono::{DateTime, Utc};
use domain::ids::{
    ContactId, ContactKind, CustomerId, CustomerKind, LocationId, LocationKind, SourceSystemId, SourceSystemKind,
    TargetId, TargetKind,
};
use domain::jobs::targets::TargetStatus;
use domain::mapping::MappingType;
use sqlx::FromRow;
use uuid::Uuid;

#[derive(Debug, Clone, FromRow)]
pub struct ReferenceSummary {
    pub source_key: String,
    #[sqlx(rename = "entity_type", try_from = "String")]
    pub mapping_type: MappingType,
    pub external_id: String,
}

#[derive(Debug, Clone, FromRow)]
pub struct MappingSummary {
    #[sqlx(rename = "entity_type", try_from = "String")]
    pub mapping_type: MappingType,
    pub external_id: String,
    pub entity_id: Uuid,
    pub created_at: DateTime<Utc>,
}

/// A customer that can be chosen in the mapping review.
#[derive(Debug, Clone, FromRow)]
pub struct CandidateSummary {
    #[sqlx(try_from = "Key<CustomerKind>")]
    pub id: CustomerId,
    pub customer_number: Option<String>,
    pub name: String,
    pub is_inactive: bool,
    pub linked_as: Option<String>,
    pub city: Option<String>,
    pub locations: i64,
    pub targets: i64,
}

/// A location that can be chosen in the mapping review, with its external ID in the source.
#[derive(Debug, Clone, FromRow)]
pub struct LocationChoice {
    #[sqlx(try_from = "Key<LocationKind>")]
    pub id: LocationId,
    #[sqlx(try_from = "Key<CustomerKind>")]
    pub customer_id: CustomerId,
    pub name: String,
    pub city: Option<String>,
    pub linked_as: Option<String>,
}

/// A contact that can be chosen in the mapping review, with its external ID in the source.
#[derive(Debug, Clone, FromRow)]
pub struct ContactChoice {
    #[sqlx(try_from = "Key<ContactKind>")]
    pub id: ContactId,
    #[sqlx(try_from = "Key<CustomerKind>")]
    pub customer_id: CustomerId,
    pub display_name: String,
    pub linked_as: Option<String>,
}

/// The customer that a sent external ID currently leads to.
#[derive(Debug, Clone, FromRow)]
pub struct KnownReference {
    #[sqlx(rename = "entity_type", try_from = "String")]
    pub mapping_type: MappingType,
    pub external_id: String,
    #[sqlx(try_from = "Key<CustomerKind>")]
    pub customer_id: CustomerId,
    pub customer_name: String,
}

/// A reference of a source to a customer, location or contact.
#[derive(Debug, Clone, FromRow)]
pub struct LinkSummary {
    #[sqlx(try_from = "Key<SourceSystemKind>")]
    pub source_system_id: SourceSystemId,
    pub source_key: String,
    pub entity_id: Uuid,
    pub name: String,
    #[sqlx(try_from = "Key<CustomerKind>")]
    pub customer_id: CustomerId,
    pub customer_name: String,
    pub created_by: String,
    pub created_at: DateTime<Utc>,
}

/// A location or contact that an import created.
#[derive(Debug, Clone, FromRow)]
pub struct CreatedRecord {
    pub id: Uuid,
    pub name: String,
    pub external_id: String,
}

#[derive(Debug, Clone, FromRow)]
pub struct AffectedTarget {
    #[sqlx(try_from = "Key<TargetKind>")]
    pub id: TargetId,
    pub number: i64,
    pub external_id: Option<String>,
    #[sqlx(try_from = "String")]
    pub status: TargetStatus,
}
