//! `GET /import-jobs`.

use axum::Json;
use axum::extract::State;
use ordinavo_core::imports::jobs;
use ordinavo_core::imports::jobs::JobReader;

use super::ImportJobPage;
use crate::api::paging::{PageQuery, timestamp_key};
use crate::api::problem::{ApiError, ErrorResponses};
use crate::api::query::QueryParams;
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Lists import jobs.
///
/// Covers the jobs of the client's source system, newest first. Requires the scope `targets.write` or `targets.read`.
#[utoipa::path(
    get, path = "/import-jobs", operation_id = "listImportJobs", tag = "import-jobs", security(("apiKey" = []), ("oauth2" = ["targets.read"]), ("oauth2" = ["targets.write"])),
    params(PageQuery),
    responses((status = 200, description = "A page, newest first", body = ImportJobPage), ErrorResponses)
)]
pub async fn list_import_jobs(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    QueryParams(query): QueryParams<PageQuery>,
) -> Result<Json<ImportJobPage>, ApiError> {
    let reader = JobReader::of(&client)?;
    let paging = query.paging()?;
    let page = jobs::list(&state.core, reader, paging.after()?, paging.limit()).await?;
    let next_cursor = paging.next(&page, |row| timestamp_key(row.created_at, row.id));
    Ok(Json(ImportJobPage {
        data: page.rows,
        next_cursor,
    }))
}
