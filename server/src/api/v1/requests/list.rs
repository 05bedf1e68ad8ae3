//! `GET /requests`.

use axum::Json;
use axum::extract::State;
use ordinavo_core::requests::client_requests;

use super::{Request, RequestPage};
use crate::api::paging::{PageQuery, timestamp_key};
use crate::api::problem::{ApiError, ErrorResponses};
use crate::api::query::QueryParams;
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Lists requests.
///
/// Covers the requests of the client's source system, oldest first. Requires the scope `requests.read`.
#[utoipa::path(
    get, path = "/requests", operation_id = "listRequests", tag = "requests", security(("apiKey" = []), ("oauth2" = ["requests.read"])),
    params(PageQuery),
    responses((status = 200, description = "A page, oldest first", body = RequestPage), ErrorResponses)
)]
pub async fn list_requests(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    QueryParams(query): QueryParams<PageQuery>,
) -> Result<Json<RequestPage>, ApiError> {
    let permit = client.require()?;
    let paging = query.paging()?;
    let page = client_requests::list(&state.core, permit, paging.after()?, paging.limit()).await?;
    let next_cursor = paging.next(&page, |row| timestamp_key(row.submitted_at, row.id));
    Ok(Json(RequestPage {
        data: page.rows.into_iter().map(Request::from).collect(),
        next_cursor,
    }))
}
