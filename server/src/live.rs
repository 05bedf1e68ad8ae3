//! Live updates for the staff app, as server-sent events. An event only signals a change; the page then reloads its
//! content through the usual authorization.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Extension, Query, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use domain::identity::permissions::{PerformVisits, ViewOperations};
use domain::ids::{RequestId, RouteSuggestionId};
use futures::stream;
use ordinavo_core::events::live::{self, Watch};
use ordinavo_core::identity::actors::Staff;
use serde::Deserialize;

use crate::api::problem::logged_status;
use crate::serve::AppState;

/// How long a stream lives. The browser then reconnects, which checks the session again.
const MAX_STREAM_DURATION: Duration = Duration::from_secs(300);

/// The records that the page shows, and the mark of the last change it knows.
#[derive(Debug, Deserialize)]
pub struct Open {
    request: Option<String>,
    suggestion: Option<String>,
    since: Option<i64>,
}

/// `/app/live`.
pub async fn stream(
    State(state): State<AppState>,
    Extension(staff): Extension<Staff>,
    Query(open): Query<Open>,
) -> Response {
    let Ok(permit) = staff.may::<ViewOperations>() else {
        return StatusCode::FORBIDDEN.into_response();
    };
    let request: Option<RequestId> = open.request.and_then(|id| id.parse().ok());
    let suggestion: Option<RouteSuggestionId> = open.suggestion.and_then(|id| id.parse().ok());
    match live::watch(&state.core, permit, request, suggestion, open.since).await {
        Ok(watch) => events_of(&state, watch),
        Err(error) => logged_status(&error).into_response(),
    }
}

/// `/app/day/live`: the same for the pages of My day.
pub async fn day(
    State(state): State<AppState>,
    Extension(staff): Extension<Staff>,
    Query(open): Query<Open>,
) -> Response {
    let Ok(permit) = staff.may::<PerformVisits>() else {
        return StatusCode::FORBIDDEN.into_response();
    };
    match live::watch_day(&state.core, permit, open.since).await {
        Ok(watch) => events_of(&state, watch),
        Err(error) => logged_status(&error).into_response(),
    }
}

fn events_of(state: &AppState, watch: Watch) -> Response {
    let deadline = tokio::time::Instant::now() + MAX_STREAM_DURATION;
    let stopping = state.stopping.subscribe();
    let events = stream::unfold(
        (watch, stopping, true),
        move |(mut watch, mut stopping, first)| async move {
            if first {
                // The comment is sent at once and confirms the connection to the browser.
                return Some((
                    Ok::<_, Infallible>(Event::default().comment("here")),
                    (watch, stopping, false),
                ));
            }
            let mark = tokio::select! {
                mark = watch.changed() => mark.ok()?,
                () = tokio::time::sleep_until(deadline) => return None,
                // The channel changes only when the server shuts down.
                _ = stopping.changed() => return None,
            };
            let event = Event::default().event("changed").data(mark.to_string());
            Some((Ok(event), (watch, stopping, false)))
        },
    );
    let stream = Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)));
    // Proxies such as nginx would collect events until a buffer is full.
    ([("x-accel-buffering", "no")], stream).into_response()
}
