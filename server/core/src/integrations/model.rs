//! What the use cases of `integrations` return.
#![allow(missing_docs, reason = "the fields are the columns of the same names")]

use crate::db::Key;
use chrono::{DateTime, Utc};
use domain::ids::{ClientKind, SourceSystemKind};
use domain::mapping::{DuplicateNamePolicy, ProblemPolicy};
use sqlx::FromRow;
use sqlx::types::Json;

#[derive(Debug, Clone, FromRow)]
pub struct ClientLine {
    pub id: Key<ClientKind>,
    pub name: String,
    pub source_system_id: Key<SourceSystemKind>,
    pub source_key: String,
    pub scopes: Json<Vec<String>>,
    pub created_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
    pub keys: i64,
}

/// A key (`live` or `test`) or an OAuth secret (`secret`) of a client, without what is secret about it.
#[derive(Debug, Clone, FromRow)]
pub struct CredentialLine {
    pub id: String,
    pub kind: String,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
}

/// How often a client called on a day.
#[derive(Debug, Clone, FromRow)]
pub struct UseLine {
    pub day: String,
    pub answered: i64,
    pub refused: i64,
    pub limited: i64,
}

#[derive(Debug, Clone, FromRow)]
pub struct SourceLine {
    pub id: Key<SourceSystemKind>,
    pub key: String,
    pub create_customers: bool,
    pub create_locations: bool,
    pub create_contacts: bool,
    pub auto_update: bool,
    pub customer_required: bool,
    #[sqlx(try_from = "String")]
    pub problem_policy: ProblemPolicy,
    #[sqlx(try_from = "String")]
    pub duplicate_names: DuplicateNamePolicy,
    pub clients: i64,
}
