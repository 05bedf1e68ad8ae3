//! `GET /import-jobs/{id}/items`.

use axum::Json;
use axum::extract::State;
use domain::ids::ImportJobId;
use domain::import_results::ItemStatus;
use domain::imports::ItemOutcome;
use domain::mapping::table;
use ordinavo_core::imports::jobs;
use ordinavo_core::imports::jobs::{ItemFilter, JobReader};
use serde::Deserialize;

use super::ImportItemPage;
use crate::api::paging::{Paging, Parameters, one_of};
use crate::api::path::Segment;
use crate::api::problem::{ApiError, Refusals};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// The query of a job's items.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ItemQuery {
    /// How many rows a page has; 50 when absent, more than 200 is cut to 200.
    #[param(value_type = Option<i64>, minimum = 1)]
    limit: Option<String>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
    /// Only items of this status or outcome.
    #[param(value_type = Option<ItemFilterStatus>, inline)]
    status: Option<String>,
    /// Only items with this warning or error.
    warning_code: Option<String>,
}

domain::stored_names! {
    /// What items may be narrowed to: a status or an outcome.
    ItemFilterStatus {
        /// It waits.
        Pending = "pending",
        /// It ended well.
        Completed = "completed",
        /// It failed.
        Failed = "failed",
        /// Its job was stopped.
        Cancelled = "cancelled",
        /// A new target.
        Created = "created",
        /// A changed target.
        Updated = "updated",
        /// Nothing new.
        Unchanged = "unchanged",
        /// Left alone.
        Skipped = "skipped",
    }
}

/// List the items of an import job.
///
/// Always in input order. Without the scope `customers.read` items have no `mapping`, and notes carry only code and
/// pointer. Needs the scope `targets.write` or `targets.read`.
#[utoipa::path(
    get, path = "/import-jobs/{id}/items", operation_id = "listImportItems", tag = "import-jobs", security(("apiKey" = []), ("oauth2" = ["targets.read"]), ("oauth2" = ["targets.write"])),
    params(("id" = String, Path, description = "The job's id"), ItemQuery),
    responses((status = 200, description = "A page in input order", body = ImportItemPage), Refusals)
)]
pub async fn list_import_items(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
    Parameters(query): Parameters<ItemQuery>,
) -> Result<Json<ImportItemPage>, ApiError> {
    let reader = JobReader::of(&client)?;
    let job: ImportJobId = id.id()?;
    let names: Vec<&str> = ItemFilterStatus::ALL.iter().map(|status| status.name()).collect();
    let status = one_of("status", query.status.as_deref(), &names, |name| {
        ItemFilterStatus::from_name(name).map(|status| status.name().to_owned())
    })?;
    debug_assert!(
        status
            .as_deref()
            .is_none_or(|name| ItemStatus::from_name(name).is_some() || ItemOutcome::from_name(name).is_some())
    );
    let codes: Vec<&str> = table::codes().iter().map(|(code, _)| *code).collect();
    let warning_code = one_of("warningCode", query.warning_code.as_deref(), &codes, |code| {
        table::meaning(code).map(|_| code.to_owned())
    })?;
    let paging = Paging::new(
        query.limit.as_deref(),
        query.cursor.as_deref(),
        &[Some(&job.to_string()), status.as_deref(), warning_code.as_deref()],
    )?;
    let after = paging.after_number()?.unwrap_or(-1);
    let filter = ItemFilter { status, warning_code };
    let page = jobs::items(&state.core, reader, job, after, &filter, paging.limit()).await?;
    let next_cursor = paging.next(&page, |row| vec![row.index.to_string()]);
    Ok(Json(ImportItemPage {
        data: page.rows,
        next_cursor,
    }))
}
