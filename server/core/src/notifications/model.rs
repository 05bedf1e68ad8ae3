//! Rows that the `notifications` module returns.

use crate::db::{Key, OptionalKey};
use chrono::{DateTime, Utc};
use domain::ids::{MailId, MailKindMarker, RequestId, RequestKind};
use domain::intake::mails::{MailData, MailKind, MailStatus};
use sqlx::FromRow;

#[derive(Debug, Clone, FromRow)]
pub struct MailSummary {
    #[sqlx(try_from = "Key<MailKindMarker>")]
    pub id: MailId,
    #[sqlx(try_from = "String")]
    pub kind: MailKind,
    pub recipient: String,
    pub locale: String,
    #[sqlx(json)]
    pub data: MailData,
    #[sqlx(try_from = "OptionalKey<RequestKind>")]
    pub request_id: Option<RequestId>,
    #[sqlx(try_from = "String")]
    pub status: MailStatus,
    pub attempts: i64,
    pub last_error: Option<String>,
    pub created_at: DateTime<Utc>,
    pub sent_at: Option<DateTime<Utc>>,
    /// Whether it waits for the decision of an administrator.
    pub is_held: bool,
    /// Whether it was held because one person invited many; otherwise it was overdue.
    pub needs_review: bool,
}
