//! `GET /targets/{id}`.

use axum::Json;
use axum::extract::State;
use ordinavo_core::jobs;

use super::Target;
use crate::api::path::Segment;
use crate::api::problem::{ApiError, Refusals};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Read a target.
///
/// Another source's target answers like one that does not exist. Needs the scope `targets.read`.
#[utoipa::path(
    get, path = "/targets/{id}", operation_id = "getTarget", tag = "targets", security(("apiKey" = []), ("oauth2" = ["targets.read"])),
    params(("id" = String, Path, description = "The target's id")),
    responses((status = 200, description = "The target", body = Target), Refusals)
)]
pub async fn get_target(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
) -> Result<Json<Target>, ApiError> {
    let permit = client.require()?;
    Ok(Json(jobs::of_client(&state.core, permit, id.id()?).await?.into()))
}
