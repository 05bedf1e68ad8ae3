//! `PATCH /webhook-endpoints/{id}`.

use axum::extract::State;
use axum::response::Response;
use ordinavo_core::CoreError;
use ordinavo_core::webhooks::endpoints;
use ordinavo_core::webhooks::endpoints::Act;

use super::WebhookEndpoint;
use super::form::{WebhookEndpointPatch, read_patch};
use crate::api::body::JsonBody;
use crate::api::idempotency::{answer, respond};
use crate::api::path::Segment;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Updates a webhook endpoint.
///
/// Absent properties do not change. A data option that is turned off also applies to retries and replays. Requires the
/// scope `webhooks.write`.
#[utoipa::path(
    patch, path = "/webhook-endpoints/{id}", operation_id = "updateWebhookEndpoint", tag = "webhook-endpoints", security(("apiKey" = []), ("oauth2" = ["webhooks.write"])),
    params(("id" = String, Path, description = "ID of the endpoint")),
    request_body = WebhookEndpointPatch,
    responses((status = 200, description = "The endpoint", body = WebhookEndpoint), ErrorResponses)
)]
pub async fn update_webhook_endpoint(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let permit = client.require()?;
    let action = Act::Update(read_patch(&body.value).map_err(CoreError::invalid)?);
    let done = endpoints::perform_for_client(&state.core, permit, id.id()?, &action, None, |done| {
        answer(200, None, &done.endpoint.clone().map(WebhookEndpoint::from))
    })
    .await?;
    Ok(respond(done))
}
