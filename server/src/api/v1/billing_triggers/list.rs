//! `GET /billing-triggers`.

use axum::Json;
use axum::extract::State;
use ordinavo_core::visits::client_results;

use super::{BillingTrigger, BillingTriggerPage};
use crate::api::paging::{PageQuery, QueryParams, timestamp_key};
use crate::api::problem::{ApiError, ErrorResponses};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Lists billing triggers.
///
/// Covers the targets of the client's source system, newest first. Requires the scope `billing.read`.
#[utoipa::path(
    get, path = "/billing-triggers", operation_id = "listBillingTriggers", tag = "billing-triggers", security(("apiKey" = []), ("oauth2" = ["billing.read"])),
    params(PageQuery),
    responses((status = 200, description = "A page, newest first", body = BillingTriggerPage), ErrorResponses)
)]
pub async fn list_billing_triggers(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    QueryParams(query): QueryParams<PageQuery>,
) -> Result<Json<BillingTriggerPage>, ApiError> {
    let permit = client.require()?;
    let paging = query.paging()?;
    let page = client_results::billing_triggers(&state.core, permit, paging.after()?, paging.limit()).await?;
    let next_cursor = paging.next(&page, |row| timestamp_key(row.raised_at, row.id));
    Ok(Json(BillingTriggerPage {
        data: page.rows.into_iter().map(BillingTrigger::from).collect(),
        next_cursor,
    }))
}
