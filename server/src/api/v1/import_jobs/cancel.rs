//! `POST /import-jobs/{id}/cancel`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use domain::imports::jobs::ImportJob;
use ordinavo_core::imports::jobs;

use crate::api::body::OptionalBody;
use crate::api::idempotency::{KeyRequirement, answer, respond};
use crate::api::path::Segment;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::api::require_empty_body;
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Cancels an import job.
///
/// Items that are already imported stay; the remaining items are not started. Requires the scope `targets.write`.
#[utoipa::path(
    post, path = "/import-jobs/{id}/cancel", operation_id = "cancelImportJob", tag = "import-jobs", security(("apiKey" = []), ("oauth2" = ["targets.write"])),
    params(("id" = String, Path, description = "ID of the job")),
    responses((status = 200, description = "The cancelled job", body = ImportJob), ErrorResponses)
)]
pub async fn cancel_import_job(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
    headers: HeaderMap,
    OptionalBody(body): OptionalBody,
) -> Result<Response, ApiError> {
    let permit = client.require()?;
    require_empty_body(&body.value)?;
    let route = format!("POST /api/v1/import-jobs/{}/cancel", id.0);
    let held = state
        .in_flight_keys
        .reserve(&client, &headers, &route, &body.raw, KeyRequirement::Optional)?;
    let done = jobs::cancel(&state.core, permit, id.id()?, held.key(), |job| answer(200, None, job)).await?;
    Ok(respond(done))
}
