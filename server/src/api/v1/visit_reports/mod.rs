//! Approved visit reports.

pub mod get;
pub mod list;

use chrono::{DateTime, Utc};
use ordinavo_core::visits::model::ClientReport;
use serde::Serialize;

/// What happened on site, once it was approved. Internal notes are never part of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VisitReport {
    /// Its id.
    pub id: String,
    /// The target.
    pub target_id: String,
    /// The id that the source gave the target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// What was done.
    pub summary: String,
    /// How long it took, in minutes.
    pub work_minutes: i64,
    /// When it was handed in.
    pub submitted_at: DateTime<Utc>,
    /// When it was approved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved_at: Option<DateTime<Utc>>,
    /// The follow-up that it asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follow_up_id: Option<String>,
}

/// A page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VisitReportPage {
    /// The rows.
    pub data: Vec<VisitReport>,
    /// Where the next page begins; null on the last page.
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
