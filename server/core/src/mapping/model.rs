//! What the use cases of `mapping` return.
#![allow(missing_docs, reason = "the fields are the columns of the same names")]

use crate::db::Key;
use chrono::{DateTime, Utc};
use domain::ids::{ContactKind, CustomerKind, LocationKind, SourceSystemKind, TargetKind};
use domain::targets::TargetStatus;
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

/// A customer to choose at the warning desk.
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

/// A location that a person may choose at the warning desk, with the reference that it has in the source.
#[derive(Debug, Clone, FromRow)]
pub struct LocationChoice {
    pub id: Key<LocationKind>,
    pub customer_id: Key<CustomerKind>,
    pub name: String,
    pub city: Option<String>,
    pub linked_as: Option<String>,
}

/// A contact that a person may choose at the warning desk, with the reference that it has in the source.
#[derive(Debug, Clone, FromRow)]
pub struct ContactChoice {
    pub id: Key<ContactKind>,
    pub customer_id: Key<CustomerKind>,
    pub display_name: String,
    pub linked_as: Option<String>,
}

/// What an external id that was sent stands for today.
#[derive(Debug, Clone, FromRow)]
pub struct KnownReference {
    pub entity_type: String,
    pub external_id: String,
    pub customer_id: Key<CustomerKind>,
    pub customer_name: String,
}

/// A reference in a source: of a customer, of one of its locations or of one of its contacts.
#[derive(Debug, Clone, FromRow)]
pub struct LinkLine {
    pub source_system_id: Key<SourceSystemKind>,
    pub source_key: String,
    pub entity_id: Uuid,
    pub name: String,
    pub customer_id: Key<CustomerKind>,
    pub customer_name: String,
    pub made_by: String,
    pub created_at: DateTime<Utc>,
}

/// A location or contact that an import made.
#[derive(Debug, Clone, FromRow)]
pub struct MadeRecord {
    pub id: Uuid,
    pub name: String,
    pub external_id: String,
}

#[derive(Debug, Clone, FromRow)]
pub struct TouchedTarget {
    pub id: Key<TargetKind>,
    pub number: i64,
    pub external_id: Option<String>,
    #[sqlx(try_from = "String")]
    pub status: TargetStatus,
}
