//! `POST /billing-triggers/{id}/acknowledge`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use domain::fields::{FieldError, ObjectReader};
use domain::text;
use ordinavo_core::CoreError;
use ordinavo_core::visits::client_results;
use ordinavo_core::visits::client_results::MOST_REFERENCE;
use serde::Serialize;
use serde_json::Value;

use super::BillingTrigger;
use crate::api::body::JsonBody;
use crate::api::idempotency::{Demand, answer, respond};
use crate::api::path::Segment;
use crate::api::problem::{ApiError, Refusals};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Under what the receiving system knows it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Acknowledgement {
    /// A number or key of the receiving system.
    #[schema(min_length = 1, max_length = 128)]
    pub reference: String,
}

/// Acknowledge a billing trigger.
///
/// Saying the same again is no mistake; another reference is refused. Needs the scope `billing.read`.
#[utoipa::path(
    post, path = "/billing-triggers/{id}/acknowledge", operation_id = "acknowledgeBillingTrigger", tag = "billing-triggers", security(("apiKey" = []), ("oauth2" = ["billing.read"])),
    params(("id" = String, Path, description = "The trigger's id")),
    request_body = Acknowledgement,
    responses((status = 200, description = "The trigger", body = BillingTrigger), Refusals)
)]
pub async fn acknowledge_billing_trigger(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let permit = client.require()?;
    let reference = read(&body.value).map_err(CoreError::invalid)?;
    let route = format!("POST /api/v1/billing-triggers/{}/acknowledge", id.0);
    let held = state
        .running_keys
        .take(&client, &headers, &route, &body.raw, Demand::Optional)?;
    let done = client_results::acknowledge(&state.core, permit, id.id()?, &reference, held.key(), |trigger| {
        answer(200, None, &BillingTrigger::from(trigger))
    })
    .await?;
    Ok(respond(done))
}

fn read(body: &Value) -> Result<String, Vec<FieldError>> {
    let mut errors = Vec::new();
    let Some(mut reader) = ObjectReader::new(body, "", &mut errors) else {
        return Err(errors);
    };
    let reference = reader.required_text("reference", MOST_REFERENCE, &mut errors, |text| {
        text::line(text, MOST_REFERENCE)
    });
    reader.finish(&mut errors);
    match reference {
        Some(reference) if errors.is_empty() => Ok(reference),
        _ => Err(errors),
    }
}
