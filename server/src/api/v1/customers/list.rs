//! `GET /customers`.

use axum::Json;
use axum::extract::State;
use ordinavo_core::customers::client_records;
use serde::Deserialize;

use super::{Customer, CustomerPage};
use crate::api::paging::{Paging, Parameters};
use crate::api::problem::{ApiError, Refusals};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// The query of the customers.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CustomerQuery {
    /// How many rows a page has; 50 when absent, more than 200 is cut to 200.
    #[param(value_type = Option<i64>, minimum = 1)]
    limit: Option<String>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
    /// Only the customer with this external id.
    external_id: Option<String>,
    /// Only customers with this number.
    customer_number: Option<String>,
}

/// List customers.
///
/// Those that the own source system has a reference to, by external id. Needs the scope `customers.read`.
#[utoipa::path(
    get, path = "/customers", operation_id = "listCustomers", tag = "customers", security(("apiKey" = []), ("oauth2" = ["customers.read"])),
    params(CustomerQuery),
    responses((status = 200, description = "A page", body = CustomerPage), Refusals)
)]
pub async fn list_customers(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    Parameters(query): Parameters<CustomerQuery>,
) -> Result<Json<CustomerPage>, ApiError> {
    let permit = client.require()?;
    let paging = Paging::new(
        query.limit.as_deref(),
        query.cursor.as_deref(),
        &[query.external_id.as_deref(), query.customer_number.as_deref()],
    )?;
    let after = paging.after_text()?;
    if let Some(external_id) = &query.external_id {
        let found = client_records::customer_by_external_id(&state.core, permit, external_id).await?;
        let found = found.filter(|customer| {
            query
                .customer_number
                .as_deref()
                .is_none_or(|number| client_records::has_number(customer, number))
        });
        return Ok(Json(CustomerPage {
            data: found.into_iter().map(Customer::from).collect(),
            next_cursor: None,
        }));
    }
    let page = client_records::customers(
        &state.core,
        permit,
        query.customer_number.as_deref(),
        &after,
        paging.limit(),
    )
    .await?;
    let next_cursor = paging.next(&page, |row| vec![row.external_id.clone()]);
    Ok(Json(CustomerPage {
        data: page.rows.into_iter().map(Customer::from).collect(),
        next_cursor,
    }))
}
