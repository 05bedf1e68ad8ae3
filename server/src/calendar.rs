//! iCalendar exports: one appointment as a file for signed-in portal users, and a feed of all appointments under a secret
//! URL.

use axum::extract::{Extension, Path, Request, State};
use axum::http::header::{ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use domain::ids::AppointmentId;
use domain::locale::Locale;
use domain::terminology::Terminology;
use ordinavo_core::identity::actors::Contact;
use ordinavo_core::identity::authentication;
use ordinavo_core::portal_access::calendar;
use ordinavo_core::{CoreError, CoreResult};
use ui::calendar::{CalendarKind, Organizer, render};

use crate::api::etag;
use crate::api::problem::logged_status;
use crate::public_limits;
use crate::public_pages::reader;
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
        let words = contact.terminology();
        Ok(render(
            CalendarKind::File,
            locale,
            organizer(&contact, &words),
            &[entry],
        ))
    };
    let disposition = Some("attachment; filename=\"appointment.ics\"");
    respond(result.await, language(&contact, &headers), &headers, disposition)
}

/// `/portal/feed/{token}/calendar.ics`, and earlier `/portal/feed/{token}`: the token replaces the session and works as long as the account and its grants are active.
pub async fn feed(State(state): State<AppState>, Path(token): Path<String>, request: Request) -> Response {
    if let Err(seconds) = state.public_limits.check_view(public_limits::client_network(&request)) {
        return public_limits::too_many_requests(reader(&state, &request).locale, seconds);
    }
    let reader = reader(&state, &request).locale;
    let (parts, _) = request.into_parts();
    let result = async {
        let contact = authentication::calendar_reader(&state.core, &token).await?;
        let contact = contact.ok_or_else(CoreError::not_found)?;
        let entries = calendar::entries(&state.core, &contact).await?;
        let locale = language(&contact, &parts.headers);
        let words = contact.terminology();
        Ok(render(
            CalendarKind::Feed,
            locale,
            organizer(&contact, &words),
            &entries,
        ))
    };
    respond(result.await, reader, &parts.headers, None)
}

fn organizer<'a>(contact: &'a Contact, words: &'a Terminology) -> Organizer<'a> {
    Organizer {
        name: contact.tenant_name(),
        words,
        email: contact.branding().contact.email.as_deref(),
    }
}

/// Returns the language of the account, or the preferred language of the calendar program.
fn language(contact: &Contact, headers: &HeaderMap) -> Locale {
    let preferred = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    contact
        .locale()
        .or_else(|| preferred.and_then(Locale::from_accept_language))
        .unwrap_or_default()
}

/// Returns a calendar with its entity tag, or 304 if the calendar program has it already.
pub(crate) fn respond(
    result: CoreResult<String>,
    locale: Locale,
    request: &HeaderMap,
    disposition: Option<&'static str>,
) -> Response {
    let text = match result {
        Ok(text) => text,
        Err(error) => {
            let sentence = ui::i18n::errors::cause(locale, &error.cause);
            return (logged_status(&error), sentence).into_response();
        }
    };
    let tag = etag::of_bytes(text.as_bytes());
    let mut response = if etag::is_known(request, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        text.into_response()
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/calendar; charset=utf-8"));
    // A feed is stored by the program that subscribes, and asked for again each time.
    let cache = if disposition.is_some() {
        "private, no-store"
    } else {
        "private, no-cache"
    };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(ETAG, tag);
    }
    if let Some(disposition) = disposition {
        headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static(disposition));
    }
    response
}
