//! `GET /locations/{id}`.

use axum::Json;
use axum::extract::State;
use ordinavo_core::customers::client_records;

use super::Location;
use crate::api::path::Segment;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Returns a location.
///
/// Returns `404` for a location without a reference in the client's source system. Requires the scope
/// `customers.read`.
#[utoipa::path(
    get, path = "/locations/{id}", operation_id = "getLocation", tag = "locations", security(("apiKey" = []), ("oauth2" = ["customers.read"])),
    params(("id" = String, Path, description = "ID of the location")),
    responses((status = 200, description = "The location", body = Location), ErrorResponses)
)]
pub async fn get_location(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
) -> Result<Json<Location>, ApiError> {
    let permit = client.require()?;
    Ok(Json(
        client_records::get_location(&state.core, permit, id.id()?)
            .await?
            .into(),
    ))
}
