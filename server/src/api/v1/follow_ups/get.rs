//! `GET /follow-ups/{id}`.

use axum::Json;
use axum::extract::State;
use ordinavo_core::visits::client_results;

use super::FollowUp;
use crate::api::path::Segment;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Returns a follow-up.
///
/// Requires the scope `reports.read`.
#[utoipa::path(
    get, path = "/follow-ups/{id}", operation_id = "getFollowUp", tag = "follow-ups", security(("apiKey" = []), ("oauth2" = ["reports.read"])),
    params(("id" = String, Path, description = "The follow-up's id")),
    responses((status = 200, description = "The follow-up", body = FollowUp), ErrorResponses)
)]
pub async fn get_follow_up(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
) -> Result<Json<FollowUp>, ApiError> {
    let permit = client.require()?;
    Ok(Json(
        client_results::follow_up(&state.core, permit, id.id()?).await?.into(),
    ))
}
