//! `GET /targets/by-external-id/{externalId}`.

use axum::Json;
use axum::extract::State;
use ordinavo_core::jobs;

use super::Target;
use crate::api::path::Segment;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Returns a target by its ID in the source system.
///
/// Requires the scope `targets.read`.
#[utoipa::path(
    get, path = "/targets/by-external-id/{externalId}", operation_id = "getTargetByExternalId", tag = "targets", security(("apiKey" = []), ("oauth2" = ["targets.read"])),
    params(("externalId" = String, Path, description = "ID in the source system")),
    responses((status = 200, description = "The target", body = Target), ErrorResponses)
)]
pub async fn get_target_by_external_id(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    external_id: Segment,
) -> Result<Json<Target>, ApiError> {
    let permit = client.require()?;
    let target = jobs::get_for_client_by_external_id(&state.core, permit, &external_id.0).await?;
    Ok(Json(target.into()))
}
