//! `GET /targets/by-external-id/{externalId}`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use ordinavo_core::jobs;

use super::Target;
use crate::api::etag::tagged;
use crate::api::path::Segment;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Returns a target by its ID in the source system.
///
/// With `If-None-Match` an unchanged target is `304`. Requires the scope `targets.read`; `customers.read` adds customer,
/// location and contact.
#[utoipa::path(
    get, path = "/targets/by-external-id/{externalId}", operation_id = "getTargetByExternalId", tag = "targets", security(("apiKey" = []), ("oauth2" = ["targets.read"])),
    params(("externalId" = String, Path, description = "ID in the source system"), ("If-None-Match" = Option<String>, Header, description = "The `ETag` of an earlier answer")),
    responses((status = 200, description = "The target", body = Target), (status = 304, description = "Unchanged"), ErrorResponses)
)]
pub async fn get_target_by_external_id(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    external_id: Segment,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let permit = client.require()?;
    let target = jobs::get_for_client_by_external_id(&state.core, permit, &external_id.0).await?;
    Ok(tagged(&headers, &Target::of(target, &client))?)
}
