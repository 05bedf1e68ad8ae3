//! Models of releases.

use crate::db::Key;
use chrono::{DateTime, Utc};
use domain::ids::{ReleaseId, ReleaseKind};
use domain::visits::reports::ReleaseStatus;
use sqlx::FromRow;

#[derive(Debug, Clone, FromRow)]
pub struct ReleaseView {
    #[sqlx(try_from = "Key<ReleaseKind>")]
    pub id: ReleaseId,
    pub revision: i64,
    #[sqlx(try_from = "String")]
    pub status: ReleaseStatus,
    pub title: String,
    pub summary: String,
    pub message: Option<String>,
    pub follow_up: Option<String>,
    pub published_at: DateTime<Utc>,
    pub published_by: String,
    pub files: i64,
}

#[derive(Debug, Clone, FromRow)]
pub struct Recipient {
    pub display_name: String,
    pub email: String,
    pub locale: String,
    /// Whether the recipient can also download released files.
    pub may_download: bool,
}
