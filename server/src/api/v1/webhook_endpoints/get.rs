//! `GET /webhook-endpoints/{id}`.

use axum::Json;
use axum::extract::{Path, State};
use ordinavo_core::CoreError;
use ordinavo_core::services::integrations;

use super::WebhookEndpoint;
use crate::api::problem::{ApiError, ProblemBody};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Read a webhook endpoint.
///
/// Needs the scope `webhooks.read`.
#[utoipa::path(
    get, path = "/webhook-endpoints/{id}", operation_id = "getWebhookEndpoint", tag = "webhook-endpoints", security(("apiKey" = [])),
    params(("id" = String, Path, description = "The endpoint's id")),
    responses((status = 200, description = "The endpoint", body = WebhookEndpoint), (status = "4XX", description = "A problem", body = ProblemBody, content_type = "application/problem+json"))
)]
pub async fn get_webhook_endpoint(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    Path(id): Path<String>,
) -> Result<Json<WebhookEndpoint>, ApiError> {
    let permit = client.require()?;
    let id = id.parse().map_err(|_| CoreError::not_found())?;
    Ok(Json(integrations::own_endpoint(&state.core, permit, id).await?.into()))
}
