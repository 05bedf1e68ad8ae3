//! `POST /sandbox/events`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use domain::events::EventType;
use domain::fields::{FieldCode, FieldError, ObjectReader, Patch};
use domain::ids::{EventId, TargetId};
use ordinavo_core::CoreError;
use ordinavo_core::integrations::idempotency::respond_once;
use ordinavo_core::integrations::sandbox;
use serde::Serialize;
use serde_json::Value;

use crate::api::body::JsonBody;
use crate::api::idempotency::{KeyRequirement, answer, respond};
use crate::api::problem::{ApiError, ErrorResponses};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// The event to trigger.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TriggerBody {
    /// The type of the event. `webhook.test` has an action of its endpoint.
    pub r#type: EventType,
    /// The target that the event is about; required for types whose data has a target.
    #[schema(required = false)]
    pub target_id: Option<String>,
}

/// The triggered event.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TriggeredEvent {
    /// ID of the event, which deliveries have as `webhook-id`.
    pub event_id: EventId,
}

/// Triggers an event of a type in the sandbox.
///
/// The event has the members of the documented example and is delivered like every other event of the sandbox. Nothing else
/// happens. Only with a test key. Requires the scope `webhooks.write`.
#[utoipa::path(
    post, path = "/sandbox/events", operation_id = "triggerSandboxEvent", tag = "sandbox", security(("apiKey" = []), ("oauth2" = ["webhooks.write"])),
    request_body = TriggerBody,
    responses((status = 202, description = "The event is delivered", body = TriggeredEvent), ErrorResponses)
)]
pub async fn trigger_sandbox_event(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let permit = client.require()?;
    let (kind, target) = read(&body.value).map_err(CoreError::invalid)?;
    let held = state.in_flight_keys.reserve(
        &client,
        &headers,
        "POST /api/v1/sandbox/events",
        &body.raw,
        KeyRequirement::Optional,
    )?;
    let done = respond_once(&state.core, &client, held.key(), async {
        let event_id = sandbox::trigger_event(&state.core, permit, kind, target).await?;
        Ok(answer(202, None, &TriggeredEvent { event_id }))
    })
    .await?;
    Ok(respond(done))
}

fn read(body: &Value) -> Result<(EventType, Option<TargetId>), Vec<FieldError>> {
    let mut errors = Vec::new();
    let Some(mut reader) = ObjectReader::new(body, "", &mut errors) else {
        return Err(errors);
    };
    let names: Vec<&str> = EventType::ALL.iter().map(|kind| kind.name()).collect();
    let kind = reader.one_of("type", &names, &mut errors, EventType::from_name).value();
    if kind.is_none() && errors.is_empty() {
        errors.push(FieldError::new("/type", FieldCode::Required));
    }
    let target = match reader.raw("targetId") {
        Patch::Value(value) => {
            let target = value.as_str().and_then(|text| text.parse().ok());
            if target.is_none() {
                errors.push(FieldError::new("/targetId", FieldCode::TargetNotFound));
            }
            target
        }
        Patch::Absent | Patch::Null => None,
    };
    reader.finish(&mut errors);
    match kind {
        Some(kind) if errors.is_empty() => Ok((kind, target)),
        _ => Err(errors),
    }
}
