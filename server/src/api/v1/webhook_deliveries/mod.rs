//! Webhook deliveries and their attempts.

pub mod attempts;
pub mod get;
pub mod replay;

use chrono::{DateTime, Utc};
use domain::webhooks::{DeliveryStatus, FailureKind, Trigger};
use ordinavo_core::webhooks::model::{AttemptEntry, DeliverySummary};
use serde::Serialize;
use serde_json::Value;

/// The delivery of one event to one webhook endpoint.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookDelivery {
    /// Unique identifier.
    pub id: String,
    /// ID of the webhook endpoint.
    pub endpoint_id: String,
    /// ID of the event, sent as `webhook-id` with every attempt.
    pub event_id: String,
    /// Type of the event.
    pub event_type: String,
    /// Sequence number of the event.
    pub sequence: i64,
    /// Ordering key of the event.
    pub ordering_key: String,
    /// Current status.
    pub status: DeliveryStatus,
    /// Number of scheduled attempts so far.
    pub attempts: i64,
    /// When the next attempt is due; only while the delivery is pending.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// HTTP status of the last response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_response_status: Option<i64>,
    /// Why the last attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<FailureKind>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When the endpoint accepted the delivery.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<DateTime<Utc>>,
    /// Body as it is sent now; absent before the first attempt and in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
}

/// A page of webhook deliveries.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookDeliveryPage {
    /// The items of this page.
    pub data: Vec<WebhookDelivery>,
    /// Cursor of the next page; null on the last page.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// One attempt of a delivery.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookAttempt {
    /// Unique identifier.
    pub id: String,
    /// Number of the attempt, starting at 1.
    pub number: i64,
    /// What caused the attempt: the schedule or a manual request.
    pub trigger: Trigger,
    /// URL that the request was sent to.
    pub url: String,
    /// When the attempt started; `webhook-timestamp` is the same time in seconds.
    pub started_at: DateTime<Utc>,
    /// Duration, in milliseconds.
    pub duration_ms: i64,
    /// HTTP status of the response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_status: Option<i64>,
    /// Why the attempt failed; absent on success.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureKind>,
    /// Technical error message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Up to 8 KiB of the response body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_body: Option<String>,
}

/// The attempts of a delivery.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookAttemptPage {
    /// Up to 200 attempts, newest first.
    pub data: Vec<WebhookAttempt>,
    /// Always null.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

impl From<DeliverySummary> for WebhookDelivery {
    fn from(row: DeliverySummary) -> Self {
        Self {
            id: row.id.to_string(),
            endpoint_id: row.endpoint_id.to_string(),
            event_id: row.event_id.to_string(),
            event_type: row.event_type,
            sequence: row.sequence,
            ordering_key: row.ordering_key,
            status: row.status,
            attempts: row.attempts,
            next_attempt_at: (row.status == DeliveryStatus::Pending).then_some(row.next_attempt_at),
            last_response_status: row.last_status,
            last_failure: row.last_failure.as_deref().and_then(FailureKind::from_name),
            created_at: row.created_at,
            delivered_at: row.delivered_at,
            body: None,
        }
    }
}

impl From<AttemptEntry> for WebhookAttempt {
    fn from(row: AttemptEntry) -> Self {
        Self {
            id: row.id.to_string(),
            number: row.number,
            trigger: row.cause,
            url: row.url,
            started_at: row.started_at,
            duration_ms: row.duration_ms,
            response_status: row.response_status,
            failure: row.failure.as_deref().and_then(FailureKind::from_name),
            error: row.error,
            response_body: row.response_excerpt,
        }
    }
}
