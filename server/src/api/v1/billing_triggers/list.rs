//! `GET /billing-triggers`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use ordinavo_core::visits::client_results;
use serde::Deserialize;

use super::{BillingTrigger, BillingTriggerPage};
use crate::api::etag::tagged;
use crate::api::paging::{Paging, timestamp_key};
use crate::api::problem::{ApiError, ErrorResponses};
use crate::api::query::{QueryParams, one_of};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Query parameters of `GET /billing-triggers`.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BillingQuery {
    /// Number of items per page. Defaults to 50; values above 200 are treated as 200.
    #[param(value_type = Option<i64>, minimum = 1)]
    limit: Option<String>,
    /// The `nextCursor` of the previous page.
    cursor: Option<String>,
    /// Returns only acknowledged triggers, or only those that are not.
    #[param(value_type = Option<bool>)]
    acknowledged: Option<String>,
}

/// Lists billing triggers.
///
/// Covers the targets of the client's source system, newest first. The answer has an `ETag`; with `If-None-Match` an
/// unchanged page is `304`. Requires the scope `billing.read`; `customers.read` adds the customer.
#[utoipa::path(
    get, path = "/billing-triggers", operation_id = "listBillingTriggers", tag = "billing-triggers", security(("apiKey" = []), ("oauth2" = ["billing.read"])),
    params(BillingQuery, ("If-None-Match" = Option<String>, Header, description = "The `ETag` of an earlier answer")),
    responses((status = 200, description = "A page, newest first", body = BillingTriggerPage), (status = 304, description = "Unchanged"), ErrorResponses)
)]
pub async fn list_billing_triggers(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    headers: HeaderMap,
    QueryParams(query): QueryParams<BillingQuery>,
) -> Result<Response, ApiError> {
    let permit = client.require()?;
    let acknowledged = one_of(
        "acknowledged",
        query.acknowledged.as_deref(),
        &["true", "false"],
        |text| text.parse().ok(),
    )?;
    let filters = [query.acknowledged.as_deref()];
    let paging = Paging::new(query.limit.as_deref(), query.cursor.as_deref(), &filters)?;
    let page =
        client_results::billing_triggers(&state.core, permit, acknowledged, paging.after()?, paging.limit()).await?;
    let next_cursor = paging.next(&page, |row| timestamp_key(row.raised_at, row.id));
    let body = BillingTriggerPage {
        data: page
            .rows
            .into_iter()
            .map(|row| BillingTrigger::of(row, &client))
            .collect(),
        next_cursor,
    };
    Ok(tagged(&headers, &body)?)
}
