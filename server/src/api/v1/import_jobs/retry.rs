//! `POST /import-jobs/{id}/retry`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use domain::imports::jobs::ImportJob;
use ordinavo_core::imports::{ImportPermits, jobs};

use crate::api::body::OptionalBody;
use crate::api::idempotency::{KeyRequirement, respond};
use crate::api::path::Segment;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::api::require_empty_body;
use crate::api::v1::targets::create::accepted;
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Retries the failed items of an import job.
///
/// Creates a new job with the failed, skipped and cancelled items, using the current settings. Requires the scopes of an import.
#[utoipa::path(
    post, path = "/import-jobs/{id}/retry", operation_id = "retryImportJob", tag = "import-jobs", security(("apiKey" = []), ("oauth2" = ["targets.write"])),
    params(("id" = String, Path, description = "ID of the job")),
    responses((status = 202, description = "The new job", body = ImportJob, headers(("Location" = String, description = "URL of the new job"))), ErrorResponses)
)]
pub async fn retry_import_job(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
    headers: HeaderMap,
    OptionalBody(body): OptionalBody,
) -> Result<Response, ApiError> {
    let permits = ImportPermits::of(&client)?;
    require_empty_body(&body.value)?;
    let route = format!("POST /api/v1/import-jobs/{}/retry", id.0);
    let held = state
        .in_flight_keys
        .reserve(&client, &headers, &route, &body.raw, KeyRequirement::Optional)?;
    let done = jobs::retry(&state.core, permits, id.id()?, held.key(), accepted).await?;
    Ok(respond(done))
}
