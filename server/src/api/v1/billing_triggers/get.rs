//! `GET /billing-triggers/{id}`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use ordinavo_core::visits::client_results;

use super::BillingTrigger;
use crate::api::etag::tagged;
use crate::api::path::Segment;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Returns a billing trigger.
///
/// With `If-None-Match` an unchanged trigger is `304`. Requires the scope `billing.read`; `customers.read` adds the
/// customer.
#[utoipa::path(
    get, path = "/billing-triggers/{id}", operation_id = "getBillingTrigger", tag = "billing-triggers", security(("apiKey" = []), ("oauth2" = ["billing.read"])),
    params(("id" = String, Path, description = "ID of the trigger"), ("If-None-Match" = Option<String>, Header, description = "The `ETag` of an earlier answer")),
    responses((status = 200, description = "The trigger", body = BillingTrigger), (status = 304, description = "Unchanged"), ErrorResponses)
)]
pub async fn get_billing_trigger(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let permit = client.require()?;
    let trigger = client_results::billing_trigger(&state.core, permit, id.id()?).await?;
    Ok(tagged(&headers, &BillingTrigger::of(trigger, &client))?)
}
