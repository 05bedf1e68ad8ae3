//! `POST /targets/batch`: enqueues many imports for the worker.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use domain::imports::jobs::{BatchRefusal, ImportJob, MAX_ATOMIC_ITEMS, MAX_ITEMS, TargetBatch, TargetBatchBody};
use domain::problems::Cause;
use ordinavo_core::CoreError;
use ordinavo_core::imports::{ImportPermits, is_zone, jobs};

use super::create::accepted;
use crate::api::body::BatchBody;
use crate::api::idempotency::{KeyRequirement, respond};
use crate::api::problem::{ApiError, ErrorResponses};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Imports many targets.
///
/// Accepts 1 to 500 items and up to 2 MiB, optionally compressed with gzip. The import runs in the background; the job
/// reports the result of each item, in input order. With `atomic`, either all items are imported or none, and at most 100
/// items are allowed. With `dryRun`, all items are evaluated and nothing is written. Requires the scopes of a single
/// import and an `Idempotency-Key`.
#[utoipa::path(
    post, path = "/targets/batch", operation_id = "createTargetBatch", tag = "targets", security(("apiKey" = []), ("oauth2" = ["targets.write"])),
    params(("Idempotency-Key" = String, Header, description = "1 to 255 printable ASCII characters. A repeated request with the same key receives the first response for 24 hours", min_length = 1, max_length = 255, pattern = "^[ -~]+$")),
    request_body = TargetBatchBody,
    responses((status = 202, description = "The import job is queued", body = ImportJob, headers(("Location" = String, description = "URL of the job"))), ErrorResponses)
)]
pub async fn create_target_batch(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    headers: HeaderMap,
    BatchBody(body): BatchBody,
) -> Result<Response, ApiError> {
    let permits = ImportPermits::of(&client)?;
    let held = state.in_flight_keys.reserve(
        &client,
        &headers,
        "POST /api/v1/targets/batch",
        &body.raw,
        KeyRequirement::Required,
    )?;
    let batch = TargetBatch::read(&body.value, is_zone).map_err(|refusal| match refusal {
        BatchRefusal::Fields(fields) => CoreError::invalid(fields),
        BatchRefusal::TooManyItems => CoreError::new(Cause::TooManyItems { max: MAX_ITEMS }),
        BatchRefusal::TooManyAtomicItems => CoreError::new(Cause::TooManyAtomicItems { max: MAX_ATOMIC_ITEMS }),
    })?;
    Ok(respond(
        jobs::submit(&state.core, permits, &batch, held.key(), accepted).await?,
    ))
}
