//! `GET /events/{id}`.

use axum::Json;
use axum::extract::State;
use ordinavo_core::events;

use super::Event;
use crate::api::path::Segment;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Returns an event.
///
/// Events are retained for 30 days; afterwards the response is `410`. Requires the scope `events.read`.
#[utoipa::path(
    get, path = "/events/{id}", operation_id = "getEvent", tag = "events", security(("apiKey" = []), ("oauth2" = ["events.read"])),
    params(("id" = String, Path, description = "ID of the event")),
    responses((status = 200, description = "The event", body = Event), ErrorResponses)
)]
pub async fn get_event(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
) -> Result<Json<Event>, ApiError> {
    let permit = client.require()?;
    Ok(Json(events::get(&state.core, permit, id.id()?).await?.into()))
}
