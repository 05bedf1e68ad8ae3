//! `PUT /customers/by-external-id/{externalId}`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use domain::fields::{FieldError, ObjectReader};
use domain::imports::MOST_NAME;
use domain::scopes::Scope;
use domain::text::{self, CustomerNumber};
use ordinavo_core::CoreError;
use ordinavo_core::customers::client_records;
use ordinavo_core::customers::client_records::RecordWriter;
use serde::Serialize;
use serde_json::Value;

use super::Customer;
use crate::api::body::JsonBody;
use crate::api::path::Segment;
use crate::api::preference::condition;
use crate::api::problem::{ApiError, Refusals};
use crate::api::written;
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// A customer as a client writes it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CustomerWrite)]
pub struct CustomerBody {
    /// Its name.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// Its number; only for a new customer, and only one that nobody has.
    #[schema(required = false, max_length = 64)]
    pub customer_number: Option<String>,
}

/// Make or change a customer.
///
/// A number is never changed from outside. `If-None-Match: *` only makes, `If-Match: *` only changes. Needs the scopes `customers.map` and
/// `customers.write`.
#[utoipa::path(
    put, path = "/customers/by-external-id/{externalId}", operation_id = "putCustomer", tag = "customers", security(("apiKey" = []), ("oauth2" = ["customers.map", "customers.write"])),
    params(
        ("externalId" = String, Path, description = "The id in the source system"),
        ("If-None-Match" = Option<String>, Header, description = "`*` to only make a new one", pattern = r"^\*$"),
        ("If-Match" = Option<String>, Header, description = "`*` to only change a known one", pattern = r"^\*$")
    ),
    request_body = CustomerBody,
    responses((status = 201, description = "Made", body = Customer, headers(("Location" = String, description = "The customer"))), (status = 200, description = "Changed", body = Customer), Refusals)
)]
pub async fn put_customer(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    external_id: Segment,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let writer = RecordWriter::of(&client)?;
    let condition = condition(&headers)?;
    let form = read(&body.value).map_err(CoreError::invalid)?;
    let (row, is_new) =
        client_records::put_customer(&state.core, writer, &external_id.0, condition, &form.0, form.1.as_ref()).await?;
    let mut customer = Customer::from(row);
    if !client.has(Scope::CustomersRead) {
        // Without the scope nothing is told that was not sent.
        customer.customer_number = None;
    }
    Ok(written(
        is_new,
        &format!("/api/v1/customers/{}", customer.id),
        &customer,
    ))
}

fn read(body: &Value) -> Result<(String, Option<CustomerNumber>), Vec<FieldError>> {
    let mut errors = Vec::new();
    let Some(mut reader) = ObjectReader::new(body, "", &mut errors) else {
        return Err(errors);
    };
    let name = reader.required_text("name", MOST_NAME, &mut errors, |text| text::line(text, MOST_NAME));
    let number = reader
        .text(
            "customerNumber",
            CustomerNumber::MOST,
            &mut errors,
            CustomerNumber::parse,
        )
        .value()
        .flatten();
    reader.finish(&mut errors);
    match name {
        Some(name) if errors.is_empty() => Ok((name, number)),
        _ => Err(errors),
    }
}
