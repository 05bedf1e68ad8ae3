//! `GET /visit-reports/{id}`.

use axum::Json;
use axum::extract::State;
use ordinavo_core::visits::client_results;

use super::VisitReport;
use crate::api::path::Segment;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Returns an approved visit report.
///
/// Returns `404` for a report that is not approved. Requires the scope `reports.read`.
#[utoipa::path(
    get, path = "/visit-reports/{id}", operation_id = "getVisitReport", tag = "visit-reports", security(("apiKey" = []), ("oauth2" = ["reports.read"])),
    params(("id" = String, Path, description = "ID of the report")),
    responses((status = 200, description = "The report", body = VisitReport), ErrorResponses)
)]
pub async fn get_visit_report(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
) -> Result<Json<VisitReport>, ApiError> {
    let permit = client.require()?;
    Ok(Json(
        client_results::report(&state.core, permit, id.id()?).await?.into(),
    ))
}
