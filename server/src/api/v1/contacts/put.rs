//! `PUT /contacts/by-external-id/{externalId}`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use domain::customers::MAX_PHONE_CHARS;
use domain::fields::{FieldError, ObjectReader};
use domain::imports::filled;
use domain::text::{self, ExternalId};
use ordinavo_core::CoreError;
use ordinavo_core::customers::client_records;
use ordinavo_core::customers::client_records::{ContactForm, RecordWriter};
use serde::Serialize;
use serde_json::Value;

use super::Contact;
use crate::api::body::JsonBody;
use crate::api::created_or_updated;
use crate::api::path::Segment;
use crate::api::preference::condition;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::api::v1::locations::put::name;
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// The contact to create or update.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ContactWrite)]
pub struct ContactBody {
    /// External ID of the customer; required for a new contact.
    #[schema(required = false, max_length = 128)]
    pub customer_external_id: Option<String>,
    /// External ID of the location; only for a new contact.
    #[schema(required = false, max_length = 128)]
    pub location_external_id: Option<String>,
    /// Display name; required for a new contact.
    #[schema(required = false, min_length = 1, max_length = 200)]
    pub display_name: Option<String>,
    /// Email address.
    #[schema(required = false, max_length = 254, format = Email)]
    pub email: Option<String>,
    /// Phone number.
    #[schema(required = false, max_length = 40)]
    pub phone: Option<String>,
}

/// Creates or updates a contact.
///
/// Named fields replace the stored values, absent ones are kept, and null clears a value. Gates and settings of the source
/// system hold as in imports. An existing contact is never moved to another customer. With `If-None-Match: *` the request only creates,
/// with `If-Match: *` it only updates. Requires the scopes `customers.map` and `customers.write`.
#[utoipa::path(
    put, path = "/contacts/by-external-id/{externalId}", operation_id = "putContact", tag = "contacts", security(("apiKey" = []), ("oauth2" = ["customers.map", "customers.write"])),
    params(
        ("externalId" = String, Path, description = "ID in the source system"),
        ("If-None-Match" = Option<String>, Header, description = "`*` to create only; the request fails if the record exists", pattern = r"^\*$"),
        ("If-Match" = Option<String>, Header, description = "`*` to update only; the request fails if the record does not exist", pattern = r"^\*$")
    ),
    request_body = ContactBody,
    responses((status = 201, description = "Created", body = Contact, headers(("Location" = String, description = "URL of the contact"))), (status = 200, description = "Updated", body = Contact), ErrorResponses)
)]
pub async fn put_contact(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    external_id: Segment,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let writer = RecordWriter::of(&client)?;
    let condition = condition(&headers)?;
    let form = read(&body.value).map_err(CoreError::invalid)?;
    let (row, is_new) = client_records::put_contact(&state.core, writer, &external_id.0, condition, &form).await?;
    let contact = Contact::from(row);
    Ok(created_or_updated(
        is_new,
        &format!("/api/v1/contacts/{}", contact.id),
        &contact,
    ))
}

fn read(body: &Value) -> Result<ContactForm, Vec<FieldError>> {
    let mut errors = Vec::new();
    let Some(mut reader) = ObjectReader::new(body, "", &mut errors) else {
        return Err(errors);
    };
    let mut id = |name| {
        reader
            .text(name, ExternalId::MAX_CHARS, &mut errors, ExternalId::parse)
            .value()
            .map(|id| id.as_str().to_owned())
    };
    let (customer_external_id, location_external_id) = (id("customerExternalId"), id("locationExternalId"));
    let display_name = name(&mut reader, "displayName", &mut errors);
    let email = reader.text("email", 254, &mut errors, text::email);
    let phone = filled(reader.text("phone", MAX_PHONE_CHARS, &mut errors, |text| {
        text::optional_line(text, MAX_PHONE_CHARS)
    }));
    reader.finish(&mut errors);
    if errors.is_empty() {
        Ok(ContactForm {
            customer_external_id,
            location_external_id,
            display_name,
            email,
            phone,
        })
    } else {
        Err(errors)
    }
}
