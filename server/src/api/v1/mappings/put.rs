//! `PUT /mappings/{type}/{externalId}`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse as _, Response};
use domain::fields::{FieldError, ObjectReader};
use domain::mapping::MappingType;
use domain::text;
use ordinavo_core::CoreError;
use ordinavo_core::mapping::references;
use serde::Serialize;
use serde_json::Value;

use super::Mapping;
use crate::api::body::JsonBody;
use crate::api::path::Segments;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// The record that an external ID refers to.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MappingBody {
    /// ID of the record in Ordinavo.
    #[schema(min_length = 1, max_length = 64)]
    pub id: String,
}

/// Creates a reference from an external ID to a record.
///
/// Repeating the request succeeds. An existing reference is never changed: the request fails with `mapping_exists` if
/// the external ID refers to another record, and with `mapping_conflict` if the record has another external ID in this
/// source system. Requires the scope `customers.map`.
#[utoipa::path(
    put, path = "/mappings/{type}/{externalId}", operation_id = "putMapping", tag = "mappings", security(("apiKey" = []), ("oauth2" = ["customers.map"])),
    params(("type" = inline(MappingType), Path, description = "Type of the record"), ("externalId" = String, Path, description = "ID in the source system")),
    request_body = MappingBody,
    responses((status = 201, description = "Created", body = Mapping, headers(("Location" = String, description = "URL of the reference"))), (status = 200, description = "The reference already exists", body = Mapping), ErrorResponses)
)]
pub async fn put_mapping(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    Segments(kind, external_id): Segments,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let permit = client.require()?;
    let mapping_kind = MappingType::from_name(&kind).ok_or_else(CoreError::not_found)?;
    let id = read(&body.value).map_err(CoreError::invalid)?;
    let (line, is_new) = references::put(&state.core, permit, mapping_kind, &external_id, &id).await?;
    let mapping = Mapping::from(line);
    Ok(if is_new {
        let location = format!(
            "/api/v1/mappings/{kind}/{}",
            crate::api::encode_segment(&mapping.external_id)
        );
        (StatusCode::CREATED, [(LOCATION, location)], Json(mapping)).into_response()
    } else {
        Json(mapping).into_response()
    })
}

fn read(body: &Value) -> Result<String, Vec<FieldError>> {
    let mut errors = Vec::new();
    let Some(mut reader) = ObjectReader::new(body, "", &mut errors) else {
        return Err(errors);
    };
    let id = reader.required_text("id", 64, &mut errors, |text| text::line(text, 64));
    reader.finish(&mut errors);
    match id {
        Some(id) if errors.is_empty() => Ok(id),
        _ => Err(errors),
    }
}
