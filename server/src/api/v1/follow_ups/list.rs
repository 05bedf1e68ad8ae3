//! `GET /follow-ups`.

use axum::Json;
use axum::extract::State;
use ordinavo_core::visits::client_results;

use super::{FollowUp, FollowUpPage};
use crate::api::paging::{PageQuery, timestamp_key};
use crate::api::problem::{ApiError, ErrorResponses};
use crate::api::query::QueryParams;
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Lists follow-ups.
///
/// Covers the targets of the client's source system, newest first. Requires the scope `reports.read`.
#[utoipa::path(
    get, path = "/follow-ups", operation_id = "listFollowUps", tag = "follow-ups", security(("apiKey" = []), ("oauth2" = ["reports.read"])),
    params(PageQuery),
    responses((status = 200, description = "A page, newest first", body = FollowUpPage), ErrorResponses)
)]
pub async fn list_follow_ups(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    QueryParams(query): QueryParams<PageQuery>,
) -> Result<Json<FollowUpPage>, ApiError> {
    let permit = client.require()?;
    let paging = query.paging()?;
    let page = client_results::follow_ups(&state.core, permit, paging.after()?, paging.limit()).await?;
    let next_cursor = paging.next(&page, |row| timestamp_key(row.created_at, row.id));
    Ok(Json(FollowUpPage {
        data: page.rows.into_iter().map(FollowUp::from).collect(),
        next_cursor,
    }))
}
