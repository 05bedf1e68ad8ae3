//! `GET /route-suggestions/{id}`.

use axum::Json;
use axum::extract::State;
use ordinavo_core::suggestions::clients;

use super::RouteSuggestion;
use crate::api::path::Segment;
use crate::api::problem::{ApiError, Refusals};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Read a route suggestion.
///
/// Own targets only; nobody else's stops, names or places. Needs the scope `routes.suggest`.
#[utoipa::path(
    get, path = "/route-suggestions/{id}", operation_id = "getRouteSuggestion", tag = "route-suggestions", security(("apiKey" = []), ("oauth2" = ["routes.suggest"])),
    params(("id" = String, Path, description = "The suggestion's id")),
    responses((status = 200, description = "The suggestion", body = RouteSuggestion), Refusals)
)]
pub async fn get_route_suggestion(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
) -> Result<Json<RouteSuggestion>, ApiError> {
    let permit = client.require()?;
    Ok(Json(clients::get(&state.core, permit, id.id()?).await?.into()))
}
