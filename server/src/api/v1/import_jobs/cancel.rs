//! `POST /import-jobs/{id}/cancel`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use domain::import_jobs::ImportJob;
use ordinavo_core::imports::jobs;

use crate::api::body::OptionalBody;
use crate::api::empty_body;
use crate::api::idempotency::{Demand, answer, respond};
use crate::api::path::Segment;
use crate::api::problem::{ApiError, Refusals};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Stop an import job.
///
/// What was imported stays; the rest is not begun. Needs the scope `targets.write`.
#[utoipa::path(
    post, path = "/import-jobs/{id}/cancel", operation_id = "cancelImportJob", tag = "import-jobs", security(("apiKey" = []), ("oauth2" = ["targets.write"])),
    params(("id" = String, Path, description = "The job's id")),
    responses((status = 200, description = "The stopped job", body = ImportJob), Refusals)
)]
pub async fn cancel_import_job(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
    headers: HeaderMap,
    OptionalBody(body): OptionalBody,
) -> Result<Response, ApiError> {
    let permit = client.require()?;
    empty_body(&body.value)?;
    let route = format!("POST /api/v1/import-jobs/{}/cancel", id.0);
    let held = state
        .running_keys
        .take(&client, &headers, &route, &body.raw, Demand::Optional)?;
    let done = jobs::cancel(&state.core, permit, id.id()?, held.key(), |job| answer(200, None, job)).await?;
    Ok(respond(done))
}
