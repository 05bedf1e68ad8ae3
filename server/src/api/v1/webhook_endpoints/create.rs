//! `POST /webhook-endpoints`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use ordinavo_core::CoreError;
use ordinavo_core::webhooks::endpoints;

use super::WebhookEndpoint;
use super::form::{WebhookEndpointBody, read};
use crate::api::body::JsonBody;
use crate::api::idempotency::{Demand, answer, respond};
use crate::api::problem::{ApiError, Refusals};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Make a webhook endpoint.
///
/// Deliveries are signed as Standard Webhooks 1.0 says. The secret is in this answer and in no other, not even in a
/// repetition under the same `Idempotency-Key`. Needs the scope `webhooks.write`, and for a data option the read scope that
/// belongs to it.
#[utoipa::path(
    post, path = "/webhook-endpoints", operation_id = "createWebhookEndpoint", tag = "webhook-endpoints", security(("apiKey" = []), ("oauth2" = ["webhooks.write"])),
    request_body = WebhookEndpointBody,
    responses((status = 201, description = "Created", body = WebhookEndpoint), Refusals)
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
        .running_keys
        .take(&client, &headers, route, &body.raw, Demand::Optional)?;
    let done = endpoints::create_own(&state.core, permit, &form, held.key(), |endpoint, secret| {
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
