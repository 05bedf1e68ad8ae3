//! `PUT /customers/by-external-id/{externalId}`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use domain::fields::{FieldError, ObjectReader};
use domain::scopes::Scope;
use domain::text::CustomerNumber;
use ordinavo_core::CoreError;
use ordinavo_core::customers::client_records;
use ordinavo_core::customers::client_records::RecordWriter;
use serde::Serialize;
use serde_json::Value;

use super::Customer;
use crate::api::body::JsonBody;
use crate::api::created_or_updated;
use crate::api::path::Segment;
use crate::api::preference::condition;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::api::v1::locations::put::name;
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// The customer to create or update.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CustomerWrite)]
pub struct CustomerBody {
    /// Name of the customer; required for a new one.
    #[schema(required = false, min_length = 1, max_length = 200)]
    pub name: Option<String>,
    /// Customer number. Only for a new customer; must not be in use.
    #[schema(required = false, max_length = 64)]
    pub customer_number: Option<String>,
}

/// Creates or updates a customer.
///
/// Named fields replace the stored values, absent ones are kept, and null clears a value. Gates and settings of the source
/// system hold as in imports. The number of an existing customer is never
/// changed. With `If-None-Match: *` the request only creates,
/// with `If-Match: *` it only updates. Requires the scopes `customers.map` and `customers.write`.
#[utoipa::path(
    put, path = "/customers/by-external-id/{externalId}", operation_id = "putCustomer", tag = "customers", security(("apiKey" = []), ("oauth2" = ["customers.map", "customers.write"])),
    params(
        ("externalId" = String, Path, description = "ID in the source system"),
        ("If-None-Match" = Option<String>, Header, description = "`*` to create only; the request fails if the record exists", pattern = r"^\*$"),
        ("If-Match" = Option<String>, Header, description = "`*` to update only; the request fails if the record does not exist", pattern = r"^\*$")
    ),
    request_body = CustomerBody,
    responses((status = 201, description = "Created", body = Customer, headers(("Location" = String, description = "URL of the customer"))), (status = 200, description = "Updated", body = Customer), ErrorResponses)
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
    let (row, is_new) = client_records::put_customer(
        &state.core,
        writer,
        &external_id.0,
        condition,
        form.0.as_deref(),
        form.1.as_ref(),
    )
    .await?;
    let mut customer = Customer::from(row);
    if !client.has(Scope::CustomersRead) {
        // Without the scope the response contains only what the client sent.
        customer.customer_number = None;
    }
    Ok(created_or_updated(
        is_new,
        &format!("/api/v1/customers/{}", customer.id),
        &customer,
    ))
}

fn read(body: &Value) -> Result<(Option<String>, Option<CustomerNumber>), Vec<FieldError>> {
    let mut errors = Vec::new();
    let Some(mut reader) = ObjectReader::new(body, "", &mut errors) else {
        return Err(errors);
    };
    let name = name(&mut reader, "name", &mut errors);
    let number = reader
        .text(
            "customerNumber",
            CustomerNumber::MAX_CHARS,
            &mut errors,
            CustomerNumber::parse,
        )
        .value()
        .flatten();
    reader.finish(&mut errors);
    if errors.is_empty() {
        Ok((name, number))
    } else {
        Err(errors)
    }
}
