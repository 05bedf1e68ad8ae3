//! `POST /targets/{id}/reopen`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use ordinavo_core::jobs;

use super::Target;
use crate::api::body::OptionalBody;
use crate::api::idempotency::{KeyRequirement, answer, respond};
use crate::api::path::Segment;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::api::require_empty_body;
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Reopens a cancelled target.
///
/// The target is open again, and dispatch reviews and schedules it. An import with the action `reopen` does the same and
/// updates the target. Requires the scope `targets.write`.
#[utoipa::path(
    post, path = "/targets/{id}/reopen", operation_id = "reopenTarget", tag = "targets", security(("apiKey" = []), ("oauth2" = ["targets.write"])),
    params(("id" = String, Path, description = "ID of the target")),
    responses((status = 200, description = "The target", body = Target), ErrorResponses)
)]
pub async fn reopen_target(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
    headers: HeaderMap,
    OptionalBody(body): OptionalBody,
) -> Result<Response, ApiError> {
    let permit = client.require()?;
    require_empty_body(&body.value)?;
    let route = format!("POST /api/v1/targets/{}/reopen", id.0);
    let held = state
        .in_flight_keys
        .reserve(&client, &headers, &route, &body.raw, KeyRequirement::Optional)?;
    let reopened = jobs::reopen_for_client(&state.core, permit, id.id()?, held.key(), |target| {
        answer(200, None, &Target::of(target, &client))
    })
    .await?;
    Ok(respond(reopened))
}
