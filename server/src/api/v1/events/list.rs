//! `GET /events`.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::events::EventType;
use ordinavo_core::CoreError;
use ordinavo_core::events;
use serde::Deserialize;

use super::{Event, EventPage};
use crate::api::paging::{Paging, Parameters, one_of};
use crate::api::problem::{ApiError, Refusals};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// The query of events.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventQuery {
    /// How many rows a page has; 50 when absent, more than 200 is cut to 200.
    #[param(value_type = Option<i64>, minimum = 1)]
    limit: Option<String>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
    /// Only of this type.
    #[param(rename = "type", value_type = Option<EventType>, inline)]
    r#type: Option<String>,
    /// Only from this moment on.
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<String>,
}

/// List events.
///
/// Oldest first, of the last 30 days, without data options: the way to catch up after an outage. Keep `resumeCursor` and go
/// on from there. A cursor never skips an event, also not one that was written while the page before was read. Needs the scope `events.read`.
#[utoipa::path(
    get, path = "/events", operation_id = "listEvents", tag = "events", security(("apiKey" = []), ("oauth2" = ["events.read"])),
    params(EventQuery),
    responses((status = 200, description = "A page, oldest first", body = EventPage), Refusals)
)]
pub async fn list_events(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    Parameters(query): Parameters<EventQuery>,
) -> Result<Json<EventPage>, ApiError> {
    let permit = client.require()?;
    let names: Vec<&str> = EventType::ALL.iter().map(|kind| kind.name()).collect();
    let kind = one_of("type", query.r#type.as_deref(), &names, EventType::from_name)?;
    let since = query.since.as_deref().map(moment).transpose()?;
    let paging = Paging::new(
        query.limit.as_deref(),
        query.cursor.as_deref(),
        &[query.r#type.as_deref(), query.since.as_deref()],
    )?;
    let after = paging.after_number()?.unwrap_or(0);
    let page = events::list(&state.core, permit, after, since, kind, paging.limit()).await?;
    let last = page.rows.last().map_or(after, |event| event.sequence);
    let next_cursor = paging.next(&page, |event| vec![event.sequence.to_string()]);
    let resume_cursor = (last > 0).then(|| paging.place(&[last.to_string()]));
    Ok(Json(EventPage {
        data: page.rows.into_iter().map(Event::from).collect(),
        next_cursor,
        resume_cursor,
    }))
}

fn moment(text: &str) -> Result<DateTime<Utc>, CoreError> {
    DateTime::parse_from_rfc3339(text)
        .map(|moment| moment.with_timezone(&Utc))
        .map_err(|_| {
            CoreError::field(
                "since",
                "validation_failed",
                "A moment such as 2026-11-24T09:00:00Z is required.",
            )
        })
}
