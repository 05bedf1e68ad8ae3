//! Deliveries: one event on its way to one endpoint, with every attempt.

pub mod attempts;
pub mod get;
pub mod replay;

use chrono::{DateTime, Utc};
use domain::webhooks::{DeliveryStatus, FailureKind, Trigger};
use ordinavo_core::webhooks::model::{AttemptLine, DeliveryLine};
use serde::Serialize;
use serde_json::Value;

/// A delivery.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookDelivery {
    /// Its id.
    pub id: String,
    /// The endpoint.
    pub endpoint_id: String,
    /// The event, which is `webhook-id` of every attempt.
    pub event_id: String,
    /// The event's type.
    pub event_type: String,
    /// The event's sequence.
    pub sequence: i64,
    /// What must stay in order among itself.
    pub ordering_key: String,
    /// Where it stands.
    pub status: DeliveryStatus,
    /// How many scheduled attempts were made.
    pub attempts: i64,
    /// When the next one is due; absent unless one waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// The status of the last answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_response_status: Option<i64>,
    /// Why the last attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<FailureKind>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<DateTime<Utc>>,
    /// The body as it is sent now; absent before the first attempt and in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
}

/// A page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookDeliveryPage {
    /// The rows.
    pub data: Vec<WebhookDelivery>,
    /// Where the next page begins; null on the last page.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// One attempt at a delivery.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookAttempt {
    /// Its id.
    pub id: String,
    /// 1 is the first.
    pub number: i64,
    /// What caused it: the schedule, or somebody who asked.
    pub trigger: Trigger,
    /// Where it went.
    pub url: String,
    /// When it began; `webhook-timestamp` is its second.
    pub started_at: DateTime<Utc>,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
    /// The status of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_status: Option<i64>,
    /// Why it failed; absent if it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureKind>,
    /// The same in technical words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// At most 8 KiB of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_body: Option<String>,
}

/// The attempts at a delivery.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookAttemptPage {
    /// At most the last 200, newest first.
    pub data: Vec<WebhookAttempt>,
    /// Always null.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

impl From<DeliveryLine> for WebhookDelivery {
    fn from(row: DeliveryLine) -> Self {
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

impl From<AttemptLine> for WebhookAttempt {
    fn from(row: AttemptLine) -> Self {
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
