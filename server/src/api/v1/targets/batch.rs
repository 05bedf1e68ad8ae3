//! `POST /targets/batch`: many imports, taken in at once and done by the worker.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use domain::import_jobs::{BatchRefusal, ImportJob, MOST_ATOMIC_ITEMS, MOST_ITEMS, TargetBatch, TargetBatchBody};
use domain::problems::Problem;
use ordinavo_core::CoreError;
use ordinavo_core::imports::{ImportPermits, is_zone, jobs};

use super::create::accepted;
use crate::api::body::BatchBody;
use crate::api::idempotency::{Demand, respond};
use crate::api::problem::{ApiError, Refusals};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Import many targets.
///
/// 1 to 500 items and 2 MiB, gzip allowed. The answer comes at once; the job tells what becomes of each item, in input
/// order. `atomic` keeps all or nothing and takes at most 100 items; `dryRun` decides and tells everything and writes
/// nothing. Needs the scopes of a single import and an `Idempotency-Key`.
#[utoipa::path(
    post, path = "/targets/batch", operation_id = "createTargetBatch", tag = "targets", security(("apiKey" = []), ("oauth2" = ["targets.write"])),
    params(("Idempotency-Key" = String, Header, description = "1 to 255 printable ASCII characters; the first answer is repeated for 24 hours", min_length = 1, max_length = 255, pattern = "^[ -~]+$")),
    request_body = TargetBatchBody,
    responses((status = 202, description = "Taken in", body = ImportJob, headers(("Location" = String, description = "The job"))), Refusals)
)]
pub async fn create_target_batch(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    headers: HeaderMap,
    BatchBody(body): BatchBody,
) -> Result<Response, ApiError> {
    let permits = ImportPermits::of(&client)?;
    let held = state.running_keys.take(
        &client,
        &headers,
        "POST /api/v1/targets/batch",
        &body.raw,
        Demand::Required,
    )?;
    let batch = TargetBatch::read(&body.value, is_zone).map_err(|refusal| match refusal {
        BatchRefusal::Fields(fields) => CoreError::invalid(fields),
        BatchRefusal::TooManyItems => {
            CoreError::new(Problem::BatchTooLarge, format!("A batch may have {MOST_ITEMS} items."))
        }
        BatchRefusal::TooManyAtomicItems => CoreError::new(
            Problem::AtomicBatchTooLarge,
            format!("An atomic batch may have {MOST_ATOMIC_ITEMS} items."),
        ),
    })?;
    Ok(respond(
        jobs::submit(&state.core, permits, &batch, held.key(), accepted).await?,
    ))
}
