//! `POST /webhook-endpoints/{id}/enable`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use ordinavo_core::webhooks::endpoints;
use ordinavo_core::webhooks::endpoints::Act;

use super::WebhookEndpoint;
use crate::api::body::OptionalBody;
use crate::api::empty_body;
use crate::api::idempotency::{Demand, answer, respond};
use crate::api::path::Segment;
use crate::api::problem::{ApiError, Refusals};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Enable a webhook endpoint.
///
/// New events are sent again. Held ones stay until they are recovered. Needs the scope `webhooks.write`.
#[utoipa::path(
    post, path = "/webhook-endpoints/{id}/enable", operation_id = "enableWebhookEndpoint", tag = "webhook-endpoints", security(("apiKey" = []), ("oauth2" = ["webhooks.write"])),
    params(("id" = String, Path, description = "The endpoint's id")),
    responses((status = 200, description = "The endpoint", body = WebhookEndpoint), Refusals)
)]
pub async fn enable_webhook_endpoint(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
    headers: HeaderMap,
    OptionalBody(body): OptionalBody,
) -> Result<Response, ApiError> {
    let permit = client.require()?;
    empty_body(&body.value)?;
    let route = format!("POST /api/v1/webhook-endpoints/{}/enable", id.0);
    let held = state
        .running_keys
        .take(&client, &headers, &route, &body.raw, Demand::Optional)?;
    let done = endpoints::act_on_own(&state.core, permit, id.id()?, &Act::Enable, held.key(), |done| {
        answer(200, None, &done.endpoint.clone().map(WebhookEndpoint::from))
    })
    .await?;
    Ok(respond(done))
}
