//! Rows that the `follow_ups` module returns.

use crate::db::{Key, OptionalKey};
use chrono::{DateTime, Utc};
use domain::follow_ups::FollowUpStatus;
use domain::ids::{FollowUpId, FollowUpKind, TargetId, TargetKind, VisitReportId, VisitReportKind};
use sqlx::FromRow;

#[derive(Debug, Clone, FromRow)]
pub struct FollowUpView {
    #[sqlx(try_from = "Key<FollowUpKind>")]
    pub id: FollowUpId,
    #[sqlx(try_from = "String")]
    pub status: FollowUpStatus,
    pub title: String,
    /// The target whose visit requires the follow-up.
    #[sqlx(try_from = "Key<TargetKind>")]
    pub target_id: TargetId,
    /// The target that was created for the follow-up.
    #[sqlx(try_from = "OptionalKey<TargetKind>")]
    pub planned_target_id: Option<TargetId>,
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
    #[sqlx(try_from = "Key<FollowUpKind>")]
    pub id: FollowUpId,
    #[sqlx(try_from = "Key<TargetKind>")]
    pub target_id: TargetId,
    pub target_external_id: Option<String>,
    #[sqlx(try_from = "Key<VisitReportKind>")]
    pub visit_report_id: VisitReportId,
    #[sqlx(try_from = "String")]
    pub status: FollowUpStatus,
    pub title: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}
