//! `GET /webhook-endpoints`.

use axum::Json;
use axum::extract::State;
use ordinavo_core::webhooks::endpoints;
use serde::Serialize;

use super::WebhookEndpoint;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// The webhook endpoints of the client. A client has at most 200, so there is one page.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookEndpointPage {
    /// The endpoints, oldest first.
    pub data: Vec<WebhookEndpoint>,
    /// Always null.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// Lists webhook endpoints.
///
/// Covers the endpoints of the client, oldest first. Requires the scope `webhooks.read`.
#[utoipa::path(
    get, path = "/webhook-endpoints", operation_id = "listWebhookEndpoints", tag = "webhook-endpoints", security(("apiKey" = []), ("oauth2" = ["webhooks.read"])),
    responses((status = 200, description = "The endpoints", body = WebhookEndpointPage), ErrorResponses)
)]
pub async fn list_webhook_endpoints(
    State(state): State<AppState>,
    Bearer(client): Bearer,
) -> Result<Json<WebhookEndpointPage>, ApiError> {
    let permit = client.require()?;
    let rows = endpoints::list_for_client(&state.core, permit).await?;
    Ok(Json(WebhookEndpointPage {
        data: rows.into_iter().map(Into::into).collect(),
        next_cursor: None,
    }))
}
