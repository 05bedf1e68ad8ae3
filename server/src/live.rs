//! Live updates for open pages of the staff app, as server-sent events. A stream tells only that something has changed; the
//! page then reads itself again, through the same gate as always.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Extension, Query, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use domain::ids::{RequestId, RouteSuggestionId};
use domain::permissions::ViewOperations;
use futures::stream;
use ordinavo_core::events::live;
use ordinavo_core::identity::actors::Staff;
use serde::Deserialize;

use crate::serve::AppState;

/// How long a stream lives before the browser opens it again, which asks for the session again.
const LONGEST: Duration = Duration::from_secs(300);

/// Which request is open, if one is, and from which mark on changes are news.
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
    let Ok(watch) = live::watch(&state.core, permit, request, suggestion, open.since).await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let ends = tokio::time::Instant::now() + LONGEST;
    let stopping = state.stopping.subscribe();
    let events = stream::unfold(
        (watch, stopping, true),
        move |(mut watch, mut stopping, first)| async move {
            if first {
                // Opens the stream at once, so that the browser knows that it is heard.
                return Some((
                    Ok::<_, Infallible>(Event::default().comment("here")),
                    (watch, stopping, false),
                ));
            }
            let mark = tokio::select! {
                mark = watch.changed() => mark.ok()?,
                () = tokio::time::sleep_until(ends) => return None,
                // The only thing that is ever told here is the end.
                _ = stopping.changed() => return None,
            };
            let event = Event::default().event("changed").data(mark.to_string());
            Some((Ok(event), (watch, stopping, false)))
        },
    );
    Sse::new(events)
        .keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
        .into_response()
}
