//! `GET /locations/{id}`.

use axum::Json;
use axum::extract::State;
use ordinavo_core::customers::client_records;

use super::Location;
use crate::api::path::Segment;
use crate::api::problem::{ApiError, Refusals};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Read a location.
///
/// One without a reference in the own source system answers like one that does not exist. Needs the scope
/// `customers.read`.
#[utoipa::path(
    get, path = "/locations/{id}", operation_id = "getLocation", tag = "locations", security(("apiKey" = []), ("oauth2" = ["customers.read"])),
    params(("id" = String, Path, description = "The location's id")),
    responses((status = 200, description = "The location", body = Location), Refusals)
)]
pub async fn get_location(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
) -> Result<Json<Location>, ApiError> {
    let permit = client.require()?;
    Ok(Json(
        client_records::location(&state.core, permit, id.id()?).await?.into(),
    ))
}
