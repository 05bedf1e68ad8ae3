//! Rows and views that the use cases of `imports` return.

use crate::db::Key;
use chrono::{DateTime, Utc};
use domain::ids::{ClientKind, ImportItemKind, ImportJobKind, TargetKind};
use domain::imports::jobs::{ImportChannel, ImportJob, ImportMode, JobCounts};
use domain::imports::results::ItemStatus;
use domain::imports::{ImportJobStatus, ItemOutcome};
use sqlx::FromRow;
use sqlx::types::Json;

#[derive(Debug, Clone, FromRow)]
pub struct ImportJobView {
    pub id: Key<ImportJobKind>,
    #[sqlx(try_from = "String")]
    pub status: ImportJobStatus,
    #[sqlx(try_from = "String")]
    pub mode: ImportMode,
    pub dry_run: bool,
    #[sqlx(try_from = "String")]
    pub channel: ImportChannel,
    pub created_by: String,
    pub retried_from: Option<Key<ImportJobKind>>,
    pub failure: Option<String>,
    pub item_count: i64,
    pub created_count: i64,
    pub updated_count: i64,
    pub unchanged_count: i64,
    pub skipped_count: i64,
    pub failed_count: i64,
    pub warned_count: i64,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
    pub client_id: Key<ClientKind>,
    pub client_name: String,
    pub source_key: String,
}

impl ImportJobView {
    /// Returns whether it is the dry run of an uploaded file, whose rows staff can import.
    pub fn is_file_dry_run(&self) -> bool {
        self.dry_run && self.channel == ImportChannel::Csv
    }

    pub fn is_completed(&self) -> bool {
        self.status == ImportJobStatus::Completed
    }

    /// Converts the row into the job that the API shows to its client.
    pub fn public(&self) -> ImportJob {
        ImportJob {
            id: self.id.0,
            status: self.status,
            mode: self.mode,
            dry_run: self.dry_run,
            counts: JobCounts {
                total: self.item_count,
                created: self.created_count,
                updated: self.updated_count,
                unchanged: self.unchanged_count,
                skipped: self.skipped_count,
                failed: self.failed_count,
                warnings: self.warned_count,
            },
            created_at: self.created_at,
            started_at: self.started_at,
            finished_at: self.finished_at,
        }
    }

    /// Returns how many items have been processed.
    pub fn processed_items(&self) -> i64 {
        self.created_count + self.updated_count + self.unchanged_count + self.skipped_count + self.failed_count
    }
}

#[derive(Debug, Clone, FromRow)]
pub struct ImportItemView {
    pub id: Key<ImportItemKind>,
    pub job_id: Key<ImportJobKind>,
    pub position: i64,
    pub external_id: String,
    #[sqlx(try_from = "String")]
    pub status: ItemStatus,
    pub outcome: Option<String>,
    pub target_id: Option<Key<TargetKind>>,
    pub mapping: Json<serde_json::Value>,
    pub warnings: Json<serde_json::Value>,
    pub errors: Json<serde_json::Value>,
    pub decision: Json<serde_json::Value>,
    pub resolved_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub dry_run: bool,
    pub client_name: String,
    pub source_key: String,
}

impl ImportItemView {
    /// Returns the outcome of a processed item.
    pub fn outcome(&self) -> Option<ItemOutcome> {
        self.outcome.as_deref().and_then(ItemOutcome::from_name)
    }
}
