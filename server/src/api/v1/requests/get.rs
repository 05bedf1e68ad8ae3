//! `GET /requests/{id}`.

use axum::Json;
use axum::extract::State;
use ordinavo_core::requests::client_requests;

use super::Request;
use crate::api::path::Segment;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Returns a request.
///
/// Returns `404` for a request of another source system. Requires the scope `requests.read`.
#[utoipa::path(
    get, path = "/requests/{id}", operation_id = "getRequest", tag = "requests", security(("apiKey" = []), ("oauth2" = ["requests.read"])),
    params(("id" = String, Path, description = "ID of the request")),
    responses((status = 200, description = "The request", body = Request), ErrorResponses)
)]
pub async fn get_request(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
) -> Result<Json<Request>, ApiError> {
    let permit = client.require()?;
    Ok(Json(client_requests::get(&state.core, permit, id.id()?).await?.into()))
}
