//! `GET /customers/{id}`.

use axum::Json;
use axum::extract::State;
use ordinavo_core::customers::client_records;

use super::Customer;
use crate::api::path::Segment;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Returns a customer.
///
/// Returns `404` for a customer without a reference in the client's source system. Requires the scope
/// `customers.read`.
#[utoipa::path(
    get, path = "/customers/{id}", operation_id = "getCustomer", tag = "customers", security(("apiKey" = []), ("oauth2" = ["customers.read"])),
    params(("id" = String, Path, description = "ID of the customer")),
    responses((status = 200, description = "The customer", body = Customer), ErrorResponses)
)]
pub async fn get_customer(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
) -> Result<Json<Customer>, ApiError> {
    let permit = client.require()?;
    Ok(Json(
        client_records::get_customer(&state.core, permit, id.id()?)
            .await?
            .into(),
    ))
}
