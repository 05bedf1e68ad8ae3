//! `GET /targets/by-external-id/{externalId}`.

use axum::Json;
use axum::extract::State;
use ordinavo_core::jobs;

use super::Target;
use crate::api::path::Segment;
use crate::api::problem::{ApiError, Refusals};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Read a target by the id that its source gave it.
///
/// Needs the scope `targets.read`.
#[utoipa::path(
    get, path = "/targets/by-external-id/{externalId}", operation_id = "getTargetByExternalId", tag = "targets", security(("apiKey" = []), ("oauth2" = ["targets.read"])),
    params(("externalId" = String, Path, description = "The id in the source system")),
    responses((status = 200, description = "The target", body = Target), Refusals)
)]
pub async fn get_target_by_external_id(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    external_id: Segment,
) -> Result<Json<Target>, ApiError> {
    let permit = client.require()?;
    let target = jobs::of_client_by_external_id(&state.core, permit, &external_id.0).await?;
    Ok(Json(target.into()))
}
