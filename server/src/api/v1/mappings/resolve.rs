//! `POST /mappings/resolve`: the mapping decision for one context, without side effects.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use domain::fields::{FieldError, ObjectReader};
use domain::imports::results::MappingDecision;
use domain::imports::{ContextBody, read_context};
use ordinavo_core::CoreError;
use ordinavo_core::imports::resolve;
use ordinavo_core::imports::resolve::ContextParts;
use ordinavo_core::integrations::idempotency::respond_once;
use serde_json::Value;

use crate::api::body::JsonBody;
use crate::api::idempotency::{KeyRequirement, answer, respond};
use crate::api::problem::{ApiError, ErrorResponses};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Returns how a context would be mapped.
///
/// Applies the same rules to the same records as an import, but writes nothing. Requires the scopes `customers.map` and
/// `customers.read`.
#[utoipa::path(
    post, path = "/mappings/resolve", operation_id = "resolveMapping", tag = "mappings", security(("apiKey" = []), ("oauth2" = ["customers.map", "customers.read"])),
    request_body = ContextBody,
    responses((status = 200, description = "The decision", body = MappingDecision), ErrorResponses)
)]
pub async fn resolve_mapping(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let (map_permit, read_permit) = (client.require()?, client.require()?);
    let parts = read(&body.value).map_err(CoreError::invalid)?;
    let held = state.in_flight_keys.reserve(
        &client,
        &headers,
        "POST /api/v1/mappings/resolve",
        &body.raw,
        KeyRequirement::Optional,
    )?;
    let decided = respond_once(&state.core, &client, held.key(), async {
        let decision: MappingDecision = resolve::resolve(&state.core, map_permit, read_permit, &parts).await?;
        Ok(answer(200, None, &decision))
    })
    .await?;
    Ok(respond(decided))
}

fn read(body: &Value) -> Result<ContextParts, Vec<FieldError>> {
    let mut errors = Vec::new();
    let Some(mut reader) = ObjectReader::new(body, "", &mut errors) else {
        return Err(errors);
    };
    let (customer, location, contact) = read_context(&mut reader, &mut errors);
    reader.finish(&mut errors);
    if errors.is_empty() {
        Ok(ContextParts {
            customer,
            location,
            contact,
        })
    } else {
        Err(errors)
    }
}
