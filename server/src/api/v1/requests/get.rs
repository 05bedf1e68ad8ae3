//! `GET /requests/{id}`.

use axum::Json;
use axum::extract::State;
use ordinavo_core::requests::client_requests;

use super::Request;
use crate::api::path::Segment;
use crate::api::problem::{ApiError, Refusals};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Read a request.
///
/// Another source's request answers like one that does not exist. Needs the scope `requests.read`.
#[utoipa::path(
    get, path = "/requests/{id}", operation_id = "getRequest", tag = "requests", security(("apiKey" = []), ("oauth2" = ["requests.read"])),
    params(("id" = String, Path, description = "The request's id")),
    responses((status = 200, description = "The request", body = Request), Refusals)
)]
pub async fn get_request(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
) -> Result<Json<Request>, ApiError> {
    let permit = client.require()?;
    Ok(Json(client_requests::get(&state.core, permit, id.id()?).await?.into()))
}
