//! `PUT /locations/by-external-id/{externalId}`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use domain::customers::Coordinates;
use domain::customers::MAX_ACCESS_NOTES_CHARS;
use domain::fields::{FieldCode, FieldError, ObjectReader, Patch};
use domain::imports::{MAX_NAME_CHARS, filled, read_place};
use domain::text::{self, ExternalId};
use ordinavo_core::CoreError;
use ordinavo_core::customers::client_records;
use ordinavo_core::customers::client_records::{LocationForm, RecordWriter};
use ordinavo_core::imports::is_zone;
use serde::Serialize;
use serde_json::Value;

use super::Location;
use crate::api::body::JsonBody;
use crate::api::created_or_updated;
use crate::api::path::Segment;
use crate::api::preference::condition;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// The location to create or update.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = LocationWrite)]
pub struct LocationBody {
    /// External ID of the customer; required for a new location.
    #[schema(required = false, max_length = 128)]
    pub customer_external_id: Option<String>,
    /// Name of the location; required for a new one.
    #[schema(required = false, min_length = 1, max_length = 200)]
    pub name: Option<String>,
    /// Street and house number.
    #[schema(required = false, max_length = 200)]
    pub street: Option<String>,
    /// Postal code.
    #[schema(required = false, max_length = 20)]
    pub postal_code: Option<String>,
    /// City.
    #[schema(required = false, max_length = 100)]
    pub city: Option<String>,
    /// ISO 3166-1 alpha-2 country code.
    #[schema(required = false, pattern = "^[A-Za-z]{2}$")]
    pub country: Option<String>,
    /// Geographic coordinates.
    #[schema(required = false)]
    pub coordinates: Option<Coordinates>,
    /// IANA time zone such as `Europe/Berlin`. A new location gets that of the organization.
    #[schema(required = false, max_length = 64)]
    pub zone: Option<String>,
    /// Notes about access for technicians.
    #[schema(required = false, max_length = 1000)]
    pub access_notes: Option<String>,
}

/// Creates or updates a location.
///
/// Named fields replace the stored values, absent ones are kept, and null clears a value. Gates and settings of the source
/// system hold as in imports. An existing location is never moved to another customer. With `If-None-Match: *` the request only creates,
/// with `If-Match: *` it only updates. Requires the scopes `customers.map` and `customers.write`.
#[utoipa::path(
    put, path = "/locations/by-external-id/{externalId}", operation_id = "putLocation", tag = "locations", security(("apiKey" = []), ("oauth2" = ["customers.map", "customers.write"])),
    params(
        ("externalId" = String, Path, description = "ID in the source system"),
        ("If-None-Match" = Option<String>, Header, description = "`*` to create only; the request fails if the record exists", pattern = r"^\*$"),
        ("If-Match" = Option<String>, Header, description = "`*` to update only; the request fails if the record does not exist", pattern = r"^\*$")
    ),
    request_body = LocationBody,
    responses((status = 201, description = "Created", body = Location, headers(("Location" = String, description = "URL of the location"))), (status = 200, description = "Updated", body = Location), ErrorResponses)
)]
pub async fn put_location(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    external_id: Segment,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let writer = RecordWriter::of(&client)?;
    let condition = condition(&headers)?;
    let form = read(&body.value).map_err(CoreError::invalid)?;
    let (row, is_new) = client_records::put_location(&state.core, writer, &external_id.0, condition, &form).await?;
    let location = Location::from(row);
    Ok(created_or_updated(
        is_new,
        &format!("/api/v1/locations/{}", location.id),
        &location,
    ))
}

fn read(body: &Value) -> Result<LocationForm, Vec<FieldError>> {
    let mut errors = Vec::new();
    let Some(mut reader) = ObjectReader::new(body, "", &mut errors) else {
        return Err(errors);
    };
    let customer_external_id = reader
        .text(
            "customerExternalId",
            ExternalId::MAX_CHARS,
            &mut errors,
            ExternalId::parse,
        )
        .value()
        .map(|id| id.as_str().to_owned());
    let name = name(&mut reader, "name", &mut errors);
    let place = read_place(&mut reader, &mut errors);
    let zone = reader
        .text("zone", 64, &mut errors, |text| text::line(text, 64))
        .value();
    if zone.as_deref().is_some_and(|zone| !is_zone(zone)) {
        errors.push(FieldError::new("/zone", FieldCode::InvalidZone));
    }
    let access_notes = filled(reader.text("accessNotes", MAX_ACCESS_NOTES_CHARS, &mut errors, |text| {
        text::optional_paragraphs(text, MAX_ACCESS_NOTES_CHARS)
    }));
    reader.finish(&mut errors);
    if errors.is_empty() {
        Ok(LocationForm {
            customer_external_id,
            name,
            place,
            zone,
            access_notes,
        })
    } else {
        Err(errors)
    }
}

/// Parses a name that may be absent but cannot be cleared.
pub(in crate::api::v1) fn name(
    reader: &mut ObjectReader<'_>,
    member: &'static str,
    errors: &mut Vec<FieldError>,
) -> Option<String> {
    let pointer = reader.pointer(member);
    match reader.text(member, MAX_NAME_CHARS, errors, |text| text::line(text, MAX_NAME_CHARS)) {
        Patch::Absent => None,
        Patch::Null => {
            errors.push(FieldError::new(pointer, FieldCode::Required));
            None
        }
        Patch::Value(name) => Some(name),
    }
}
