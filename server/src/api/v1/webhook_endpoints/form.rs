//! Request bodies for creating and updating webhook endpoints.

use std::collections::BTreeMap;

use domain::fields::{FieldCode, FieldError, ObjectReader, Patch};
use domain::text;
use domain::webhooks::Ordering;
use ordinavo_core::webhooks::endpoints::{
    EndpointForm, EndpointPatch, MAX_DESCRIPTION_CHARS, MAX_EVENT_TYPES, MAX_URL_CHARS,
};
use serde::Serialize;
use serde_json::Value;

/// The webhook endpoint to create.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookEndpointBody {
    /// URL of the endpoint; must use `https`.
    #[schema(max_length = 2000)]
    pub url: String,
    /// Event types to subscribe to.
    #[schema(min_items = 1, max_items = 50)]
    pub event_types: Vec<String>,
    /// Data options to turn on: `contactDetails`, `summaryPreviews` and `billingDetails`. All are off by default.
    #[schema(required = false)]
    pub data_options: Option<BTreeMap<String, bool>>,
    /// `none` (default) or `per_target`.
    #[schema(required = false)]
    pub ordering: Option<Ordering>,
    /// Whether deliveries also carry an Ed25519 signature (`v1a`). The response contains the public key.
    #[schema(required = false)]
    pub asymmetric_signatures: Option<bool>,
    /// Description of the endpoint.
    #[schema(required = false, max_length = 200)]
    pub description: Option<String>,
}

/// The properties to update; absent properties do not change.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookEndpointPatch {
    /// URL of the endpoint; must use `https`.
    #[schema(required = false, max_length = 2000)]
    pub url: Option<String>,
    /// Event types to subscribe to.
    #[schema(required = false, min_items = 1, max_items = 50)]
    pub event_types: Option<Vec<String>>,
    /// Data options to turn on or off; absent options do not change. An option that is turned off also applies to retries
    /// and replays.
    #[schema(required = false)]
    pub data_options: Option<BTreeMap<String, bool>>,
    /// `none` or `per_target`; applies to future events.
    #[schema(required = false)]
    pub ordering: Option<Ordering>,
    /// Description of the endpoint; null clears it.
    #[schema(required = false, max_length = 200)]
    pub description: Option<String>,
}

fn list(reader: &mut ObjectReader<'_>, errors: &mut Vec<FieldError>) -> Option<Vec<String>> {
    let pointer = reader.pointer("eventTypes");
    match reader.raw("eventTypes") {
        Patch::Absent => None,
        Patch::Value(Value::Array(items)) if items.len() <= MAX_EVENT_TYPES && items.iter().all(Value::is_string) => {
            Some(items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        }
        Patch::Null | Patch::Value(_) => {
            errors.push(FieldError::new(
                pointer,
                FieldCode::ItemCount {
                    min: 1,
                    max: MAX_EVENT_TYPES,
                },
            ));
            None
        }
    }
}

fn options(reader: &mut ObjectReader<'_>, errors: &mut Vec<FieldError>) -> Vec<(String, bool)> {
    let pointer = reader.pointer("dataOptions");
    match reader.raw("dataOptions") {
        Patch::Absent | Patch::Null => Vec::new(),
        Patch::Value(Value::Object(options)) if options.values().all(Value::is_boolean) => options
            .iter()
            .map(|(name, on)| (name.clone(), *on == Value::Bool(true)))
            .collect(),
        Patch::Value(_) => {
            errors.push(FieldError::new(pointer, FieldCode::NotBooleanMap));
            Vec::new()
        }
    }
}

fn ordering(reader: &mut ObjectReader<'_>, errors: &mut Vec<FieldError>) -> Option<Ordering> {
    let names: Vec<&str> = Ordering::ALL.iter().map(|ordering| ordering.name()).collect();
    reader.one_of("ordering", &names, errors, Ordering::from_name).value()
}

fn description(reader: &mut ObjectReader<'_>, errors: &mut Vec<FieldError>) -> Patch<String> {
    match reader.text("description", MAX_DESCRIPTION_CHARS, errors, |text| {
        text::optional_line(text, MAX_DESCRIPTION_CHARS)
    }) {
        Patch::Absent => Patch::Absent,
        Patch::Null | Patch::Value(None) => Patch::Null,
        Patch::Value(Some(text)) => Patch::Value(text),
    }
}

/// Parses the body of a create request.
///
/// # Errors
/// All validation errors, each with the pointer to its field.
pub fn read(body: &Value) -> Result<EndpointForm, Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut form = EndpointForm::default();
    if let Some(mut reader) = ObjectReader::new(body, "", &mut errors) {
        let url = reader.required_text("url", MAX_URL_CHARS, &mut errors, |url| text::line(url, MAX_URL_CHARS));
        form.url = url.unwrap_or_default();
        let errors_before = errors.len();
        match list(&mut reader, &mut errors) {
            Some(types) => form.event_types = types,
            None if errors.len() == errors_before => {
                errors.push(FieldError::new("/eventTypes", FieldCode::Required));
            }
            None => {}
        }
        form.data_options = options(&mut reader, &mut errors)
            .into_iter()
            .filter_map(|(name, on)| on.then_some(name))
            .collect();
        form.ordering = ordering(&mut reader, &mut errors).unwrap_or(Ordering::None);
        form.asymmetric = reader
            .boolean("asymmetricSignatures", &mut errors)
            .value()
            .unwrap_or_default();
        form.description = description(&mut reader, &mut errors).value();
        reader.finish(&mut errors);
    }
    if errors.is_empty() { Ok(form) } else { Err(errors) }
}

/// Parses the body of an update request.
///
/// # Errors
/// All validation errors, each with the pointer to its field.
pub fn read_patch(body: &Value) -> Result<EndpointPatch, Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut patch = EndpointPatch::default();
    if let Some(mut reader) = ObjectReader::new(body, "", &mut errors) {
        patch.url = match reader.text("url", MAX_URL_CHARS, &mut errors, |url| text::line(url, MAX_URL_CHARS)) {
            Patch::Null => {
                errors.push(FieldError::new("/url", FieldCode::Required));
                None
            }
            other => other.value(),
        };
        patch.event_types = list(&mut reader, &mut errors);
        patch.data_options = options(&mut reader, &mut errors);
        patch.ordering = ordering(&mut reader, &mut errors);
        patch.description = description(&mut reader, &mut errors);
        reader.finish(&mut errors);
    }
    if errors.is_empty() { Ok(patch) } else { Err(errors) }
}
