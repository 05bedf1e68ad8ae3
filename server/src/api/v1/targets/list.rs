//! `GET /targets`.

use axum::Json;
use axum::extract::State;
use ordinavo_core::jobs;

use super::{Target, TargetPage};
use crate::api::paging::{PageQuery, Parameters, moment};
use crate::api::problem::{ApiError, Refusals};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// List targets.
///
/// The own source system's targets, oldest first. Needs the scope `targets.read`.
#[utoipa::path(
    get, path = "/targets", operation_id = "listTargets", tag = "targets", security(("apiKey" = []), ("oauth2" = ["targets.read"])),
    params(PageQuery),
    responses((status = 200, description = "A page, oldest first", body = TargetPage), Refusals)
)]
pub async fn list_targets(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    Parameters(query): Parameters<PageQuery>,
) -> Result<Json<TargetPage>, ApiError> {
    let permit = client.require()?;
    let paging = query.paging()?;
    let page = jobs::list_of_client(&state.core, permit, paging.after()?, paging.limit()).await?;
    let next_cursor = paging.next(&page, |row| moment(row.created_at, row.id));
    Ok(Json(TargetPage {
        data: page.rows.into_iter().map(Target::from).collect(),
        next_cursor,
    }))
}
