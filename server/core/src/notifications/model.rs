//! Rows that the `notifications` module returns.

use crate::db::Key;
use chrono::{DateTime, Utc};
use domain::ids::{MailKindMarker, RequestKind};
use domain::intake::mails::{MailData, MailKind, MailStatus};
use sqlx::FromRow;
use sqlx::types::Json;

#[derive(Debug, Clone, FromRow)]
pub struct MailLine {
    pub id: Key<MailKindMarker>,
    #[sqlx(try_from = "String")]
    pub kind: MailKind,
    pub recipient: String,
    pub locale: String,
    pub data: Json<MailData>,
    pub request_id: Option<Key<RequestKind>>,
    #[sqlx(try_from = "String")]
    pub status: MailStatus,
    pub attempts: i64,
    pub last_error: Option<String>,
    pub created_at: DateTime<Utc>,
    pub sent_at: Option<DateTime<Utc>>,
}
