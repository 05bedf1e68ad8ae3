//! `DELETE /webhook-endpoints/{id}`.

use axum::extract::State;
use axum::http::StatusCode;
use ordinavo_core::webhooks::endpoints;
use ordinavo_core::webhooks::endpoints::Act;

use crate::api::idempotency::answer;
use crate::api::path::Segment;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Deletes a webhook endpoint.
///
/// Stops all deliveries and deletes the secrets. Requires the scope `webhooks.write`.
#[utoipa::path(
    delete, path = "/webhook-endpoints/{id}", operation_id = "deleteWebhookEndpoint", tag = "webhook-endpoints", security(("apiKey" = []), ("oauth2" = ["webhooks.write"])),
    params(("id" = String, Path, description = "ID of the endpoint")),
    responses((status = 204, description = "Deleted"), ErrorResponses)
)]
pub async fn delete_webhook_endpoint(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
) -> Result<StatusCode, ApiError> {
    let permit = client.require()?;
    endpoints::perform_for_client(&state.core, permit, id.id()?, &Act::Delete, None, |_| {
        answer(204, None, &())
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
