//! `POST /webhook-endpoints/{id}/disable`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use ordinavo_core::webhooks::endpoints;
use ordinavo_core::webhooks::endpoints::Act;

use super::WebhookEndpoint;
use crate::api::body::OptionalBody;
use crate::api::idempotency::{KeyRequirement, answer, respond};
use crate::api::path::Segment;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::api::require_empty_body;
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Disables a webhook endpoint.
///
/// New events are held and can be recovered for 14 days. Requires the scope `webhooks.write`.
#[utoipa::path(
    post, path = "/webhook-endpoints/{id}/disable", operation_id = "disableWebhookEndpoint", tag = "webhook-endpoints", security(("apiKey" = []), ("oauth2" = ["webhooks.write"])),
    params(("id" = String, Path, description = "ID of the endpoint")),
    responses((status = 200, description = "The endpoint", body = WebhookEndpoint), ErrorResponses)
)]
pub async fn disable_webhook_endpoint(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
    headers: HeaderMap,
    OptionalBody(body): OptionalBody,
) -> Result<Response, ApiError> {
    let permit = client.require()?;
    require_empty_body(&body.value)?;
    let route = format!("POST /api/v1/webhook-endpoints/{}/disable", id.0);
    let held = state
        .in_flight_keys
        .reserve(&client, &headers, &route, &body.raw, KeyRequirement::Optional)?;
    let done = endpoints::perform_for_client(&state.core, permit, id.id()?, &Act::Disable, held.key(), |done| {
        answer(200, None, &done.endpoint.clone().map(WebhookEndpoint::from))
    })
    .await?;
    Ok(respond(done))
}
