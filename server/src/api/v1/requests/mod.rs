//! Requests of the own source system.

pub mod cancel;
pub mod create;
pub mod get;
pub mod list;

use chrono::{DateTime, Utc};
use domain::intake::PreferredWindow;
use domain::requests::{Priority, RequestStatus, ServiceType};
use ordinavo_core::requests::model::ClientRequest;
use serde::Serialize;

/// A request.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// Its id.
    pub id: String,
    /// The number that people quote.
    pub number: i64,
    /// The id that the source gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Where it stands.
    pub status: RequestStatus,
    /// Kind of service.
    pub service_type: ServiceType,
    /// How urgent it is.
    pub priority: Priority,
    /// What is needed.
    pub description: String,
    /// When it would suit, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred: Option<String>,
    /// Days that would suit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub preferred_windows: Vec<PreferredWindow>,
    /// Why it was rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejection_reason: Option<String>,
    /// The target that it became.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_id: Option<String>,
    /// When it came in.
    pub submitted_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RequestPage {
    /// The rows.
    pub data: Vec<Request>,
    /// Where the next page begins; null on the last page.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

impl From<ClientRequest> for Request {
    fn from(row: ClientRequest) -> Self {
        Self {
            id: row.id.to_string(),
            number: row.number,
            external_id: row.external_id,
            status: row.status,
            service_type: row.service_type,
            priority: row.priority,
            description: row.description,
            preferred: row.preferred,
            preferred_windows: row.preferred_windows.0,
            rejection_reason: row.rejection_reason,
            target_id: row.target_id.map(|id| id.to_string()),
            submitted_at: row.submitted_at,
            updated_at: row.updated_at,
        }
    }
}
