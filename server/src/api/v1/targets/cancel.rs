//! `POST /targets/{id}/cancel`.

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

/// Cancels a target.
///
/// Possible until the technician is en route; a planned appointment is cancelled as well. Requires the scope
/// `targets.write`.
#[utoipa::path(
    post, path = "/targets/{id}/cancel", operation_id = "cancelTarget", tag = "targets", security(("apiKey" = []), ("oauth2" = ["targets.write"])),
    params(("id" = String, Path, description = "ID of the target")),
    responses((status = 200, description = "The cancelled target", body = Target), ErrorResponses)
)]
pub async fn cancel_target(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
    headers: HeaderMap,
    OptionalBody(body): OptionalBody,
) -> Result<Response, ApiError> {
    let permit = client.require()?;
    require_empty_body(&body.value)?;
    let route = format!("POST /api/v1/targets/{}/cancel", id.0);
    let held = state
        .in_flight_keys
        .reserve(&client, &headers, &route, &body.raw, KeyRequirement::Optional)?;
    let cancelled = jobs::cancel_for_client(&state.core, permit, id.id()?, held.key(), |target| {
        answer(200, None, &Target::of(target, &client))
    })
    .await?;
    Ok(respond(cancelled))
}
