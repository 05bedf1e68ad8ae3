//! Rows that the `audit` module returns.

use crate::db::Key;
use chrono::{DateTime, Utc};
use domain::ids::{RequestKind, TargetKind};
use sqlx::FromRow;
use sqlx::types::Json;

#[derive(Debug, Clone, FromRow)]
pub struct TimelineLine {
    pub kind: String,
    pub at: DateTime<Utc>,
    pub target_id: Option<Key<TargetKind>>,
    pub request_id: Option<Key<RequestKind>>,
}

#[derive(Debug, Clone, FromRow)]
pub struct AuditLine {
    pub sequence: i64,
    pub at: DateTime<Utc>,
    pub actor: String,
    pub action: String,
    pub subject: String,
    pub details: Json<serde_json::Value>,
    pub previous_hash: Vec<u8>,
    pub hash: Vec<u8>,
}
