//! Rows that the `audit` module returns.

use crate::db::OptionalKey;
use chrono::{DateTime, Utc};
use domain::audit::TimelineKind;
use domain::ids::{RequestId, RequestKind, TargetId, TargetKind};
use sqlx::FromRow;

#[derive(Debug, Clone, FromRow)]
pub struct TimelineEntry {
    #[sqlx(try_from = "String")]
    pub kind: TimelineKind,
    pub at: DateTime<Utc>,
    #[sqlx(try_from = "OptionalKey<TargetKind>")]
    pub target_id: Option<TargetId>,
    #[sqlx(try_from = "OptionalKey<RequestKind>")]
    pub request_id: Option<RequestId>,
    /// The kind of the actor and its ID.
    pub actor: String,
    /// The name of the actor, where it is a person or a client.
    #[sqlx(skip)]
    pub actor_name: Option<String>,
}

#[derive(Debug, Clone, FromRow)]
pub struct AuditEntry {
    pub sequence: i64,
    pub at: DateTime<Utc>,
    pub actor: String,
    pub action: String,
    pub subject: String,
    #[sqlx(json)]
    pub details: serde_json::Value,
}

/// An entry with everything that its hash covers.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct ChainRow {
    pub sequence: i64,
    pub at: DateTime<Utc>,
    pub actor: String,
    pub action: String,
    pub subject: String,
    #[sqlx(json)]
    pub details: serde_json::Value,
    pub previous_hash: Vec<u8>,
    pub hash: Vec<u8>,
    pub key_id: Option<i64>,
}

/// A signed state of a chain.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Checkpoint {
    pub sequence: i64,
    pub hash: Vec<u8>,
    pub at: DateTime<Utc>,
    pub key_id: i64,
    pub signature: Vec<u8>,
}
