//! `POST /billing-triggers/{id}/acknowledge`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use domain::fields::{FieldError, ObjectReader};
use domain::text;
use ordinavo_core::billing::model::ClientBillingTrigger;
use ordinavo_core::visits::client_results;
use ordinavo_core::visits::client_results::{MAX_REFERENCE_CHARS, VersionCheck};
use ordinavo_core::{CoreError, CoreResult};
use serde::Serialize;
use serde_json::Value;

use super::BillingTrigger;
use crate::api::body::JsonBody;
use crate::api::etag::{etag, if_match};
use crate::api::idempotency::{KeyRequirement, answer, respond};
use crate::api::path::Segment;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// The acknowledgement of a billing trigger by an external billing system.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Acknowledgement {
    /// Reference in the billing system, such as an invoice number.
    #[schema(min_length = 1, max_length = 128)]
    pub reference: String,
}

/// Acknowledges a billing trigger.
///
/// Repeating the request with the same reference succeeds; a different reference is rejected with the stored one. To
/// correct it, send `If-Match` with the `ETag` of the trigger. Requires the scope `billing.read`.
#[utoipa::path(
    post, path = "/billing-triggers/{id}/acknowledge", operation_id = "acknowledgeBillingTrigger", tag = "billing-triggers", security(("apiKey" = []), ("oauth2" = ["billing.read"])),
    params(("id" = String, Path, description = "ID of the trigger"), ("If-Match" = Option<String>, Header, description = "The `ETag` of the trigger, to correct its reference")),
    request_body = Acknowledgement,
    responses((status = 200, description = "The trigger", body = BillingTrigger), ErrorResponses)
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
        .in_flight_keys
        .reserve(&client, &headers, &route, &body.raw, KeyRequirement::Optional)?;
    let expected = if_match(&headers)?;
    let is_expected = |trigger: &ClientBillingTrigger| -> CoreResult<bool> {
        let tag = etag(&BillingTrigger::of(trigger.clone(), &client))?;
        Ok(expected.as_deref().is_some_and(|expected| expected == tag))
    };
    let is_expected: Option<&VersionCheck<'_>> = if expected.is_some() { Some(&is_expected) } else { None };
    let done = client_results::acknowledge(
        &state.core,
        permit,
        id.id()?,
        &reference,
        is_expected,
        held.key(),
        |trigger| answer(200, None, &BillingTrigger::of(trigger, &client)),
    )
    .await?;
    Ok(respond(done))
}

fn read(body: &Value) -> Result<String, Vec<FieldError>> {
    let mut errors = Vec::new();
    let Some(mut reader) = ObjectReader::new(body, "", &mut errors) else {
        return Err(errors);
    };
    let reference = reader.required_text("reference", MAX_REFERENCE_CHARS, &mut errors, |text| {
        text::line(text, MAX_REFERENCE_CHARS)
    });
    reader.finish(&mut errors);
    match reference {
        Some(reference) if errors.is_empty() => Ok(reference),
        _ => Err(errors),
    }
}
