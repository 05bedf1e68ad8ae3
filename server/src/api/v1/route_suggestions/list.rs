//! `GET /route-suggestions`.

use axum::Json;
use axum::extract::State;
use ordinavo_core::suggestions::clients;

use super::RouteSuggestionPage;
use crate::api::paging::{PageQuery, timestamp_key};
use crate::api::problem::{ApiError, ErrorResponses};
use crate::api::query::QueryParams;
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Lists route suggestions.
///
/// Covers the suggestions of the client's source system, newest first. Suggestions are retained for 30 days. Requires
/// the scope `routes.suggest`.
#[utoipa::path(
    get, path = "/route-suggestions", operation_id = "listRouteSuggestions", tag = "route-suggestions", security(("apiKey" = []), ("oauth2" = ["routes.suggest"])),
    params(PageQuery),
    responses((status = 200, description = "A page, newest first", body = RouteSuggestionPage), ErrorResponses)
)]
pub async fn list_route_suggestions(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    QueryParams(query): QueryParams<PageQuery>,
) -> Result<Json<RouteSuggestionPage>, ApiError> {
    let permit = client.require()?;
    let paging = query.paging()?;
    let page = clients::list(&state.core, permit, paging.after()?, paging.limit()).await?;
    let next_cursor = paging.next(&page, |row| timestamp_key(row.suggestion.created_at, row.suggestion.id));
    Ok(Json(RouteSuggestionPage {
        data: page.rows.into_iter().map(Into::into).collect(),
        next_cursor,
    }))
}
