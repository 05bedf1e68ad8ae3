//! `GET /targets/{id}`.

use axum::Json;
use axum::extract::State;
use ordinavo_core::jobs;

use super::Target;
use crate::api::path::Segment;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Returns a target.
///
/// Returns `404` for a target of another source system. Requires the scope `targets.read`.
#[utoipa::path(
    get, path = "/targets/{id}", operation_id = "getTarget", tag = "targets", security(("apiKey" = []), ("oauth2" = ["targets.read"])),
    params(("id" = String, Path, description = "ID of the target")),
    responses((status = 200, description = "The target", body = Target), ErrorResponses)
)]
pub async fn get_target(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
) -> Result<Json<Target>, ApiError> {
    let permit = client.require()?;
    Ok(Json(jobs::get_for_client(&state.core, permit, id.id()?).await?.into()))
}
