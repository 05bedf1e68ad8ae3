//! `GET /event-types`.

use axum::Json;
use domain::events::{EventType, example, schema};
use serde::Serialize;
use serde_json::Value;

use crate::api::problem::{ApiError, ErrorResponses};
use crate::authn::bearer::Bearer;
use domain::scopes::markers::EventsReadScope;

/// An event type.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventTypeDescription {
    /// Name of the event type.
    pub r#type: EventType,
    /// When the event is emitted.
    pub description: String,
    /// JSON Schema (2020-12) of the body of a delivery.
    #[schema(value_type = Object)]
    pub schema: Value,
    /// Example body with all data options.
    #[schema(value_type = Object)]
    pub example: Value,
}

/// All event types.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventTypeList {
    /// The event types.
    pub data: Vec<EventTypeDescription>,
    /// Always null.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// Lists event types.
///
/// Includes the JSON Schema and an example body of each type. Requires the scope `events.read`.
#[utoipa::path(
    get, path = "/event-types", operation_id = "listEventTypes", tag = "events", security(("apiKey" = []), ("oauth2" = ["events.read"])),
    responses((status = 200, description = "Every type", body = EventTypeList), ErrorResponses)
)]
pub async fn list_event_types(Bearer(client): Bearer) -> Result<Json<EventTypeList>, ApiError> {
    client.require::<EventsReadScope>()?;
    let data = EventType::ALL
        .iter()
        .map(|kind| EventTypeDescription {
            r#type: *kind,
            description: kind.meaning().to_owned(),
            schema: schema(*kind),
            example: example(*kind),
        })
        .collect();
    Ok(Json(EventTypeList {
        data,
        next_cursor: None,
    }))
}
