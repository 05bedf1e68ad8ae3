//! `GET /import-jobs/{id}`.

use axum::Json;
use axum::extract::State;
use domain::imports::jobs::ImportJob;
use ordinavo_core::imports::jobs;
use ordinavo_core::imports::jobs::JobReader;

use crate::api::path::Segment;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Returns an import job.
///
/// `completed` means that all items were processed, even if some failed; `failed` means that the job could not run.
/// Requires the scope `targets.write` or `targets.read`.
#[utoipa::path(
    get, path = "/import-jobs/{id}", operation_id = "getImportJob", tag = "import-jobs", security(("apiKey" = []), ("oauth2" = ["targets.read"]), ("oauth2" = ["targets.write"])),
    params(("id" = String, Path, description = "ID of the job")),
    responses((status = 200, description = "The job", body = ImportJob), ErrorResponses)
)]
pub async fn get_import_job(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
) -> Result<Json<ImportJob>, ApiError> {
    let reader = JobReader::of(&client)?;
    Ok(Json(jobs::get(&state.core, reader, id.id()?).await?))
}
