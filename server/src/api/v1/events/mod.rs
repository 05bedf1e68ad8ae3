//! The event log and the catalogue of event types.

pub mod get;
pub mod list;
pub mod types;

use domain::events::EventType;
use ordinavo_core::events::ClientEvent;
use serde::Serialize;
use serde_json::Value;

/// An event, with the body of a webhook delivery without data options.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Unique identifier, sent as `webhook-id` with each delivery.
    pub id: String,
    /// Type of the event.
    pub r#type: EventType,
    /// When the event occurred.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Value,
    /// API version of the body.
    #[schema(value_type = String)]
    pub api_version: Value,
    /// Position in the order of all events of the tenant.
    pub sequence: i64,
    /// Events with the same key must be processed in the order of `sequence`.
    #[schema(value_type = String)]
    pub ordering_key: Value,
    /// Data of the event; `/event-types` has the schema of each type.
    #[schema(value_type = Object)]
    pub data: Value,
}

/// A page of events.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventPage {
    /// The events, oldest first.
    pub data: Vec<Event>,
    /// Cursor of the next page; null on the last page.
    #[schema(required)]
    pub next_cursor: Option<String>,
    /// Cursor to continue later: send it as `cursor` to read newer events. Null only if no event has been read yet.
    #[schema(required)]
    pub resume_cursor: Option<String>,
}

impl From<ClientEvent> for Event {
    fn from(event: ClientEvent) -> Self {
        let mut body = event.body;
        let mut take = |name: &str| body[name].take();
        Self {
            id: event.id.to_string(),
            r#type: take("type")
                .as_str()
                .and_then(EventType::from_name)
                .unwrap_or(EventType::TargetUpdated),
            timestamp: take("timestamp"),
            api_version: take("apiVersion"),
            sequence: event.sequence,
            ordering_key: take("orderingKey"),
            data: take("data"),
        }
    }
}
