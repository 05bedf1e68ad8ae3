//! `POST /sandbox/targets/{id}/advance`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::fields::{FieldCode, FieldError, ObjectReader, Patch};
use domain::jobs::sandbox::SandboxStage;
use domain::text;
use ordinavo_core::CoreError;
use ordinavo_core::integrations::idempotency::respond_once;
use ordinavo_core::integrations::sandbox;
use ordinavo_core::integrations::sandbox::{Advance, MAX_FOLLOW_UP_CHARS, MAX_SUMMARY_CHARS, MAX_WORK_MINUTES};
use serde::Serialize;
use serde_json::Value;

use crate::api::body::JsonBody;
use crate::api::idempotency::{KeyRequirement, answer, respond};
use crate::api::path::Segment;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::api::v1::targets::Target;
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// How far a target of the sandbox is advanced, and what its visit is reported as.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AdvanceBody {
    /// The last stage to run. All stages before it run too.
    pub to: SandboxStage,
    /// When the appointment begins; in an hour if absent.
    #[schema(required = false)]
    pub start: Option<DateTime<Utc>>,
    /// Summary of the report.
    #[schema(required = false, max_length = 4000)]
    pub summary: Option<String>,
    /// Work time of the report in minutes; 60 if absent.
    #[schema(required = false, minimum = 1, maximum = 1440)]
    pub work_minutes: Option<i64>,
    /// Whether the visit is billable; true if absent.
    #[schema(required = false)]
    pub billable: Option<bool>,
    /// Remaining work, which becomes a follow-up when the report is approved.
    #[schema(required = false, max_length = 300)]
    pub follow_up: Option<String>,
}

/// Advances a target of the sandbox through its life.
///
/// Schedules it with a technician of the sandbox, and lets the technician travel, arrive and report, and a manager approve and
/// release the report, as far as `to` says. The steps, results and events are those of live operation. Only with a test key.
/// Requires the scope `targets.write`.
#[utoipa::path(
    post, path = "/sandbox/targets/{id}/advance", operation_id = "advanceSandboxTarget", tag = "sandbox", security(("apiKey" = []), ("oauth2" = ["targets.write"])),
    params(("id" = String, Path, description = "ID of the target")),
    request_body = AdvanceBody,
    responses((status = 200, description = "The target", body = Target), ErrorResponses)
)]
pub async fn advance_sandbox_target(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    id: Segment,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let permit = client.require()?;
    let wish = read(&body.value).map_err(CoreError::invalid)?;
    let route = format!("POST /api/v1/sandbox/targets/{}/advance", id.0);
    let held = state
        .in_flight_keys
        .reserve(&client, &headers, &route, &body.raw, KeyRequirement::Optional)?;
    let target = id.id()?;
    let done = respond_once(&state.core, &client, held.key(), async {
        let target = sandbox::advance(&state.core, permit, target, &wish).await?;
        Ok(answer(200, None, &Target::of(target, &client)))
    })
    .await?;
    Ok(respond(done))
}

fn read(body: &Value) -> Result<Advance, Vec<FieldError>> {
    let mut errors = Vec::new();
    let Some(mut reader) = ObjectReader::new(body, "", &mut errors) else {
        return Err(errors);
    };
    let names: Vec<&str> = SandboxStage::ALL.iter().map(|stage| stage.name()).collect();
    let to = reader
        .one_of("to", &names, &mut errors, SandboxStage::from_name)
        .value();
    if to.is_none() && errors.is_empty() {
        errors.push(FieldError::new("/to", FieldCode::Required));
    }
    let start = match reader.raw("start") {
        Patch::Value(value) => {
            let start = value.as_str().and_then(|text| DateTime::parse_from_rfc3339(text).ok());
            if start.is_none() {
                errors.push(FieldError::new("/start", FieldCode::InvalidTimestamp));
            }
            start.map(|start| start.with_timezone(&Utc))
        }
        Patch::Absent | Patch::Null => None,
    };
    let summary = reader.text("summary", MAX_SUMMARY_CHARS, &mut errors, |text| {
        text::paragraphs(text, MAX_SUMMARY_CHARS)
    });
    let work_minutes = reader.integer("workMinutes", 1..=MAX_WORK_MINUTES, &mut errors);
    let billable = reader.boolean("billable", &mut errors);
    let follow_up = reader.text("followUp", MAX_FOLLOW_UP_CHARS, &mut errors, |text| {
        text::line(text, MAX_FOLLOW_UP_CHARS)
    });
    reader.finish(&mut errors);
    match to {
        Some(to) if errors.is_empty() => Ok(Advance {
            to,
            start,
            summary: summary.value(),
            work_minutes: work_minutes.value(),
            billable: billable.value(),
            follow_up: follow_up.value(),
        }),
        _ => Err(errors),
    }
}
