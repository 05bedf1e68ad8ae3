//! `PUT /locations/by-external-id/{externalId}`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use domain::customers::Coordinates;
use domain::fields::{FieldError, ObjectReader};
use domain::imports::{MOST_NAME, read_place};
use domain::text::{self, ExternalId};
use ordinavo_core::CoreError;
use ordinavo_core::customers::client_records;
use ordinavo_core::customers::client_records::{LocationForm, RecordWriter};
use serde::Serialize;
use serde_json::Value;

use super::Location;
use crate::api::body::JsonBody;
use crate::api::path::Segment;
use crate::api::preference::condition;
use crate::api::problem::{ApiError, Refusals};
use crate::api::written;
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// A location as a client writes it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = LocationWrite)]
pub struct LocationBody {
    /// Whose it is, by the customer's external id; needed for a new one.
    #[schema(required = false, max_length = 128)]
    pub customer_external_id: Option<String>,
    /// Its name.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// Street and number.
    #[schema(required = false, max_length = 200)]
    pub street: Option<String>,
    /// Postal code.
    #[schema(required = false, max_length = 20)]
    pub postal_code: Option<String>,
    /// City.
    #[schema(required = false, max_length = 100)]
    pub city: Option<String>,
    /// ISO 3166 code.
    #[schema(required = false, pattern = "^[A-Za-z]{2}$")]
    pub country: Option<String>,
    /// Coordinates.
    #[schema(required = false)]
    pub coordinates: Option<Coordinates>,
}

/// Make or change a location.
///
/// It is never moved to another customer. `If-None-Match: *` only makes, `If-Match: *` only changes. Needs the scopes `customers.map` and
/// `customers.write`.
#[utoipa::path(
    put, path = "/locations/by-external-id/{externalId}", operation_id = "putLocation", tag = "locations", security(("apiKey" = []), ("oauth2" = ["customers.map", "customers.write"])),
    params(
        ("externalId" = String, Path, description = "The id in the source system"),
        ("If-None-Match" = Option<String>, Header, description = "`*` to only make a new one", pattern = r"^\*$"),
        ("If-Match" = Option<String>, Header, description = "`*` to only change a known one", pattern = r"^\*$")
    ),
    request_body = LocationBody,
    responses((status = 201, description = "Made", body = Location, headers(("Location" = String, description = "The location"))), (status = 200, description = "Changed", body = Location), Refusals)
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
    Ok(written(
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
        .text("customerExternalId", ExternalId::MOST, &mut errors, ExternalId::parse)
        .value()
        .map(|id| id.as_str().to_owned());
    let name = reader.required_text("name", MOST_NAME, &mut errors, |text| text::line(text, MOST_NAME));
    let (address, coordinates) = read_place(&mut reader, &mut errors);
    reader.finish(&mut errors);
    match name {
        Some(name) if errors.is_empty() => Ok(LocationForm {
            customer_external_id,
            name,
            address,
            coordinates,
        }),
        _ => Err(errors),
    }
}
