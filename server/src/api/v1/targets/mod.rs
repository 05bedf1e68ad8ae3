//! Targets (jobs) of the client's source system.

pub mod batch;
pub mod cancel;
pub mod create;
pub mod get;
pub mod get_by_external_id;
pub mod list;
pub mod status_query;

use chrono::{DateTime, Utc};
use domain::scheduling::windows::TimeWindow;
use ordinavo_core::jobs::model::ClientTarget;
use serde::Serialize;

/// A target.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// Unique identifier.
    pub id: String,
    /// ID in the source system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Current status.
    pub status: domain::jobs::targets::TargetStatus,
    /// Whether dispatch must review the mapping before the target can be scheduled.
    pub needs_mapping: bool,
    /// Priority.
    pub priority: domain::requests::Priority,
    /// Type of service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_type: Option<String>,
    /// Estimated duration, in minutes.
    pub duration_minutes: i64,
    /// Requested time window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_window: Option<TimeWindow>,
    /// Scheduled appointment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub appointment: Option<TimeWindow>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last updated.
    pub updated_at: DateTime<Utc>,
}

/// A page of targets.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TargetPage {
    /// The items of this page.
    pub data: Vec<Target>,
    /// Cursor of the next page; null on the last page.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

impl From<ClientTarget> for Target {
    fn from(row: ClientTarget) -> Self {
        let window = |start: Option<DateTime<Utc>>, end: Option<DateTime<Utc>>, zone: Option<String>| {
            Some(TimeWindow {
                start: start?,
                end: end?,
                zone: zone?,
            })
        };
        Self {
            id: row.id.to_string(),
            external_id: row.external_id,
            status: row.status,
            needs_mapping: row.needs_mapping,
            priority: row.priority,
            service_type: row.service_type,
            duration_minutes: row.duration_minutes,
            time_window: window(row.window_start, row.window_end, row.window_zone),
            appointment: window(row.starts_at, row.ends_at, row.appointment_zone),
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
