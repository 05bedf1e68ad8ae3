//! `GET /targets`.

use axum::Json;
use axum::extract::State;
use ordinavo_core::jobs;

use super::{Target, TargetPage};
use crate::api::paging::{PageQuery, QueryParams, timestamp_key};
use crate::api::problem::{ApiError, ErrorResponses};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Lists targets.
///
/// Covers the targets of the client's source system, oldest first. Requires the scope `targets.read`.
#[utoipa::path(
    get, path = "/targets", operation_id = "listTargets", tag = "targets", security(("apiKey" = []), ("oauth2" = ["targets.read"])),
    params(PageQuery),
    responses((status = 200, description = "A page, oldest first", body = TargetPage), ErrorResponses)
)]
pub async fn list_targets(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    QueryParams(query): QueryParams<PageQuery>,
) -> Result<Json<TargetPage>, ApiError> {
    let permit = client.require()?;
    let paging = query.paging()?;
    let page = jobs::list_for_client(&state.core, permit, paging.after()?, paging.limit()).await?;
    let next_cursor = paging.next(&page, |row| timestamp_key(row.created_at, row.id));
    Ok(Json(TargetPage {
        data: page.rows.into_iter().map(Target::from).collect(),
        next_cursor,
    }))
}
