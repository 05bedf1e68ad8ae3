//! `POST /webhook-endpoints/{id}/test`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use ordinavo_core::webhooks::endpoints;
use ordinavo_core::webhooks::endpoints::Act;
use serde::Serialize;

use crate::api::body::OptionalBody;
use crate::api::idempotency::{KeyRequirement, answer, respond};
use crate::api::path::Segment;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::api::require_empty_body;
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// The test event.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookTest {
    /// ID of the event, sent as `webhook-id` with the delivery.
    pub event_id: String,
}

/// Sends a test event.
///
/// Sends one `webhook.test` event to this endpoint only, whatever its subscriptions. Requires the scope `webhooks.write`.
#[utoipa::path(
    post, path = "/webhook-endpoints/{id}/test", operation_id = "testWebhookEndpoint", tag = "webhook-endpoints", security(("apiKey" = []), ("oauth2" = ["webhooks.write"])),
    params(("id" = String, Path, description = "ID of the endpoint")),
    responses((status = 202, description = "The test event is queued", body = WebhookTest), ErrorResponses)
)]
pub async fn test_webhook_endpoint(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
    headers: HeaderMap,
    OptionalBody(body): OptionalBody,
) -> Result<Response, ApiError> {
    let permit = client.require()?;
    require_empty_body(&body.value)?;
    let route = format!("POST /api/v1/webhook-endpoints/{}/test", id.0);
    let held = state
        .in_flight_keys
        .reserve(&client, &headers, &route, &body.raw, KeyRequirement::Optional)?;
    let done = endpoints::perform_for_client(&state.core, permit, id.id()?, &Act::Test, held.key(), |done| {
        let event_id = done.event.map(|id| id.to_string()).unwrap_or_default();
        answer(
            202,
            Some(format!("/api/v1/webhook-endpoints/{}/deliveries", id.0)),
            &WebhookTest { event_id },
        )
    })
    .await?;
    Ok(respond(done))
}
