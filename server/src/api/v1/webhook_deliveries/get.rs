//! `GET /webhook-deliveries/{id}`.

use axum::Json;
use axum::extract::State;
use ordinavo_core::webhooks::deliveries;

use super::WebhookDelivery;
use crate::api::path::Segment;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Returns a delivery.
///
/// Includes the body as it would be sent now. Requires the scope `webhooks.read`.
#[utoipa::path(
    get, path = "/webhook-deliveries/{id}", operation_id = "getWebhookDelivery", tag = "webhook-deliveries", security(("apiKey" = []), ("oauth2" = ["webhooks.read"])),
    params(("id" = String, Path, description = "ID of the delivery")),
    responses((status = 200, description = "The delivery", body = WebhookDelivery), ErrorResponses)
)]
pub async fn get_webhook_delivery(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
) -> Result<Json<WebhookDelivery>, ApiError> {
    let permit = client.require()?;
    let row = deliveries::get_for_client(&state.core, permit, id.id()?).await?;
    let body = row.body().and_then(|body| serde_json::from_str(&body).ok());
    Ok(Json(WebhookDelivery {
        body,
        ..WebhookDelivery::from(row)
    }))
}
