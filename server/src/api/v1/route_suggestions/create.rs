//! `POST /route-suggestions`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::NaiveDate;
use domain::fields::{FieldError, ObjectReader, Patch};
use domain::ids::{RouteSuggestionId, TargetId};
use domain::text::ExternalId;
use ordinavo_core::CoreError;
use ordinavo_core::suggestions::clients;
use ordinavo_core::suggestions::clients::{MOST_TARGETS, Named};
use serde::Serialize;
use serde_json::{Value, json};

use crate::api::body::JsonBody;
use crate::api::idempotency::{Demand, answer, respond};
use crate::api::problem::{ApiError, Refusals};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// What is to be planned: either `targetIds` or `externalIds`.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "date": "2026-11-30", "externalIds": ["JOB-2026-000918"] }))]
pub struct RouteSuggestionBody {
    /// The first day.
    pub date: NaiveDate,
    /// Own targets by our ids.
    #[schema(required = false, min_items = 1, max_items = 200)]
    pub target_ids: Option<Vec<TargetId>>,
    /// Own targets by the ids of the source system.
    #[schema(required = false, min_items = 1, max_items = 200)]
    pub external_ids: Option<Vec<String>>,
    /// How many days, the first one included; 1 when absent.
    #[schema(required = false, minimum = 1, maximum = 7)]
    pub horizon_days: Option<u32>,
}

/// A suggestion that was asked for.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RouteSuggestionAccepted {
    /// Its id.
    pub id: RouteSuggestionId,
    /// `queued`.
    pub status: String,
}

/// Ask for a route suggestion.
///
/// For own targets, around what is planned already. It is made in the background: poll it, or wait for the event
/// `route_suggestion.completed`. It never schedules anything. Needs the scope `routes.suggest`.
#[utoipa::path(
    post, path = "/route-suggestions", operation_id = "createRouteSuggestion", tag = "route-suggestions", security(("apiKey" = []), ("oauth2" = ["routes.suggest"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 printable ASCII characters; the first answer is repeated for 24 hours", min_length = 1, max_length = 255, pattern = "^[ -~]+$")),
    request_body = RouteSuggestionBody,
    responses(
        (status = 202, description = "It will be made", body = RouteSuggestionAccepted, headers(("Location" = String, description = "The suggestion"))),
        Refusals
    )
)]
pub async fn create_route_suggestion(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let permit = client.require()?;
    let held = state.running_keys.take(
        &client,
        &headers,
        "POST /api/v1/route-suggestions",
        &body.raw,
        Demand::Optional,
    )?;
    let (date, days, named) = read(&body.value).map_err(CoreError::invalid)?;
    let asked = clients::ask(&state.core, permit, date, days, &named, held.key(), |id| {
        let location = format!("/api/v1/route-suggestions/{id}");
        answer(202, Some(location), &json!({ "id": id, "status": "queued" }))
    })
    .await?;
    Ok(respond(asked))
}

fn read(body: &Value) -> Result<(NaiveDate, u32, Named), Vec<FieldError>> {
    let mut errors = Vec::new();
    let Some(mut reader) = ObjectReader::new(body, "", &mut errors) else {
        return Err(errors);
    };
    let date = match reader.raw("date") {
        Patch::Value(Value::String(text)) => NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .ok()
            .filter(|_| text.len() == 10),
        _ => None,
    };
    if date.is_none() {
        errors.push(FieldError::new(
            "/date",
            "invalid_date",
            "A day such as 2026-11-30 is required.",
        ));
    }
    let days = match reader.raw("horizonDays") {
        Patch::Absent | Patch::Null => Some(1),
        Patch::Value(value) => value.as_u64().and_then(|days| u32::try_from(days).ok()),
    };
    if days.is_none() {
        errors.push(FieldError::new(
            "/horizonDays",
            "invalid_number",
            "A whole number is required.",
        ));
    }
    let ids = list(&mut reader, "targetIds", &mut errors, |text| {
        text.parse::<TargetId>().ok()
    });
    let external_ids = list(&mut reader, "externalIds", &mut errors, |text| {
        ExternalId::parse(text).ok().map(|id| id.as_str().to_owned())
    });
    let named = match (ids, external_ids) {
        (Some(ids), None) => Some(Named::Ids(ids)),
        (None, Some(ids)) => Some(Named::ExternalIds(ids)),
        (None, None) => {
            errors.push(FieldError::new(
                "/targetIds",
                "required",
                "Either targetIds or externalIds is required.",
            ));
            None
        }
        (Some(_), Some(_)) => {
            errors.push(FieldError::new(
                "/externalIds",
                "contradiction",
                "Only one of targetIds and externalIds is allowed.",
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

/// A list of 1 to 200 texts.
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
    if rows.is_empty() || rows.len() > MOST_TARGETS {
        errors.push(FieldError::new(
            format!("/{name}"),
            "invalid_list",
            format!("A list of 1 to {MOST_TARGETS} ids is required."),
        ));
    }
    let mut found = Vec::new();
    for (index, row) in rows.iter().take(MOST_TARGETS).enumerate() {
        match row.as_str().and_then(&parse) {
            Some(id) => found.push(id),
            None => errors.push(FieldError::new(
                format!("/{name}/{index}"),
                "target_not_found",
                "There is no such target of this source system.",
            )),
        }
    }
    Some(found)
}
