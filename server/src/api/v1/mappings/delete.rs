//! `DELETE /mappings/{type}/{externalId}`.

use axum::extract::State;
use axum::http::StatusCode;
use ordinavo_core::CoreError;
use ordinavo_core::mapping::references;

use domain::mapping::MappingType;

use crate::api::path::Segments;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Deletes a reference.
///
/// Records that were imported through the reference do not change; the next import maps the external ID again. Requires
/// the scope `customers.map`.
#[utoipa::path(
    delete, path = "/mappings/{type}/{externalId}", operation_id = "deleteMapping", tag = "mappings", security(("apiKey" = []), ("oauth2" = ["customers.map"])),
    params(("type" = inline(MappingType), Path, description = "Type of the record"), ("externalId" = String, Path, description = "ID in the source system")),
    responses((status = 204, description = "Deleted"), ErrorResponses)
)]
pub async fn delete_mapping(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    Segments(kind, external_id): Segments,
) -> Result<StatusCode, ApiError> {
    let permit = client.require()?;
    let kind = MappingType::from_name(&kind).ok_or_else(CoreError::not_found)?;
    references::delete(&state.core, permit, kind, &external_id).await?;
    Ok(StatusCode::NO_CONTENT)
}
