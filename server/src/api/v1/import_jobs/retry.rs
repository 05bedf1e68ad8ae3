//! `POST /import-jobs/{id}/retry`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use domain::import_jobs::ImportJob;
use ordinavo_core::imports::{ImportPermits, jobs};

use crate::api::body::OptionalBody;
use crate::api::empty_body;
use crate::api::idempotency::{Demand, respond};
use crate::api::path::Segment;
use crate::api::problem::{ApiError, Refusals};
use crate::api::v1::targets::create::accepted;
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Repeat what failed in an import job.
///
/// The failed, skipped and stopped items become a new job under the settings of today. Needs the scopes of an import.
#[utoipa::path(
    post, path = "/import-jobs/{id}/retry", operation_id = "retryImportJob", tag = "import-jobs", security(("apiKey" = []), ("oauth2" = ["targets.write"])),
    params(("id" = String, Path, description = "The job's id")),
    responses((status = 202, description = "The new job", body = ImportJob, headers(("Location" = String, description = "The new job"))), Refusals)
)]
pub async fn retry_import_job(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
    headers: HeaderMap,
    OptionalBody(body): OptionalBody,
) -> Result<Response, ApiError> {
    let permits = ImportPermits::of(&client)?;
    empty_body(&body.value)?;
    let route = format!("POST /api/v1/import-jobs/{}/retry", id.0);
    let held = state
        .running_keys
        .take(&client, &headers, &route, &body.raw, Demand::Optional)?;
    let done = jobs::retry(&state.core, permits, id.id()?, held.key(), accepted).await?;
    Ok(respond(done))
}
