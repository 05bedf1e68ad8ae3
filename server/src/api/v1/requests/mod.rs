//! Requests of the client's source system.

pub mod cancel;
pub mod create;
pub mod get;
pub mod list;

use chrono::{DateTime, Utc};
use domain::imports::ItemOutcome;
use domain::imports::results::ItemNote;
use domain::intake::PreferredWindow;
use domain::requests::{Priority, RequestStatus, ServiceType};
use ordinavo_core::requests::model::ClientRequest;
use serde::Serialize;

/// A request.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// Unique identifier.
    pub id: String,
    /// Human-readable request number.
    pub number: i64,
    /// ID in the source system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Current status.
    pub status: RequestStatus,
    /// Type of service.
    pub service_type: ServiceType,
    /// Priority.
    pub priority: Priority,
    /// The customer's description of the required work. The customer reads it in the portal.
    pub description: String,
    /// Notes for dispatch. No customer reads them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// Preferred time, as free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred: Option<String>,
    /// Preferred days, in the time zone of the location.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub preferred_windows: Vec<PreferredWindow>,
    /// Reason for the rejection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejection_reason: Option<String>,
    /// ID of the target that was created from the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_id: Option<String>,
    /// Whether dispatch has to assign the customer.
    pub needs_mapping: bool,
    /// What the submission did; only when the request is submitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<ItemOutcome>,
    /// Why customer, location or contact were not mapped; only when the request is submitted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub warnings: Vec<ItemNote>,
    /// When the request was submitted.
    pub submitted_at: DateTime<Utc>,
    /// When it was last updated.
    pub updated_at: DateTime<Utc>,
}

/// A page of requests.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RequestPage {
    /// The items of this page.
    pub data: Vec<Request>,
    /// Cursor of the next page; null on the last page.
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
            notes: row.internal_notes,
            preferred: row.preferred,
            preferred_windows: row.preferred_windows,
            rejection_reason: row.rejection_reason,
            target_id: row.target_id.map(|id| id.to_string()),
            needs_mapping: row.customer_id.is_none(),
            outcome: None,
            warnings: Vec::new(),
            submitted_at: row.submitted_at,
            updated_at: row.updated_at,
        }
    }
}
