//! Rows and views that the use cases of `imports` return.

use crate::db::{Key, OptionalKey, OptionalName};
use chrono::{DateTime, Utc};
use domain::ids::{
    ClientId, ClientKind, ImportItemId, ImportItemKind, ImportJobId, ImportJobKind, TargetId, TargetKind,
};
use domain::imports::jobs::{ImportChannel, ImportJob, ImportMode, JobCounts};
use domain::imports::results::ItemStatus;
use domain::imports::{ImportJobStatus, ItemOutcome};
use sqlx::FromRow;

#[derive(Debug, Clone, FromRow)]
pub struct ImportJobView {
    #[sqlx(try_from = "Key<ImportJobKind>")]
    pub id: ImportJobId,
    #[sqlx(try_from = "String")]
    pub status: ImportJobStatus,
    #[sqlx(try_from = "String")]
    pub mode: ImportMode,
    pub dry_run: bool,
    #[sqlx(try_from = "String")]
    pub channel: ImportChannel,
    pub created_by: String,
    #[sqlx(try_from = "OptionalKey<ImportJobKind>")]
    pub retried_from: Option<ImportJobId>,
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
    #[sqlx(try_from = "Key<ClientKind>")]
    pub client_id: ClientId,
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
            id: self.id,
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
    #[sqlx(try_from = "Key<ImportItemKind>")]
    pub id: ImportItemId,
    #[sqlx(try_from = "Key<ImportJobKind>")]
    pub job_id: ImportJobId,
    pub position: i64,
    /// Number of the line in an uploaded file, from 1.
    pub line: Option<i64>,
    pub external_id: String,
    #[sqlx(try_from = "String")]
    pub status: ItemStatus,
    #[sqlx(try_from = "OptionalName<ItemOutcome>")]
    pub outcome: Option<ItemOutcome>,
    #[sqlx(try_from = "OptionalKey<TargetKind>")]
    pub target_id: Option<TargetId>,
    #[sqlx(json)]
    pub mapping: serde_json::Value,
    #[sqlx(json)]
    pub warnings: serde_json::Value,
    #[sqlx(json)]
    pub errors: serde_json::Value,
    #[sqlx(json)]
    pub decision: serde_json::Value,
    pub resolved_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub dry_run: bool,
    pub client_name: String,
    pub source_key: String,
}
