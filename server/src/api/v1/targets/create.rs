//! `POST /targets`: one import, in one transaction, recorded as job and item.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use domain::import_jobs::{ImportJob, ImportMode, TargetBatch};
use domain::import_results::ImportItemResult;
use domain::imports::{ItemOutcome, TargetImport, TargetImportBody};
use domain::problems::Problem;
use ordinavo_core::CoreError;
use ordinavo_core::imports::{Answer, ImportPermits, import_one, is_zone, jobs};

use crate::api::body::JsonBody;
use crate::api::idempotency::{Demand, answer, respond};
use crate::api::preference::asks_to_respond_async;
use crate::api::problem::{ApiError, ProblemBody, Refusals};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Import a target.
///
/// The natural key (tenant, source system, externalId) makes this an upsert: sent twice, there is one target. Needs the
/// scope `targets.write`; `customers.map` and `customers.write` widen what is done about the customer. With
/// `Prefer: respond-async` the import becomes a job with one item.
#[utoipa::path(
    post, path = "/targets", operation_id = "createTarget", tag = "targets", security(("apiKey" = []), ("oauth2" = ["targets.write"])),
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 printable ASCII characters; the first answer is repeated for 24 hours", min_length = 1, max_length = 255, pattern = "^[ -~]+$"),
        ("Prefer" = Option<String>, Header, description = "`respond-async` to have the import done by the worker")
    ),
    request_body = TargetImportBody,
    responses(
        (status = 201, description = "Created", body = ImportItemResult, headers(("Location" = String, description = "The target"))),
        (status = 200, description = "Updated, unchanged or skipped", body = ImportItemResult),
        (status = 202, description = "Taken in as a job", body = ImportJob, headers(("Location" = String, description = "The job"))),
        Refusals
    )
)]
pub async fn create_target(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let permits = ImportPermits::of(&client)?;
    let is_async = asks_to_respond_async(&headers)?;
    let import = TargetImport::read(&body.value, is_zone).map_err(CoreError::invalid)?;
    let held = state
        .running_keys
        .take(&client, &headers, "POST /api/v1/targets", &body.raw, Demand::Optional)?;
    if is_async {
        let batch = TargetBatch::lenient(ImportMode::Partial, false, vec![body.value], is_zone);
        let taken = jobs::submit(&state.core, permits, &batch, held.key(), accepted).await?;
        let mut response = respond(taken);
        response.headers_mut().insert(
            HeaderName::from_static("preference-applied"),
            HeaderValue::from_static("respond-async"),
        );
        return Ok(response);
    }
    let done = import_one(&state.core, permits, &body.value, &import, held.key(), render).await?;
    Ok(respond(done))
}

/// The answer to a job that was taken in.
pub fn accepted(job: &ImportJob) -> Answer {
    answer(202, Some(format!("/api/v1/import-jobs/{}", job.id)), job)
}

/// The answer to a result: the item, or a problem with the item in it.
fn render(result: &ImportItemResult) -> Answer {
    let location = result.target_id.map(|id| format!("/api/v1/targets/{id}"));
    match result.outcome {
        // A locked target is skipped, and its sender must know that nothing was taken over.
        Some(outcome) if outcome == ItemOutcome::Failed || !result.errors.is_empty() => {
            let note = result.errors.first();
            let code = note.map(|note| note.code.clone()).unwrap_or_default();
            let meaning = domain::mapping::table::meaning(&code).unwrap_or("The import was refused.");
            let mut problem = ProblemBody::new(CoreError::new(Problem::ImportFailed, meaning));
            problem.item = Some(result.clone());
            answer(Problem::ImportFailed.status(), None, &problem)
        }
        Some(ItemOutcome::Created) => answer(201, location, result),
        _ => answer(200, None, result),
    }
}
