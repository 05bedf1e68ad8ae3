//! `POST /webhook-endpoints/{id}/enable`.

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

/// Enables a webhook endpoint.
///
/// New events are sent again. Held events are not sent until they are recovered. Requires the scope `webhooks.write`.
#[utoipa::path(
    post, path = "/webhook-endpoints/{id}/enable", operation_id = "enableWebhookEndpoint", tag = "webhook-endpoints", security(("apiKey" = []), ("oauth2" = ["webhooks.write"])),
    params(("id" = String, Path, description = "ID of the endpoint")),
    responses((status = 200, description = "The endpoint", body = WebhookEndpoint), ErrorResponses)
)]
pub async fn enable_webhook_endpoint(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
    headers: HeaderMap,
    OptionalBody(body): OptionalBody,
) -> Result<Response, ApiError> {
    let permit = client.require()?;
    require_empty_body(&body.value)?;
    let route = format!("POST /api/v1/webhook-endpoints/{}/enable", id.0);
    let held = state
        .in_flight_keys
        .reserve(&client, &headers, &route, &body.raw, KeyRequirement::Optional)?;
    let done = endpoints::perform_for_client(&state.core, permit, id.id()?, &Act::Enable, held.key(), |done| {
        answer(200, None, &done.endpoint.clone().map(WebhookEndpoint::from))
    })
    .await?;
    Ok(respond(done))
}
