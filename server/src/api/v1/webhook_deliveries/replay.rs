//! `POST /webhook-deliveries/{id}/replay`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use ordinavo_core::webhooks::deliveries;
use serde::Serialize;

use crate::api::body::OptionalBody;
use crate::api::idempotency::{KeyRequirement, answer, respond};
use crate::api::path::Segment;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::api::require_empty_body;
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// A requested replay.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookReplay {
    /// Unique identifier.
    pub id: String,
    /// ID of the delivery.
    pub delivery_id: String,
}

/// Replays a delivery.
///
/// Makes one more attempt with the same body, whatever the status of the delivery. A delivery can be replayed any number
/// of times; replays do not count as scheduled attempts. Requires the scope `webhooks.write`.
#[utoipa::path(
    post, path = "/webhook-deliveries/{id}/replay", operation_id = "replayWebhookDelivery", tag = "webhook-deliveries", security(("apiKey" = []), ("oauth2" = ["webhooks.write"])),
    params(("id" = String, Path, description = "ID of the delivery")),
    responses((status = 202, description = "The replay is queued", body = WebhookReplay), ErrorResponses)
)]
pub async fn replay_webhook_delivery(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
    headers: HeaderMap,
    OptionalBody(body): OptionalBody,
) -> Result<Response, ApiError> {
    let permit = client.require()?;
    require_empty_body(&body.value)?;
    let route = format!("POST /api/v1/webhook-deliveries/{}/replay", id.0);
    let held = state
        .in_flight_keys
        .reserve(&client, &headers, &route, &body.raw, KeyRequirement::Optional)?;
    let done = deliveries::replay_for_client(&state.core, permit, id.id()?, held.key(), |delivery, replay_id| {
        let location = format!("/api/v1/webhook-deliveries/{}/attempts", delivery.id);
        answer(
            202,
            Some(location),
            &WebhookReplay {
                id: replay_id.to_string(),
                delivery_id: delivery.id.to_string(),
            },
        )
    })
    .await?;
    Ok(respond(done))
}
