//! `GET /import-jobs/{id}/items`.

use axum::Json;
use axum::extract::State;
use domain::ids::ImportJobId;
use domain::imports::ItemOutcome;
use domain::imports::results::ItemStatus;
use domain::mapping::table;
use ordinavo_core::imports::jobs;
use ordinavo_core::imports::jobs::{ItemFilter, JobReader};
use serde::Deserialize;

use super::ImportItemPage;
use crate::api::paging::Paging;
use crate::api::path::Segment;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::api::query::{QueryParams, one_of};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Query parameters of `GET /import-jobs/{id}/items`.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ItemQuery {
    /// Number of items per page. Defaults to 50; values above 200 are treated as 200.
    #[param(value_type = Option<i64>, minimum = 1)]
    limit: Option<String>,
    /// The `nextCursor` of the previous page.
    cursor: Option<String>,
    /// Returns only items with this status or outcome.
    #[param(value_type = Option<ItemFilterStatus>, inline)]
    status: Option<String>,
    /// Returns only items with this warning or error code.
    warning_code: Option<String>,
}

domain::stored_names! {
    /// The filter values of import items: a status or an outcome.
    ItemFilterStatus {
        /// Not processed yet.
        Pending = "pending",
        /// Processed without errors.
        Completed = "completed",
        /// Processed with errors.
        Failed = "failed",
        /// Not processed because the job was cancelled.
        Cancelled = "cancelled",
        /// Created a target.
        Created = "created",
        /// Updated a target.
        Updated = "updated",
        /// Contained no changes.
        Unchanged = "unchanged",
        /// Not applied.
        Skipped = "skipped",
    }
}

/// Lists the items of an import job.
///
/// Items are in input order. Without the scope `customers.read`, items have no `mapping`, and notes have only code and
/// pointer. Requires the scope `targets.write` or `targets.read`.
#[utoipa::path(
    get, path = "/import-jobs/{id}/items", operation_id = "listImportItems", tag = "import-jobs", security(("apiKey" = []), ("oauth2" = ["targets.read"]), ("oauth2" = ["targets.write"])),
    params(("id" = String, Path, description = "ID of the job"), ItemQuery),
    responses((status = 200, description = "A page in input order", body = ImportItemPage), ErrorResponses)
)]
pub async fn list_import_items(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
    QueryParams(query): QueryParams<ItemQuery>,
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
