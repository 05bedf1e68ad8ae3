//! Events to read, and the catalogue of their types.

pub mod get;
pub mod list;
pub mod types;

use domain::events::EventType;
use ordinavo_core::events::ClientEvent;
use serde::Serialize;
use serde_json::Value;

/// An event: its id, and the body of a delivery without data options.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Its id, which is `webhook-id` of its deliveries.
    pub id: String,
    /// What happened.
    pub r#type: EventType,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Value,
    /// The version of the body.
    #[schema(value_type = String)]
    pub api_version: Value,
    /// Its place in the order of the organisation's events.
    pub sequence: i64,
    /// Events with the same key belong in the order of their sequence.
    #[schema(value_type = String)]
    pub ordering_key: Value,
    /// What the type tells; the schema of each type is in `/event-types`.
    #[schema(value_type = Object)]
    pub data: Value,
}

/// A page of events.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventPage {
    /// The events, oldest first.
    pub data: Vec<Event>,
    /// Where the next page begins; null on the last page.
    #[schema(required)]
    pub next_cursor: Option<String>,
    /// Where to go on later: keep it, and ask with it as `cursor` for what happened since. Null only if there has been
    /// nothing to read.
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
