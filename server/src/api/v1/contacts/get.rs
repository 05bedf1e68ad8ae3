//! `GET /contacts/{id}`.

use axum::Json;
use axum::extract::State;
use ordinavo_core::customers::client_records;

use super::Contact;
use crate::api::path::Segment;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Returns a contact.
///
/// Returns `404` for a contact without a reference in the client's source system. Requires the scope
/// `customers.read`.
#[utoipa::path(
    get, path = "/contacts/{id}", operation_id = "getContact", tag = "contacts", security(("apiKey" = []), ("oauth2" = ["customers.read"])),
    params(("id" = String, Path, description = "ID of the contact")),
    responses((status = 200, description = "The contact", body = Contact), ErrorResponses)
)]
pub async fn get_contact(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
) -> Result<Json<Contact>, ApiError> {
    let permit = client.require()?;
    Ok(Json(
        client_records::get_contact(&state.core, permit, id.id()?).await?.into(),
    ))
}
