//! Rows that the `follow_ups` module returns.

use crate::db::Key;
use chrono::{DateTime, Utc};
use domain::follow_ups::FollowUpStatus;
use domain::ids::{FollowUpKind, TargetKind, VisitReportKind};
use sqlx::FromRow;

#[derive(Debug, Clone, FromRow)]
pub struct FollowUpView {
    pub id: Key<FollowUpKind>,
    #[sqlx(try_from = "String")]
    pub status: FollowUpStatus,
    pub title: String,
    /// The target whose visit requires the follow-up.
    pub target_id: Key<TargetKind>,
    /// The target that was created for the follow-up.
    pub planned_target_id: Option<Key<TargetKind>>,
    pub planned_number: Option<i64>,
}

impl FollowUpView {
    /// Returns whether it can still get a job or be dismissed.
    pub fn is_undecided(&self) -> bool {
        self.status == FollowUpStatus::Required && self.planned_target_id.is_none()
    }
}

#[derive(Debug, Clone, FromRow)]
pub struct ClientFollowUp {
    pub id: Key<FollowUpKind>,
    pub target_id: Key<TargetKind>,
    pub target_external_id: Option<String>,
    pub visit_report_id: Key<VisitReportKind>,
    #[sqlx(try_from = "String")]
    pub status: FollowUpStatus,
    pub title: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}
