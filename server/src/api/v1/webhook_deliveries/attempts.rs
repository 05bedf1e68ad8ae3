//! `GET /webhook-deliveries/{id}/attempts`.

use axum::Json;
use axum::extract::State;
use ordinavo_core::webhooks::deliveries;

use super::{WebhookAttempt, WebhookAttemptPage};
use crate::api::path::Segment;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Lists the attempts of a delivery.
///
/// Newest first. Requires the scope `webhooks.read`.
#[utoipa::path(
    get, path = "/webhook-deliveries/{id}/attempts", operation_id = "listWebhookAttempts", tag = "webhook-deliveries", security(("apiKey" = []), ("oauth2" = ["webhooks.read"])),
    params(("id" = String, Path, description = "ID of the delivery")),
    responses((status = 200, description = "The attempts, newest first", body = WebhookAttemptPage), ErrorResponses)
)]
pub async fn list_webhook_attempts(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
) -> Result<Json<WebhookAttemptPage>, ApiError> {
    let permit = client.require()?;
    let rows = deliveries::list_attempts_for_client(&state.core, permit, id.id()?).await?;
    Ok(Json(WebhookAttemptPage {
        data: rows.into_iter().map(WebhookAttempt::from).collect(),
        next_cursor: None,
    }))
}
