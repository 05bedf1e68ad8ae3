//! `GET /follow-ups`.

use axum::Json;
use axum::extract::State;
use ordinavo_core::visits::client_results;

use super::{FollowUp, FollowUpPage};
use crate::api::paging::{PageQuery, Parameters, moment};
use crate::api::problem::{ApiError, Refusals};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// List follow-ups.
///
/// Those of the own targets, newest first. Needs the scope `reports.read`.
#[utoipa::path(
    get, path = "/follow-ups", operation_id = "listFollowUps", tag = "follow-ups", security(("apiKey" = []), ("oauth2" = ["reports.read"])),
    params(PageQuery),
    responses((status = 200, description = "A page, newest first", body = FollowUpPage), Refusals)
)]
pub async fn list_follow_ups(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    Parameters(query): Parameters<PageQuery>,
) -> Result<Json<FollowUpPage>, ApiError> {
    let permit = client.require()?;
    let paging = query.paging()?;
    let page = client_results::follow_ups(&state.core, permit, paging.after()?, paging.limit()).await?;
    let next_cursor = paging.next(&page, |row| moment(row.created_at, row.id));
    Ok(Json(FollowUpPage {
        data: page.rows.into_iter().map(FollowUp::from).collect(),
        next_cursor,
    }))
}
