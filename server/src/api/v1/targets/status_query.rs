//! `POST /targets/status-query`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use domain::fields::{FieldError, ObjectReader, Patch};
use domain::text::ExternalId;
use ordinavo_core::CoreError;
use ordinavo_core::integrations::idempotency::answer_once;
use ordinavo_core::jobs;
use serde::Serialize;
use serde_json::Value;

use super::Target;
use crate::api::body::JsonBody;
use crate::api::idempotency::{Demand, answer, respond};
use crate::api::problem::{ApiError, Refusals};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// The most ids of one question.
const MOST: usize = 500;

/// Which targets are asked for.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StatusQuery {
    /// Ids in the source system.
    #[schema(required = false, max_items = 500)]
    pub external_ids: Option<Vec<String>>,
    /// Our ids.
    #[schema(required = false, max_items = 500)]
    pub ids: Option<Vec<String>>,
}

/// Where the targets stand.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatusAnswer {
    /// The known ones.
    pub data: Vec<Target>,
    /// The ids that are not known here.
    pub not_found: Vec<String>,
}

/// Ask where many targets stand.
///
/// At most 500 ids, external ones and ours together. Needs the scope `targets.read`.
#[utoipa::path(
    post, path = "/targets/status-query", operation_id = "queryTargetStatus", tag = "targets", security(("apiKey" = []), ("oauth2" = ["targets.read"])),
    request_body = StatusQuery,
    responses((status = 200, description = "What is known", body = StatusAnswer), Refusals)
)]
pub async fn query_target_status(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let permit = client.require()?;
    let query = read(&body.value).map_err(CoreError::invalid)?;
    let held = state.running_keys.take(
        &client,
        &headers,
        "POST /api/v1/targets/status-query",
        &body.raw,
        Demand::Optional,
    )?;
    let (external_ids, ids) = (query.external_ids.unwrap_or_default(), query.ids.unwrap_or_default());
    let found = answer_once(&state.core, &client, held.key(), async {
        let (known, not_found) = jobs::states_of_client(&state.core, permit, &external_ids, &ids).await?;
        let data = known.into_iter().map(Target::from).collect();
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
            errors.push(FieldError::new(
                name,
                "validation_failed",
                "A list of texts is required.",
            ));
        }
    }
    let query = StatusQuery { external_ids, ids };
    let texts = || query.external_ids.iter().chain(query.ids.iter()).flatten();
    let count = texts().count();
    if errors.is_empty() && !(1..=MOST).contains(&count) {
        errors.push(FieldError::new(
            "",
            "validation_failed",
            format!("1 to {MOST} ids in externalIds and ids together are required."),
        ));
    }
    if texts().any(|text| text.chars().count() > ExternalId::MOST) {
        errors.push(FieldError::new(
            "",
            "value_too_long",
            format!("An id has at most {} characters.", ExternalId::MOST),
        ));
    }
    if errors.is_empty() { Ok(query) } else { Err(errors) }
}
