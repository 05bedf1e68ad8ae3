//! `POST /webhook-endpoints`.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse as _, Response};
use domain::fields::{FieldError, ObjectReader, Patch};
use domain::text;
use ordinavo_core::CoreError;
use ordinavo_core::services::integrations::{self, EndpointForm};
use secrecy::ExposeSecret as _;
use serde::Serialize;
use serde_json::Value;

use crate::api::body::JsonBody;
use crate::api::problem::{ApiError, Refusals};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// What is needed to make an endpoint.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookEndpointBody {
    /// An https URL.
    #[schema(max_length = 2000)]
    pub url: String,
    /// At least one event type.
    #[schema(min_items = 1)]
    pub event_types: Vec<String>,
    /// `contactDetails`, `summaryPreviews`, `billingDetails`; all off when absent.
    #[schema(required = false)]
    pub data_options: Option<BTreeMap<String, bool>>,
    /// What it is for.
    #[schema(required = false, max_length = 200)]
    pub description: Option<String>,
}

/// The answer: the only one that ever holds the secret.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreatedWebhookEndpoint {
    /// The endpoint's id.
    pub id: String,
    /// Keep it: it is shown this once.
    pub secret: String,
    /// Where events go.
    pub url: String,
    /// Which events.
    pub event_types: Vec<String>,
}

/// Make a webhook endpoint.
///
/// Deliveries are signed as Standard Webhooks 1.0 says. Needs the scope `webhooks.write`, and for a data option the read
/// scope that belongs to it.
#[utoipa::path(
    post, path = "/webhook-endpoints", operation_id = "createWebhookEndpoint", tag = "webhook-endpoints", security(("apiKey" = []), ("oauth2" = ["webhooks.write"])),
    request_body = WebhookEndpointBody,
    responses((status = 201, description = "Created", body = CreatedWebhookEndpoint), Refusals)
)]
pub async fn create_webhook_endpoint(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let permit = client.require()?;
    let form = read(&body.value).map_err(CoreError::invalid)?;
    let (id, secret) = integrations::create_endpoint(&state.core, permit, &form).await?;
    let location = format!("/api/v1/webhook-endpoints/{id}");
    let created = CreatedWebhookEndpoint {
        id: id.to_string(),
        secret: secret.expose_secret().to_owned(),
        url: form.url,
        event_types: form.event_types,
    };
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(created)).into_response())
}

fn read(body: &Value) -> Result<EndpointForm, Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut form = EndpointForm::default();
    if let Some(mut reader) = ObjectReader::new(body, "", &mut errors) {
        match reader.text("url", 2_000, &mut errors, |url| text::line(url, 2_000)) {
            Patch::Value(url) => form.url = url,
            Patch::Absent if body.get("url").is_some() => {}
            Patch::Absent | Patch::Null => errors.push(FieldError::new("/url", "required", "A value is required.")),
        }
        match reader.raw("eventTypes").value().and_then(Value::as_array).map(|items| {
            items
                .iter()
                .map(|item| item.as_str().map(str::to_owned))
                .collect::<Option<Vec<_>>>()
        }) {
            Some(Some(types)) => form.event_types = types,
            _ => errors.push(FieldError::new(
                "/eventTypes",
                "validation_failed",
                "A list of event types is required.",
            )),
        }
        match reader.raw("dataOptions") {
            Patch::Value(Value::Object(options)) if options.values().all(Value::is_boolean) => {
                form.data_options = options
                    .iter()
                    .filter(|(_, on)| **on == Value::Bool(true))
                    .map(|(name, _)| name.clone())
                    .collect();
            }
            Patch::Value(_) => errors.push(FieldError::new(
                "/dataOptions",
                "validation_failed",
                "An object of true and false is required.",
            )),
            Patch::Absent | Patch::Null => {}
        }
        form.description = reader
            .text("description", 200, &mut errors, |text| text::optional_line(text, 200))
            .value()
            .flatten();
        reader.finish(&mut errors);
    }
    if errors.is_empty() { Ok(form) } else { Err(errors) }
}
