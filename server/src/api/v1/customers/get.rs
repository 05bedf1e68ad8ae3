//! `GET /customers/{id}`.

use axum::Json;
use axum::extract::State;
use ordinavo_core::customers::client_records;

use super::Customer;
use crate::api::path::Segment;
use crate::api::problem::{ApiError, Refusals};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Read a customer.
///
/// One without a reference in the own source system answers like one that does not exist. Needs the scope
/// `customers.read`.
#[utoipa::path(
    get, path = "/customers/{id}", operation_id = "getCustomer", tag = "customers", security(("apiKey" = []), ("oauth2" = ["customers.read"])),
    params(("id" = String, Path, description = "The customer's id")),
    responses((status = 200, description = "The customer", body = Customer), Refusals)
)]
pub async fn get_customer(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
) -> Result<Json<Customer>, ApiError> {
    let permit = client.require()?;
    Ok(Json(
        client_records::customer(&state.core, permit, id.id()?).await?.into(),
    ))
}
