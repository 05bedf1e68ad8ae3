//! `POST /targets/status-query`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use domain::fields::{FieldCode, FieldError, ObjectReader, Patch};
use domain::text::ExternalId;
use ordinavo_core::CoreError;
use ordinavo_core::integrations::idempotency::respond_once;
use ordinavo_core::jobs;
use serde::Serialize;
use serde_json::Value;

use super::Target;
use crate::api::body::JsonBody;
use crate::api::idempotency::{KeyRequirement, answer, respond};
use crate::api::problem::{ApiError, ErrorResponses};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

const MAX_IDS: usize = 500;

/// The targets to look up.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StatusQuery {
    /// IDs in the source system.
    #[schema(required = false, max_items = 500)]
    pub external_ids: Option<Vec<String>>,
    /// Target IDs.
    #[schema(required = false, max_items = 500)]
    pub ids: Option<Vec<String>>,
}

/// The result of a status query.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatusAnswer {
    /// The targets that were found.
    pub data: Vec<Target>,
    /// The IDs that were not found.
    pub not_found: Vec<String>,
}

/// Returns the status of many targets.
///
/// Accepts up to 500 IDs in total. Requires the scope `targets.read`.
#[utoipa::path(
    post, path = "/targets/status-query", operation_id = "queryTargetStatus", tag = "targets", security(("apiKey" = []), ("oauth2" = ["targets.read"])),
    request_body = StatusQuery,
    responses((status = 200, description = "The targets that were found", body = StatusAnswer), ErrorResponses)
)]
pub async fn query_target_status(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let permit = client.require()?;
    let query = read(&body.value).map_err(CoreError::invalid)?;
    let held = state.in_flight_keys.reserve(
        &client,
        &headers,
        "POST /api/v1/targets/status-query",
        &body.raw,
        KeyRequirement::Optional,
    )?;
    let (external_ids, ids) = (query.external_ids.unwrap_or_default(), query.ids.unwrap_or_default());
    let found = respond_once(&state.core, &client, held.key(), async {
        let (known, not_found) = jobs::list_states_for_client(&state.core, permit, &external_ids, &ids).await?;
        let data = known.into_iter().map(|row| Target::of(row, &client)).collect();
        Ok(answer(200, None, &StatusAnswer { data, not_found }))
    })
    .await?;
    Ok(respond(found))
}

fn read(body: &Value) -> Result<StatusQuery, Vec<FieldError>> {
    let mut errors = Vec::new();
    let Some(mut reader) = ObjectReader::new(body, "", &mut errors) else {
        return Err(errors);
    };
    let mut list = |name: &'static str| match reader.raw(name) {
        Patch::Absent | Patch::Null => Some(Vec::new()),
        Patch::Value(value) => value.as_array().and_then(|items| {
            items
                .iter()
                .map(|item| item.as_str().map(str::to_owned))
                .collect::<Option<Vec<_>>>()
        }),
    };
    let (external_ids, ids) = (list("externalIds"), list("ids"));
    reader.finish(&mut errors);
    for (name, read) in [("/externalIds", &external_ids), ("/ids", &ids)] {
        if read.is_none() {
            errors.push(FieldError::new(name, FieldCode::NotStringArray));
        }
    }
    let query = StatusQuery { external_ids, ids };
    let all_ids = || query.external_ids.iter().chain(query.ids.iter()).flatten();
    let count = all_ids().count();
    if errors.is_empty() && !(1..=MAX_IDS).contains(&count) {
        errors.push(FieldError::new("", FieldCode::ItemCount { min: 1, max: MAX_IDS }));
    }
    if all_ids().any(|text| text.chars().count() > ExternalId::MAX_CHARS) {
        errors.push(FieldError::new(
            "",
            FieldCode::TooLong {
                max: ExternalId::MAX_CHARS,
            },
        ));
    }
    if errors.is_empty() { Ok(query) } else { Err(errors) }
}
