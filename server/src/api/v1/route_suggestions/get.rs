//! `GET /route-suggestions/{id}`.

use axum::Json;
use axum::extract::State;
use ordinavo_core::suggestions::clients;

use super::RouteSuggestion;
use crate::api::path::Segment;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Returns a route suggestion.
///
/// Includes only targets of the client's source system; stops, names and locations of other sources are never returned.
/// Requires the scope `routes.suggest`.
#[utoipa::path(
    get, path = "/route-suggestions/{id}", operation_id = "getRouteSuggestion", tag = "route-suggestions", security(("apiKey" = []), ("oauth2" = ["routes.suggest"])),
    params(("id" = String, Path, description = "ID of the suggestion")),
    responses((status = 200, description = "The suggestion", body = RouteSuggestion), ErrorResponses)
)]
pub async fn get_route_suggestion(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
) -> Result<Json<RouteSuggestion>, ApiError> {
    let permit = client.require()?;
    Ok(Json(clients::get(&state.core, permit, id.id()?).await?.into()))
}
