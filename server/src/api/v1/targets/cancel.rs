//! `POST /targets/{id}/cancel`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use ordinavo_core::jobs;

use super::Target;
use crate::api::body::OptionalBody;
use crate::api::empty_body;
use crate::api::idempotency::{Demand, answer, respond};
use crate::api::path::Segment;
use crate::api::problem::{ApiError, Refusals};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Cancel a target.
///
/// Possible until the technician is on the way; a planned appointment ends with it. Needs the scope `targets.write`.
#[utoipa::path(
    post, path = "/targets/{id}/cancel", operation_id = "cancelTarget", tag = "targets", security(("apiKey" = []), ("oauth2" = ["targets.write"])),
    params(("id" = String, Path, description = "The target's id")),
    responses((status = 200, description = "The cancelled target", body = Target), Refusals)
)]
pub async fn cancel_target(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
    headers: HeaderMap,
    OptionalBody(body): OptionalBody,
) -> Result<Response, ApiError> {
    let permit = client.require()?;
    empty_body(&body.value)?;
    let route = format!("POST /api/v1/targets/{}/cancel", id.0);
    let held = state
        .running_keys
        .take(&client, &headers, &route, &body.raw, Demand::Optional)?;
    let cancelled = jobs::cancel_by_client(&state.core, permit, id.id()?, held.key(), |target| {
        answer(200, None, &Target::from(target))
    })
    .await?;
    Ok(respond(cancelled))
}
