//! `GET /targets/by-external-id/{externalId}`.

use axum::Json;
use axum::extract::{Path, State};
use ordinavo_core::services::targets;

use super::Target;
use crate::api::problem::{ApiError, ProblemBody};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Read a target by the id that its source gave it.
///
/// Needs the scope `targets.read`.
#[utoipa::path(
    get, path = "/targets/by-external-id/{externalId}", operation_id = "getTargetByExternalId", tag = "targets", security(("apiKey" = [])),
    params(("externalId" = String, Path, description = "The id in the source system")),
    responses((status = 200, description = "The target", body = Target), (status = "4XX", description = "A problem", body = ProblemBody, content_type = "application/problem+json"))
)]
pub async fn get_target_by_external_id(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    Path(external_id): Path<String>,
) -> Result<Json<Target>, ApiError> {
    let permit = client.require()?;
    Ok(Json(
        targets::of_client_by_external_id(&state.core, permit, &external_id)
            .await?
            .into(),
    ))
}
