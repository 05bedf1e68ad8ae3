//! `GET /events`.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::events::EventType;
use domain::fields::FieldCode;
use ordinavo_core::CoreError;
use ordinavo_core::events;
use serde::Deserialize;

use super::{Event, EventPage};
use crate::api::paging::Paging;
use crate::api::problem::{ApiError, ErrorResponses};
use crate::api::query::{QueryParams, one_of};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// Query parameters of `GET /events`.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventQuery {
    /// Number of items per page. Defaults to 50; values above 200 are treated as 200.
    #[param(value_type = Option<i64>, minimum = 1)]
    limit: Option<String>,
    /// The `nextCursor` of the previous page.
    cursor: Option<String>,
    /// Returns only events of this type.
    #[param(rename = "type", value_type = Option<EventType>, inline)]
    r#type: Option<String>,
    /// Returns only events from this time on.
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<String>,
}

/// Lists events.
///
/// Covers the last 30 days, oldest first, without data options. Use it to catch up after an outage: store `resumeCursor`
/// and continue from there. A cursor never skips an event, even one that is written while a page is read. Requires the
/// scope `events.read`.
#[utoipa::path(
    get, path = "/events", operation_id = "listEvents", tag = "events", security(("apiKey" = []), ("oauth2" = ["events.read"])),
    params(EventQuery),
    responses((status = 200, description = "A page, oldest first", body = EventPage), ErrorResponses)
)]
pub async fn list_events(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    QueryParams(query): QueryParams<EventQuery>,
) -> Result<Json<EventPage>, ApiError> {
    let permit = client.require()?;
    let names: Vec<&str> = EventType::ALL.iter().map(|kind| kind.name()).collect();
    let kind = one_of("type", query.r#type.as_deref(), &names, EventType::from_name)?;
    let since = query.since.as_deref().map(parse_timestamp).transpose()?;
    let paging = Paging::new(
        query.limit.as_deref(),
        query.cursor.as_deref(),
        &[query.r#type.as_deref(), query.since.as_deref()],
    )?;
    let after = paging.after_number()?.unwrap_or(0);
    let page = events::list(&state.core, permit, after, since, kind, paging.limit()).await?;
    let last = page.rows.last().map_or(after, |event| event.sequence);
    let next_cursor = paging.next(&page, |event| vec![event.sequence.to_string()]);
    let resume_cursor = (last > 0).then(|| paging.encode_cursor(&[last.to_string()]));
    Ok(Json(EventPage {
        data: page.rows.into_iter().map(Event::from).collect(),
        next_cursor,
        resume_cursor,
    }))
}

fn parse_timestamp(text: &str) -> Result<DateTime<Utc>, CoreError> {
    DateTime::parse_from_rfc3339(text)
        .map(|timestamp| timestamp.with_timezone(&Utc))
        .map_err(|_| CoreError::field("since", FieldCode::InvalidTimestamp))
}
