//! `POST /webhook-endpoints/{id}/recover`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::fields::{FieldError, ObjectReader, Patch};
use ordinavo_core::CoreError;
use ordinavo_core::webhooks::endpoints;
use ordinavo_core::webhooks::endpoints::Act;
use serde::Serialize;
use serde_json::Value;

use crate::api::body::JsonBody;
use crate::api::idempotency::{Demand, answer, respond};
use crate::api::path::Segment;
use crate::api::problem::{ApiError, Refusals};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Which deliveries to recover.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RecoverBody {
    /// Events from this moment on; at most 14 days back.
    pub since: DateTime<Utc>,
    /// Events before this moment; until now when absent.
    #[schema(required = false)]
    pub until: Option<DateTime<Utc>>,
}

/// What is recovered.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Recovery {
    /// Its id.
    pub id: String,
    /// How many held and failed deliveries are made after all.
    pub deliveries: i64,
}

/// Recover held and failed deliveries.
///
/// They are made as if they were new. Needs an `Idempotency-Key` and the scope `webhooks.write`.
#[utoipa::path(
    post, path = "/webhook-endpoints/{id}/recover", operation_id = "recoverWebhookEndpoint", tag = "webhook-endpoints", security(("apiKey" = []), ("oauth2" = ["webhooks.write"])),
    params(("id" = String, Path, description = "The endpoint's id"), ("Idempotency-Key" = String, Header, description = "Your key for this request", min_length = 1, max_length = 255)),
    request_body = RecoverBody,
    responses((status = 202, description = "On their way", body = Recovery), Refusals)
)]
pub async fn recover_webhook_endpoint(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let permit = client.require()?;
    let route = format!("POST /api/v1/webhook-endpoints/{}/recover", id.0);
    let held = state
        .running_keys
        .take(&client, &headers, &route, &body.raw, Demand::Required)?;
    let (since, until) = read(&body.value).map_err(CoreError::invalid)?;
    let act = Act::Recover { since, until };
    let done = endpoints::act_on_own(&state.core, permit, id.id()?, &act, held.key(), |done| {
        let recovery = Recovery {
            id: done.recovery.map(|id| id.to_string()).unwrap_or_default(),
            deliveries: done.deliveries,
        };
        answer(
            202,
            Some(format!("/api/v1/webhook-endpoints/{}/deliveries", id.0)),
            &recovery,
        )
    })
    .await?;
    Ok(respond(done))
}

/// From when and, perhaps, until when.
type Span = (DateTime<Utc>, Option<DateTime<Utc>>);

fn read(body: &Value) -> Result<Span, Vec<FieldError>> {
    let mut errors = Vec::new();
    let (mut since, mut until) = (None, None);
    if let Some(mut reader) = ObjectReader::new(body, "", &mut errors) {
        let mut moment = |name, errors: &mut Vec<FieldError>| {
            let pointer = reader.pointer(name);
            match reader.raw(name) {
                Patch::Absent | Patch::Null => None,
                Patch::Value(value) => {
                    let read = value.as_str().and_then(|text| DateTime::parse_from_rfc3339(text).ok());
                    if read.is_none() {
                        errors.push(FieldError::new(
                            pointer,
                            "validation_failed",
                            "A moment such as 2026-11-24T09:00:00Z is required.",
                        ));
                    }
                    read.map(|moment| moment.with_timezone(&Utc))
                }
            }
        };
        let before = errors.len();
        since = moment("since", &mut errors);
        if since.is_none() && errors.len() == before {
            errors.push(FieldError::new("/since", "required", "A value is required."));
        }
        until = moment("until", &mut errors);
        reader.finish(&mut errors);
    }
    match since {
        Some(since) if errors.is_empty() => Ok((since, until)),
        _ => Err(errors),
    }
}
