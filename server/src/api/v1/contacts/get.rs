//! `GET /contacts/{id}`.

use axum::Json;
use axum::extract::State;
use ordinavo_core::customers::client_records;

use super::Contact;
use crate::api::path::Segment;
use crate::api::problem::{ApiError, Refusals};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Read a contact.
///
/// One without a reference in the own source system answers like one that does not exist. Needs the scope
/// `customers.read`.
#[utoipa::path(
    get, path = "/contacts/{id}", operation_id = "getContact", tag = "contacts", security(("apiKey" = []), ("oauth2" = ["customers.read"])),
    params(("id" = String, Path, description = "The contact's id")),
    responses((status = 200, description = "The contact", body = Contact), Refusals)
)]
pub async fn get_contact(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
) -> Result<Json<Contact>, ApiError> {
    let permit = client.require()?;
    Ok(Json(
        client_records::contact(&state.core, permit, id.id()?).await?.into(),
    ))
}
