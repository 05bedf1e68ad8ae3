//! `GET /billing-triggers/{id}`.

use axum::Json;
use axum::extract::State;
use ordinavo_core::visits::client_results;

use super::BillingTrigger;
use crate::api::path::Segment;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Returns a billing trigger.
///
/// Requires the scope `billing.read`.
#[utoipa::path(
    get, path = "/billing-triggers/{id}", operation_id = "getBillingTrigger", tag = "billing-triggers", security(("apiKey" = []), ("oauth2" = ["billing.read"])),
    params(("id" = String, Path, description = "ID of the trigger")),
    responses((status = 200, description = "The trigger", body = BillingTrigger), ErrorResponses)
)]
pub async fn get_billing_trigger(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
) -> Result<Json<BillingTrigger>, ApiError> {
    let permit = client.require()?;
    Ok(Json(
        client_results::billing_trigger(&state.core, permit, id.id()?)
            .await?
            .into(),
    ))
}
