//! `POST /targets`: imports one target in one transaction and records it as an import job with one item.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use domain::imports::jobs::{ImportJob, ImportMode, TargetBatch};
use domain::imports::results::ImportItemResult;
use domain::imports::{ItemOutcome, TargetImport, TargetImportBody};
use domain::problems::{Cause, Problem};
use ordinavo_core::CoreError;
use ordinavo_core::imports::{ApiResponse, ImportPermits, import_one, is_zone, jobs};

use crate::api::body::JsonBody;
use crate::api::idempotency::{KeyRequirement, answer, respond};
use crate::api::preference::prefers_async_response;
use crate::api::problem::{ApiError, ErrorResponses, ProblemBody};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Imports a target.
///
/// Creates the target or updates the existing one with the same `externalId` in the source system. Requires the scope
/// `targets.write`; `customers.map` allows the import to link customer records and `customers.write` to create and update them. With
/// `Prefer: respond-async`, the import becomes a job with one item.
#[utoipa::path(
    post, path = "/targets", operation_id = "createTarget", tag = "targets", security(("apiKey" = []), ("oauth2" = ["targets.write"])),
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 printable ASCII characters. A repeated request with the same key receives the first response for 24 hours", min_length = 1, max_length = 255, pattern = "^[ -~]+$"),
        ("Prefer" = Option<String>, Header, description = "`respond-async` to run the import in the background")
    ),
    request_body = TargetImportBody,
    responses(
        (status = 201, description = "Created", body = ImportItemResult, headers(("Location" = String, description = "URL of the target"))),
        (status = 200, description = "Updated, unchanged or skipped", body = ImportItemResult),
        (status = 202, description = "The import job is queued", body = ImportJob, headers(("Location" = String, description = "URL of the job"))),
        ErrorResponses
    )
)]
pub async fn create_target(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let permits = ImportPermits::of(&client)?;
    let is_async = prefers_async_response(&headers)?;
    let import = TargetImport::read(&body.value, is_zone).map_err(CoreError::invalid)?;
    let held = state.in_flight_keys.reserve(
        &client,
        &headers,
        "POST /api/v1/targets",
        &body.raw,
        KeyRequirement::Optional,
    )?;
    if is_async {
        let batch = TargetBatch::lenient(ImportMode::Partial, false, vec![body.value], is_zone);
        let accepted_job = jobs::submit(&state.core, permits, &batch, held.key(), accepted).await?;
        let mut response = respond(accepted_job);
        response.headers_mut().insert(
            HeaderName::from_static("preference-applied"),
            HeaderValue::from_static("respond-async"),
        );
        return Ok(response);
    }
    let done = import_one(&state.core, permits, &body.value, &import, held.key(), render).await?;
    Ok(respond(done))
}

/// Returns the answer for a queued import job.
pub fn accepted(job: &ImportJob) -> ApiResponse {
    answer(202, Some(format!("/api/v1/import-jobs/{}", job.id)), job)
}

/// Returns the answer for an import result: the item, or a problem that contains the item.
fn render(result: &ImportItemResult) -> ApiResponse {
    let location = result.target_id.map(|id| format!("/api/v1/targets/{id}"));
    match result.outcome {
        // A locked target is skipped; the client must learn that its changes were not applied.
        Some(outcome) if outcome == ItemOutcome::Failed || !result.errors.is_empty() => {
            let note = result.errors.first();
            let code = note.map(|note| note.code.clone()).unwrap_or_default();
            let mut problem = ProblemBody::new(CoreError::new(Cause::ImportRejected { code }));
            problem.item = Some(result.clone());
            answer(Problem::ImportFailed.status(), None, &problem)
        }
        Some(ItemOutcome::Created) => answer(201, location, result),
        _ => answer(200, None, result),
    }
}
