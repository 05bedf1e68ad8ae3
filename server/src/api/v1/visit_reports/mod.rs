//! Approved visit reports.

pub mod get;
pub mod list;

use chrono::{DateTime, Utc};
use ordinavo_core::visits::model::ClientReport;
use serde::Serialize;

/// An approved visit report. Internal notes are never included.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VisitReport {
    /// Unique identifier.
    pub id: String,
    /// ID of the target.
    pub target_id: String,
    /// ID of the target in its source system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Summary of the work.
    pub summary: String,
    /// Duration of the work, in minutes.
    pub work_minutes: i64,
    /// When the report was submitted.
    pub submitted_at: DateTime<Utc>,
    /// When the report was approved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved_at: Option<DateTime<Utc>>,
    /// ID of the follow-up that the report asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follow_up_id: Option<String>,
}

/// A page of visit reports.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VisitReportPage {
    /// The items of this page.
    pub data: Vec<VisitReport>,
    /// Cursor of the next page; null on the last page.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

impl From<ClientReport> for VisitReport {
    fn from(row: ClientReport) -> Self {
        Self {
            id: row.id.to_string(),
            target_id: row.target_id.to_string(),
            external_id: row.target_external_id,
            summary: row.summary,
            work_minutes: row.work_minutes,
            submitted_at: row.submitted_at,
            approved_at: row.decided_at,
            follow_up_id: row.follow_up_id.map(|id| id.to_string()),
        }
    }
}
