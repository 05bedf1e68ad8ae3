//! `POST /route-suggestions`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::NaiveDate;
use domain::dates::parse_day;
use domain::fields::{FieldCode, FieldError, ObjectReader, Patch};
use domain::ids::{RouteSuggestionId, TargetId};
use domain::text::ExternalId;
use ordinavo_core::CoreError;
use ordinavo_core::suggestions::clients::{MAX_TARGETS, TargetSelection};
use ordinavo_core::suggestions::{MAX_DAYS, clients};
use serde::Serialize;
use serde_json::{Value, json};

use crate::api::body::JsonBody;
use crate::api::idempotency::{KeyRequirement, answer, respond};
use crate::api::problem::{ApiError, ErrorResponses};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// The targets and days to plan. Exactly one of `targetIds` and `externalIds` is required.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "date": "2026-11-30", "externalIds": ["JOB-2026-000918"] }))]
pub struct RouteSuggestionBody {
    /// First day.
    pub date: NaiveDate,
    /// Targets of the client's source system, by target ID.
    #[schema(required = false, min_items = 1, max_items = 200)]
    pub target_ids: Option<Vec<TargetId>>,
    /// Targets of the client's source system, by external ID.
    #[schema(required = false, min_items = 1, max_items = 200)]
    pub external_ids: Option<Vec<String>>,
    /// Number of days, including the first day. Defaults to 1.
    #[schema(required = false, minimum = 1, maximum = 7)]
    pub horizon_days: Option<u32>,
}

/// A route suggestion that was queued.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RouteSuggestionAccepted {
    /// Unique identifier.
    pub id: RouteSuggestionId,
    /// Always `queued`.
    pub status: String,
}

/// Requests a route suggestion.
///
/// Plans targets of the client's source system around existing appointments. The suggestion is computed in the
/// background: poll it or wait for the event `route_suggestion.completed`. It never schedules appointments. Requires the
/// scope `routes.suggest`.
#[utoipa::path(
    post, path = "/route-suggestions", operation_id = "createRouteSuggestion", tag = "route-suggestions", security(("apiKey" = []), ("oauth2" = ["routes.suggest"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 printable ASCII characters. A repeated request with the same key receives the first response for 24 hours", min_length = 1, max_length = 255, pattern = "^[ -~]+$")),
    request_body = RouteSuggestionBody,
    responses(
        (status = 202, description = "The suggestion is queued", body = RouteSuggestionAccepted, headers(("Location" = String, description = "URL of the suggestion"))),
        ErrorResponses
    )
)]
pub async fn create_route_suggestion(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let permit = client.require()?;
    let held = state.in_flight_keys.reserve(
        &client,
        &headers,
        "POST /api/v1/route-suggestions",
        &body.raw,
        KeyRequirement::Optional,
    )?;
    let (date, days, named) = read(&body.value).map_err(CoreError::invalid)?;
    let asked = clients::request(&state.core, permit, date, days, &named, held.key(), |id| {
        let location = format!("/api/v1/route-suggestions/{id}");
        answer(202, Some(location), &json!({ "id": id, "status": "queued" }))
    })
    .await?;
    Ok(respond(asked))
}

fn read(body: &Value) -> Result<(NaiveDate, u32, TargetSelection), Vec<FieldError>> {
    let mut errors = Vec::new();
    let Some(mut reader) = ObjectReader::new(body, "", &mut errors) else {
        return Err(errors);
    };
    let date = match reader.raw("date") {
        Patch::Value(Value::String(text)) => parse_day(text),
        _ => None,
    };
    if date.is_none() {
        errors.push(FieldError::new("/date", FieldCode::InvalidDate));
    }
    let days = match reader.raw("horizonDays") {
        Patch::Absent | Patch::Null => Some(1),
        Patch::Value(value) => value.as_u64().and_then(|days| u32::try_from(days).ok()),
    };
    if days.is_none() {
        errors.push(FieldError::new(
            "/horizonDays",
            FieldCode::InvalidNumber {
                min: 1,
                max: i64::from(MAX_DAYS),
            },
        ));
    }
    let ids = list(&mut reader, "targetIds", &mut errors, |text| {
        text.parse::<TargetId>().ok()
    });
    let external_ids = list(&mut reader, "externalIds", &mut errors, |text| {
        ExternalId::parse(text).ok().map(|id| id.as_str().to_owned())
    });
    let named = match (ids, external_ids) {
        (Some(ids), None) => Some(TargetSelection::Ids(ids)),
        (None, Some(ids)) => Some(TargetSelection::ExternalIds(ids)),
        (None, None) => {
            errors.push(FieldError::new("/targetIds", FieldCode::Required));
            None
        }
        (Some(_), Some(_)) => {
            errors.push(FieldError::new(
                "/externalIds",
                FieldCode::Contradiction {
                    fields: vec!["targetIds".to_owned(), "externalIds".to_owned()],
                },
            ));
            None
        }
    };
    reader.finish(&mut errors);
    match (date, days, named) {
        (Some(date), Some(days), Some(named)) if errors.is_empty() => Ok((date, days, named)),
        _ => Err(errors),
    }
}

/// Parses an optional array of 1 to 200 strings.
fn list<T>(
    reader: &mut ObjectReader<'_>,
    name: &'static str,
    errors: &mut Vec<FieldError>,
    parse: impl Fn(&str) -> Option<T>,
) -> Option<Vec<T>> {
    let value = match reader.raw(name) {
        Patch::Absent | Patch::Null => return None,
        Patch::Value(value) => value,
    };
    let rows = value.as_array().map(Vec::as_slice).unwrap_or_default();
    if rows.is_empty() || rows.len() > MAX_TARGETS {
        errors.push(FieldError::new(
            format!("/{name}"),
            FieldCode::InvalidList { max: MAX_TARGETS },
        ));
    }
    let mut found = Vec::new();
    for (index, row) in rows.iter().take(MAX_TARGETS).enumerate() {
        match row.as_str().and_then(&parse) {
            Some(id) => found.push(id),
            None => errors.push(FieldError::new(format!("/{name}/{index}"), FieldCode::TargetNotFound)),
        }
    }
    Some(found)
}
