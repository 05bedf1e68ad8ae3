//! `GET /event-types`.

use axum::Json;
use domain::events::{EventType, example, schema};
use serde::Serialize;
use serde_json::Value;

use crate::api::problem::{ApiError, Refusals};
use crate::authn::bearer::Bearer;
use domain::scopes::markers::EventsReadScope;

/// A type of event.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventTypeDescription {
    /// Its name.
    pub r#type: EventType,
    /// What it tells.
    pub description: String,
    /// The JSON Schema (2020-12) of a delivery's body.
    #[schema(value_type = Object)]
    pub schema: Value,
    /// A body with all data options.
    #[schema(value_type = Object)]
    pub example: Value,
}

/// Every type of event.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventTypeList {
    /// The types.
    pub data: Vec<EventTypeDescription>,
    /// Always null.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// List event types.
///
/// Each with the JSON Schema of its body and an example. Needs the scope `events.read`.
#[utoipa::path(
    get, path = "/event-types", operation_id = "listEventTypes", tag = "events", security(("apiKey" = []), ("oauth2" = ["events.read"])),
    responses((status = 200, description = "Every type", body = EventTypeList), Refusals)
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
