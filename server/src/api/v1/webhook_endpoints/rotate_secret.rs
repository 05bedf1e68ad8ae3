//! `POST /webhook-endpoints/{id}/rotate-secret`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use domain::fields::{FieldError, ObjectReader, Patch};
use ordinavo_core::CoreError;
use ordinavo_core::webhooks::endpoints;
use ordinavo_core::webhooks::endpoints::Act;
use serde::Serialize;
use serde_json::Value;

use super::WebhookEndpoint;
use crate::api::body::OptionalBody;
use crate::api::idempotency::{KeyRequirement, answer, respond};
use crate::api::path::Segment;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Options of a secret rotation.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretRotation {
    /// For how many seconds the previous secrets remain valid. Defaults to 86400.
    #[schema(required = false, minimum = 0, maximum = 604_800)]
    pub grace_period_seconds: Option<i64>,
}

/// Rotates the signing secret.
///
/// Only this response contains the new secret. During the grace period, deliveries also carry the signatures of the
/// previous secrets, separated by a space. Requires the scope `webhooks.write`.
#[utoipa::path(
    post, path = "/webhook-endpoints/{id}/rotate-secret", operation_id = "rotateWebhookSecret", tag = "webhook-endpoints", security(("apiKey" = []), ("oauth2" = ["webhooks.write"])),
    params(("id" = String, Path, description = "ID of the endpoint")),
    request_body(content = Option<SecretRotation>),
    responses((status = 200, description = "The endpoint with its new secret", body = WebhookEndpoint), ErrorResponses)
)]
pub async fn rotate_webhook_secret(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
    headers: HeaderMap,
    OptionalBody(body): OptionalBody,
) -> Result<Response, ApiError> {
    let permit = client.require()?;
    let action = Act::RotateSecret(endpoints::grace(read(&body.value).map_err(CoreError::invalid)?)?);
    let route = format!("POST /api/v1/webhook-endpoints/{}/rotate-secret", id.0);
    let held = state
        .in_flight_keys
        .reserve(&client, &headers, &route, &body.raw, KeyRequirement::Optional)?;
    let done = endpoints::perform_for_client(&state.core, permit, id.id()?, &action, held.key(), |done| {
        let endpoint = done.endpoint.clone();
        answer(
            200,
            None,
            &endpoint.map(|endpoint| WebhookEndpoint::with_secret(endpoint, done.secret.as_ref())),
        )
    })
    .await?;
    Ok(respond(done))
}

fn read(body: &Value) -> Result<Option<i64>, Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut seconds = None;
    if let Some(mut reader) = ObjectReader::new(body, "", &mut errors) {
        // The use case checks the bounds; only the type is checked here.
        seconds = match reader.integer("gracePeriodSeconds", i64::MIN..=i64::MAX, &mut errors) {
            Patch::Value(seconds) => Some(seconds),
            Patch::Absent | Patch::Null => None,
        };
        reader.finish(&mut errors);
    }
    if errors.is_empty() { Ok(seconds) } else { Err(errors) }
}
