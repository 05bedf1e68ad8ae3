//! `GET /events/{id}`.

use axum::Json;
use axum::extract::State;
use ordinavo_core::events;

use super::Event;
use crate::api::path::Segment;
use crate::api::problem::{ApiError, Refusals};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Read an event.
///
/// Events are kept for 30 days; then the answer is 410. Needs the scope `events.read`.
#[utoipa::path(
    get, path = "/events/{id}", operation_id = "getEvent", tag = "events", security(("apiKey" = []), ("oauth2" = ["events.read"])),
    params(("id" = String, Path, description = "The event's id")),
    responses((status = 200, description = "The event", body = Event), Refusals)
)]
pub async fn get_event(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
) -> Result<Json<Event>, ApiError> {
    let permit = client.require()?;
    Ok(Json(events::get(&state.core, permit, id.id()?).await?.into()))
}
