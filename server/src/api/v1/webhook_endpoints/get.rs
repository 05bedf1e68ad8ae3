//! `GET /webhook-endpoints/{id}`.

use axum::Json;
use axum::extract::State;
use ordinavo_core::webhooks::endpoints;

use super::WebhookEndpoint;
use crate::api::path::Segment;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Returns a webhook endpoint.
///
/// Requires the scope `webhooks.read`.
#[utoipa::path(
    get, path = "/webhook-endpoints/{id}", operation_id = "getWebhookEndpoint", tag = "webhook-endpoints", security(("apiKey" = []), ("oauth2" = ["webhooks.read"])),
    params(("id" = String, Path, description = "ID of the endpoint")),
    responses((status = 200, description = "The endpoint", body = WebhookEndpoint), ErrorResponses)
)]
pub async fn get_webhook_endpoint(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
) -> Result<Json<WebhookEndpoint>, ApiError> {
    let permit = client.require()?;
    Ok(Json(
        endpoints::get_for_client(&state.core, permit, id.id()?).await?.into(),
    ))
}
