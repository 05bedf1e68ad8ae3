//! `POST /requests/{id}/cancel`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use ordinavo_core::requests::client_requests;

use super::Request;
use crate::api::body::OptionalBody;
use crate::api::idempotency::{KeyRequirement, answer, respond};
use crate::api::path::Segment;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::api::require_empty_body;
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Withdraws a request.
///
/// Possible until the request becomes a target. Requires the scope `requests.write`.
#[utoipa::path(
    post, path = "/requests/{id}/cancel", operation_id = "cancelRequest", tag = "requests", security(("apiKey" = []), ("oauth2" = ["requests.write"])),
    params(("id" = String, Path, description = "ID of the request")),
    responses((status = 200, description = "The withdrawn request", body = Request), ErrorResponses)
)]
pub async fn cancel_request(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
    headers: HeaderMap,
    OptionalBody(body): OptionalBody,
) -> Result<Response, ApiError> {
    let permit = client.require()?;
    require_empty_body(&body.value)?;
    let route = format!("POST /api/v1/requests/{}/cancel", id.0);
    let held = state
        .in_flight_keys
        .reserve(&client, &headers, &route, &body.raw, KeyRequirement::Optional)?;
    let cancelled = client_requests::cancel(&state.core, permit, id.id()?, held.key(), |request| {
        answer(200, None, &Request::from(request))
    })
    .await?;
    Ok(respond(cancelled))
}
