//! Rows and views that the use cases of `mapping` return.

use crate::db::Key;
use chrono::{DateTime, Utc};
use domain::ids::{ContactKind, CustomerKind, LocationKind, SourceSystemKind, TargetKind};
use domain::jobs::targets::TargetStatus;
use sqlx::FromRow;
use uuid::Uuid;

#[derive(Debug, Clone, FromRow)]
pub struct ReferenceLine {
    pub source_key: String,
    pub entity_type: String,
    pub external_id: String,
}

#[derive(Debug, Clone, FromRow)]
pub struct MappingLine {
    pub entity_type: String,
    pub external_id: String,
    pub entity_id: Uuid,
    pub created_at: DateTime<Utc>,
}

/// A customer that can be chosen in the mapping review.
#[derive(Debug, Clone, FromRow)]
pub struct CandidateLine {
    pub id: Key<CustomerKind>,
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
    pub id: Key<LocationKind>,
    pub customer_id: Key<CustomerKind>,
    pub name: String,
    pub city: Option<String>,
    pub linked_as: Option<String>,
}

/// A contact that can be chosen in the mapping review, with its external ID in the source.
#[derive(Debug, Clone, FromRow)]
pub struct ContactChoice {
    pub id: Key<ContactKind>,
    pub customer_id: Key<CustomerKind>,
    pub display_name: String,
    pub linked_as: Option<String>,
}

/// The customer that a sent external ID currently leads to.
#[derive(Debug, Clone, FromRow)]
pub struct KnownReference {
    pub entity_type: String,
    pub external_id: String,
    pub customer_id: Key<CustomerKind>,
    pub customer_name: String,
}

/// A reference of a source to a customer, location or contact.
#[derive(Debug, Clone, FromRow)]
pub struct LinkLine {
    pub source_system_id: Key<SourceSystemKind>,
    pub source_key: String,
    pub entity_id: Uuid,
    pub name: String,
    pub customer_id: Key<CustomerKind>,
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
    pub id: Key<TargetKind>,
    pub number: i64,
    pub external_id: Option<String>,
    #[sqlx(try_from = "String")]
    pub status: TargetStatus,
}
