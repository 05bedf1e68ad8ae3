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
use crate::api::idempotency::{Demand, answer, respond};
use crate::api::path::Segment;
use crate::api::problem::{ApiError, Refusals};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// How long the secrets so far sign too.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretRotation {
    /// 0 to 604800; 86400 when absent.
    #[schema(required = false, minimum = 0, maximum = 604_800)]
    pub grace_period_seconds: Option<i64>,
}

/// Rotate the secret.
///
/// The new secret is in this answer and in no other. Until the grace period is over, deliveries carry the signatures of the
/// earlier secrets too, with one space between them. Needs the scope `webhooks.write`.
#[utoipa::path(
    post, path = "/webhook-endpoints/{id}/rotate-secret", operation_id = "rotateWebhookSecret", tag = "webhook-endpoints", security(("apiKey" = []), ("oauth2" = ["webhooks.write"])),
    params(("id" = String, Path, description = "The endpoint's id")),
    request_body(content = Option<SecretRotation>),
    responses((status = 200, description = "The endpoint with its new secret", body = WebhookEndpoint), Refusals)
)]
pub async fn rotate_webhook_secret(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
    headers: HeaderMap,
    OptionalBody(body): OptionalBody,
) -> Result<Response, ApiError> {
    let permit = client.require()?;
    let act = Act::RotateSecret(endpoints::grace(read(&body.value).map_err(CoreError::invalid)?)?);
    let route = format!("POST /api/v1/webhook-endpoints/{}/rotate-secret", id.0);
    let held = state
        .running_keys
        .take(&client, &headers, &route, &body.raw, Demand::Optional)?;
    let done = endpoints::act_on_own(&state.core, permit, id.id()?, &act, held.key(), |done| {
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
        // The bounds are the use case's; here only the kind of value counts.
        seconds = match reader.integer("gracePeriodSeconds", i64::MIN..=i64::MAX, &mut errors) {
            Patch::Value(seconds) => Some(seconds),
            Patch::Absent | Patch::Null => None,
        };
        reader.finish(&mut errors);
    }
    if errors.is_empty() { Ok(seconds) } else { Err(errors) }
}
