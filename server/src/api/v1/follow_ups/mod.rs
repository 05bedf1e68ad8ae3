//! Follow-ups: work still needed after a visit.

pub mod get;
pub mod list;

use chrono::{DateTime, Utc};
use domain::follow_ups::FollowUpStatus;
use ordinavo_core::follow_ups::model::ClientFollowUp;
use serde::Serialize;

/// Work still needed after a visit.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FollowUp {
    /// Its id.
    pub id: String,
    /// The target that was visited.
    pub target_id: String,
    /// The id that the source gave the target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The report that asks for it.
    pub visit_report_id: String,
    /// Where it stands.
    pub status: FollowUpStatus,
    /// What is needed.
    pub title: String,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FollowUpPage {
    /// The rows.
    pub data: Vec<FollowUp>,
    /// Where the next page begins; null on the last page.
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
