//! `POST /webhook-deliveries/{id}/replay`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use ordinavo_core::webhooks::deliveries;
use serde::Serialize;

use crate::api::body::OptionalBody;
use crate::api::empty_body;
use crate::api::idempotency::{Demand, answer, respond};
use crate::api::path::Segment;
use crate::api::problem::{ApiError, Refusals};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// One more attempt that was asked for.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookReplay {
    /// Its id.
    pub id: String,
    /// The delivery.
    pub delivery_id: String,
}

/// Replay a delivery.
///
/// One more attempt with the same bytes, whatever became of it so far, and however often it is asked for. It does not use up
/// the scheduled attempts. Needs the scope `webhooks.write`.
#[utoipa::path(
    post, path = "/webhook-deliveries/{id}/replay", operation_id = "replayWebhookDelivery", tag = "webhook-deliveries", security(("apiKey" = []), ("oauth2" = ["webhooks.write"])),
    params(("id" = String, Path, description = "The delivery's id")),
    responses((status = 202, description = "On its way", body = WebhookReplay), Refusals)
)]
pub async fn replay_webhook_delivery(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
    headers: HeaderMap,
    OptionalBody(body): OptionalBody,
) -> Result<Response, ApiError> {
    let permit = client.require()?;
    empty_body(&body.value)?;
    let route = format!("POST /api/v1/webhook-deliveries/{}/replay", id.0);
    let held = state
        .running_keys
        .take(&client, &headers, &route, &body.raw, Demand::Optional)?;
    let done = deliveries::replay_own(&state.core, permit, id.id()?, held.key(), |delivery, asked| {
        let location = format!("/api/v1/webhook-deliveries/{}/attempts", delivery.id);
        answer(
            202,
            Some(location),
            &WebhookReplay {
                id: asked.to_string(),
                delivery_id: delivery.id.to_string(),
            },
        )
    })
    .await?;
    Ok(respond(done))
}
