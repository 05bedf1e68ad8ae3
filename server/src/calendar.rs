//! iCalendar exports: one appointment as a file for signed-in portal users, and a feed of all appointments under a secret
//! URL.

use axum::extract::{Extension, Path, Request, State};
use axum::http::header::{ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use domain::ids::AppointmentId;
use domain::locale::Locale;
use ordinavo_core::identity::actors::Contact;
use ordinavo_core::identity::authentication;
use ordinavo_core::portal_access::calendar;
use ordinavo_core::{CoreError, CoreResult};
use ui::calendar::{CalendarKind, render};

use crate::api::problem::logged_status;
use crate::public_limits;
use crate::serve::AppState;

/// `/portal/appointments/{id}/calendar.ics`.
pub async fn file(
    State(state): State<AppState>,
    Extension(contact): Extension<Contact>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let result = async {
        let id: AppointmentId = id.parse().map_err(|_| CoreError::not_found())?;
        let entry = calendar::entry(&state.core, &contact, id).await?;
        let locale = language(&contact, &headers);
        let now = state.core.clock().now();
        Ok(render(
            CalendarKind::File,
            locale,
            (contact.tenant_name(), &contact.terminology()),
            &[entry],
            now,
        ))
    };
    respond(result.await, Some("attachment; filename=\"appointment.ics\""))
}

/// `/portal/feed/{token}`: the token replaces the session and works as long as the account and its grants are active.
pub async fn feed(State(state): State<AppState>, Path(token): Path<String>, request: Request) -> Response {
    if let Err(seconds) = state.public_limits.check_view(public_limits::client_network(&request)) {
        return public_limits::too_many_requests(seconds);
    }
    let (parts, _) = request.into_parts();
    let result = async {
        let contact = authentication::calendar_reader(&state.core, &token).await?;
        let contact = contact.ok_or_else(CoreError::not_found)?;
        let entries = calendar::entries(&state.core, &contact).await?;
        let locale = language(&contact, &parts.headers);
        let now = state.core.clock().now();
        Ok(render(
            CalendarKind::Feed,
            locale,
            (contact.tenant_name(), &contact.terminology()),
            &entries,
            now,
        ))
    };
    respond(result.await, None)
}

/// Returns the language of the account, or the preferred language of the calendar program.
fn language(contact: &Contact, headers: &HeaderMap) -> Locale {
    let preferred = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    contact
        .locale()
        .or_else(|| preferred.and_then(Locale::from_accept_language))
        .unwrap_or_default()
}

fn respond(result: CoreResult<String>, disposition: Option<&'static str>) -> Response {
    match result {
        Ok(text) => {
            let mut response = text.into_response();
            let headers = response.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/calendar; charset=utf-8"));
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
            if let Some(disposition) = disposition {
                headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static(disposition));
            }
            response
        }
        Err(error) => (logged_status(&error), crate::api::texts::cause(&error.cause)).into_response(),
    }
}
