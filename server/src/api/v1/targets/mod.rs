//! Targets.

pub mod batch;
pub mod cancel;
pub mod create;
pub mod get;
pub mod get_by_external_id;
pub mod list;
pub mod status_query;

use chrono::{DateTime, Utc};
use domain::windows::TimeWindow;
use ordinavo_core::jobs::model::ClientTarget;
use serde::Serialize;

/// A target as its own source system sees it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// Its id.
    pub id: String,
    /// The id that the source gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Where it stands.
    pub status: domain::targets::TargetStatus,
    /// Whether a person must resolve its customer before it can be planned.
    pub needs_mapping: bool,
    /// How urgent it is.
    pub priority: domain::requests::Priority,
    /// Kind of service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_type: Option<String>,
    /// How long it takes.
    pub duration_minutes: i64,
    /// When the source wants it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_window: Option<TimeWindow>,
    /// When it is agreed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub appointment: Option<TimeWindow>,
    /// When it came in.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TargetPage {
    /// The rows.
    pub data: Vec<Target>,
    /// Where the next page begins; null on the last page.
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
