//! `POST /webhook-endpoints`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use ordinavo_core::CoreError;
use ordinavo_core::webhooks::endpoints;

use super::WebhookEndpoint;
use super::form::{WebhookEndpointBody, read};
use crate::api::body::JsonBody;
use crate::api::idempotency::{KeyRequirement, answer, respond};
use crate::api::problem::{ApiError, ErrorResponses};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Creates a webhook endpoint.
///
/// Deliveries are signed according to Standard Webhooks 1.0. Only this response contains the secret; a repeated request
/// with the same `Idempotency-Key` does not. Requires the scope `webhooks.write` and, for each data option, the
/// corresponding read scope.
#[utoipa::path(
    post, path = "/webhook-endpoints", operation_id = "createWebhookEndpoint", tag = "webhook-endpoints", security(("apiKey" = []), ("oauth2" = ["webhooks.write"])),
    request_body = WebhookEndpointBody,
    responses((status = 201, description = "Created", body = WebhookEndpoint), ErrorResponses)
)]
pub async fn create_webhook_endpoint(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let permit = client.require()?;
    let form = read(&body.value).map_err(CoreError::invalid)?;
    let route = "POST /api/v1/webhook-endpoints";
    let held = state
        .in_flight_keys
        .reserve(&client, &headers, route, &body.raw, KeyRequirement::Optional)?;
    let done = endpoints::create_for_client(&state.core, permit, &form, held.key(), |endpoint, secret| {
        let location = format!("/api/v1/webhook-endpoints/{}", endpoint.id);
        answer(
            201,
            Some(location),
            &WebhookEndpoint::with_secret(endpoint.clone(), secret),
        )
    })
    .await?;
    Ok(respond(done))
}
