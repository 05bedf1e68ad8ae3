//! `GET /targets/{id}`.

use axum::Json;
use axum::extract::{Path, State};
use ordinavo_core::CoreError;
use ordinavo_core::services::targets;

use super::Target;
use crate::api::problem::{ApiError, ProblemBody};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Read a target.
///
/// Another source's target answers like one that does not exist. Needs the scope `targets.read`.
#[utoipa::path(
    get, path = "/targets/{id}", operation_id = "getTarget", tag = "targets", security(("apiKey" = [])),
    params(("id" = String, Path, description = "The target's id")),
    responses((status = 200, description = "The target", body = Target), (status = "4XX", description = "A problem", body = ProblemBody, content_type = "application/problem+json"))
)]
pub async fn get_target(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    Path(id): Path<String>,
) -> Result<Json<Target>, ApiError> {
    let permit = client.require()?;
    let id = id.parse().map_err(|_| CoreError::not_found())?;
    Ok(Json(targets::of_client(&state.core, permit, id).await?.into()))
}
