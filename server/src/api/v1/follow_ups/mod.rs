//! Follow-ups: further work that a visit report asks for.

pub mod get;
pub mod list;

use chrono::{DateTime, Utc};
use domain::follow_ups::FollowUpStatus;
use ordinavo_core::follow_ups::model::ClientFollowUp;
use serde::Serialize;

/// Further work that a visit report asks for.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FollowUp {
    /// Unique identifier.
    pub id: String,
    /// ID of the target.
    pub target_id: String,
    /// ID of the target in its source system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// ID of the visit report.
    pub visit_report_id: String,
    /// Current status.
    pub status: FollowUpStatus,
    /// Short description of the work.
    pub title: String,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last updated.
    pub updated_at: DateTime<Utc>,
}

/// A page of follow-ups.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FollowUpPage {
    /// The items of this page.
    pub data: Vec<FollowUp>,
    /// Cursor of the next page; null on the last page.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

impl From<ClientFollowUp> for FollowUp {
    fn from(row: ClientFollowUp) -> Self {
        Self {
            id: row.id.to_string(),
            target_id: row.target_id.to_string(),
            external_id: row.target_external_id,
            visit_report_id: row.visit_report_id.to_string(),
            status: row.status,
            title: row.title,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
