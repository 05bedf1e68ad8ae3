//! `GET /customers`.

use axum::Json;
use axum::extract::State;
use ordinavo_core::customers::client_records;
use serde::Deserialize;

use super::{Customer, CustomerPage};
use crate::api::paging::Paging;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::api::query::QueryParams;
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Query parameters of `GET /customers`.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CustomerQuery {
    /// Number of items per page. Defaults to 50; values above 200 are treated as 200.
    #[param(value_type = Option<i64>, minimum = 1)]
    limit: Option<String>,
    /// The `nextCursor` of the previous page.
    cursor: Option<String>,
    /// Returns only the customer with this external ID.
    external_id: Option<String>,
    /// Returns only customers with this customer number.
    customer_number: Option<String>,
}

/// Lists customers.
///
/// Includes the customers with a reference in the client's source system, ordered by external ID. Requires the scope
/// `customers.read`.
#[utoipa::path(
    get, path = "/customers", operation_id = "listCustomers", tag = "customers", security(("apiKey" = []), ("oauth2" = ["customers.read"])),
    params(CustomerQuery),
    responses((status = 200, description = "A page", body = CustomerPage), ErrorResponses)
)]
pub async fn list_customers(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    QueryParams(query): QueryParams<CustomerQuery>,
) -> Result<Json<CustomerPage>, ApiError> {
    let permit = client.require()?;
    let paging = Paging::new(
        query.limit.as_deref(),
        query.cursor.as_deref(),
        &[query.external_id.as_deref(), query.customer_number.as_deref()],
    )?;
    let after = paging.after_text()?;
    if let Some(external_id) = &query.external_id {
        let found = client_records::find_customer_by_external_id(&state.core, permit, external_id).await?;
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
    let page = client_records::list_customers(
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
