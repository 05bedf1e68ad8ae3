//! `POST /webhook-endpoints/{id}/recover`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::fields::{FieldCode, FieldError, ObjectReader, Patch};
use ordinavo_core::CoreError;
use ordinavo_core::webhooks::endpoints;
use ordinavo_core::webhooks::endpoints::Act;
use serde::Serialize;
use serde_json::Value;

use crate::api::body::JsonBody;
use crate::api::idempotency::{KeyRequirement, answer, respond};
use crate::api::path::Segment;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// The deliveries to recover.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RecoverBody {
    /// Start of the time range (inclusive), at most 14 days ago.
    pub since: DateTime<Utc>,
    /// End of the time range (exclusive). Defaults to the current time.
    #[schema(required = false)]
    pub until: Option<DateTime<Utc>>,
}

/// A recovery of held and failed deliveries.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Recovery {
    /// Unique identifier.
    pub id: String,
    /// Number of deliveries that are queued.
    pub deliveries: i64,
}

/// Recovers held and failed deliveries.
///
/// Queues them as new deliveries. Requires an `Idempotency-Key` and the scope `webhooks.write`.
#[utoipa::path(
    post, path = "/webhook-endpoints/{id}/recover", operation_id = "recoverWebhookEndpoint", tag = "webhook-endpoints", security(("apiKey" = []), ("oauth2" = ["webhooks.write"])),
    params(("id" = String, Path, description = "ID of the endpoint"), ("Idempotency-Key" = String, Header, description = "1 to 255 printable ASCII characters", min_length = 1, max_length = 255)),
    request_body = RecoverBody,
    responses((status = 202, description = "The deliveries are queued", body = Recovery), ErrorResponses)
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
        .in_flight_keys
        .reserve(&client, &headers, &route, &body.raw, KeyRequirement::Required)?;
    let (since, until) = read(&body.value).map_err(CoreError::invalid)?;
    let action = Act::Recover { since, until };
    let done = endpoints::perform_for_client(&state.core, permit, id.id()?, &action, held.key(), |done| {
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

/// Start and optional end of a time range.
type TimeRange = (DateTime<Utc>, Option<DateTime<Utc>>);

fn read(body: &Value) -> Result<TimeRange, Vec<FieldError>> {
    let mut errors = Vec::new();
    let (mut since, mut until) = (None, None);
    if let Some(mut reader) = ObjectReader::new(body, "", &mut errors) {
        let mut parse_time = |name, errors: &mut Vec<FieldError>| {
            let pointer = reader.pointer(name);
            match reader.raw(name) {
                Patch::Absent | Patch::Null => None,
                Patch::Value(value) => {
                    let read = value.as_str().and_then(|text| DateTime::parse_from_rfc3339(text).ok());
                    if read.is_none() {
                        errors.push(FieldError::new(pointer, FieldCode::InvalidTimestamp));
                    }
                    read.map(|time| time.with_timezone(&Utc))
                }
            }
        };
        let errors_before = errors.len();
        since = parse_time("since", &mut errors);
        if since.is_none() && errors.len() == errors_before {
            errors.push(FieldError::new("/since", FieldCode::Required));
        }
        until = parse_time("until", &mut errors);
        reader.finish(&mut errors);
    }
    match since {
        Some(since) if errors.is_empty() => Ok((since, until)),
        _ => Err(errors),
    }
}
