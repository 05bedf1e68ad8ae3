//! `GET /visit-reports`.

use axum::Json;
use axum::extract::State;
use ordinavo_core::visits::client_results;

use super::{VisitReport, VisitReportPage};
use crate::api::paging::{PageQuery, timestamp_key};
use crate::api::problem::{ApiError, ErrorResponses};
use crate::api::query::QueryParams;
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Lists approved visit reports.
///
/// Covers the targets of the client's source system, newest first. Requires the scope `reports.read`.
#[utoipa::path(
    get, path = "/visit-reports", operation_id = "listVisitReports", tag = "visit-reports", security(("apiKey" = []), ("oauth2" = ["reports.read"])),
    params(PageQuery),
    responses((status = 200, description = "A page, newest first", body = VisitReportPage), ErrorResponses)
)]
pub async fn list_visit_reports(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    QueryParams(query): QueryParams<PageQuery>,
) -> Result<Json<VisitReportPage>, ApiError> {
    let permit = client.require()?;
    let paging = query.paging()?;
    let page = client_results::reports(&state.core, permit, paging.after()?, paging.limit()).await?;
    let next_cursor = paging.next(&page, |row| timestamp_key(row.submitted_at, row.id));
    Ok(Json(VisitReportPage {
        data: page.rows.into_iter().map(VisitReport::from).collect(),
        next_cursor,
    }))
}
