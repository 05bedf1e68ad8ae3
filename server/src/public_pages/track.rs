//! `/track/{token}`: shows the progress of a request and accepts answers, appointment choices and withdrawals.

use std::collections::BTreeMap;

use axum::Form;
use axum::extract::{Path, Request, State};
use axum::http::header::LOCATION;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use domain::fields::FieldError;
use domain::ids::AttachmentId;
use domain::locale::Locale;
use domain::problems::Cause;
use ordinavo_core::identity::actors::TrackingRequester;
use ordinavo_core::identity::authentication;
use ordinavo_core::intake as intake_service;
use ordinavo_core::requests::{slot_offers, tracking};
use ordinavo_core::{CoreError, CoreResult};
use public::requests::track::{self, ANSWER, CANCEL, DECLINE, RESCHEDULE, TrackPage};
use serde::Deserialize;
use ui::calendar::{CalendarKind, Organizer, render as render_calendar};
use ui::flash::Flash;
use ui::format;
use ui::forms::FormState;
use ui::shell::App;

use super::intake::{NotReceived, error_page, receive, too_large_error};
use super::reader;
use crate::calendar;
use crate::files;
use crate::pages::{FrameHosts, not_found_page, render};
use crate::public_limits::{client_network, too_many_requests};
use crate::serve::AppState;

/// Returns the key of the confirmation message that the query asks for.
fn confirmation(query: &str) -> Option<&'static str> {
    query.split('&').find_map(|part| match part {
        "new" => Some("done-request-submitted"),
        "answered" => Some("done-answered"),
        "withdrawn" => Some("done-request-withdrawn"),
        "chosen" => Some("done-appointment-chosen"),
        "rescheduling" => Some("done-reschedule-requested"),
        "cancelling" => Some("done-cancellation-requested"),
        "declined" => Some("done-slots-declined"),
        _ => None,
    })
}

/// The parameter with the files that were left out, which the server has signed for this request.
const REFUSED: &str = "refused";
const TOKEN: &str = "token";

/// Returns the files that were left out of what was sent before.
fn refused_files(state: &AppState, query: &str, token: &str) -> Vec<FieldError> {
    let sealed = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == REFUSED);
    sealed
        .and_then(|(_, sealed)| state.tracking_cookie().open(&sealed))
        .filter(|message| message.values.get(TOKEN).is_some_and(|signed| signed == token))
        .map(|message| message.errors)
        .unwrap_or_default()
}

/// Renders the tracking page.
pub async fn page(State(state): State<AppState>, Path(token): Path<String>, request: Request) -> Response {
    let locale = reader(&state, &request).locale;
    show(&state, request, token, locale, None, StatusCode::OK).await
}

async fn show(
    state: &AppState,
    mut request: Request,
    token: String,
    locale: Locale,
    flash: Option<Flash>,
    status: StatusCode,
) -> Response {
    let found = async {
        match authentication::tracking_requester(&state.core, &token).await? {
            Some(requester) => {
                let tracking = tracking::page(&state.core, &requester).await?;
                Ok(Some((requester, tracking)))
            }
            None => Ok(None),
        }
    };
    let (requester, tracking) = match found.await {
        Ok(Some(found)) => found,
        Ok(None) => return not_found_page(State(state.clone()), request).await,
        Err(error) => return error_page(state, request, locale, &error).await,
    };
    let assets = state.manifest.assets(App::Intake);
    let refused = refused_files(state, request.uri().query().unwrap_or_default(), &token);
    // An embedded intake form redirects here within the same frame.
    let hosts = tracking
        .request
        .form_settings
        .as_ref()
        .map(|settings| settings.hosts.clone());
    request.extensions_mut().insert(FrameHosts(hosts.unwrap_or_default()));
    let page = TrackPage {
        tenant: requester.tenant_name().to_owned(),
        words: requester.terminology(),
        zone: requester.zone().to_owned(),
        contact: requester.organisation_contact(),
        done: confirmation(request.uri().query().unwrap_or_default()).filter(|_| flash.is_none()),
        refused,
        slot_error: flash
            .as_ref()
            .and_then(|flash| flash.errors.iter().find(|error| error.pointer == "slot"))
            .map(|error| ui::i18n::errors::field_code(locale, &error.code)),
        form: FormState::new(ANSWER, locale, flash.as_ref()),
        wishes: [RESCHEDULE, CANCEL, DECLINE]
            .map(|name| (name, FormState::new(name, locale, flash.as_ref())))
            .to_vec(),
        nonce: intake_service::form_nonce(&state.core),
        token,
        tracking,
        locale,
    };
    let mut response = render(state, request, move || track::page(&assets, page.clone())).await;
    *response.status_mut() = status;
    without_indexing(response)
}

/// Excludes the page from search engines, because its URL is a secret.
fn without_indexing(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert("x-robots-tag", HeaderValue::from_static("noindex"));
    response
}

/// Sends a message with files.
pub async fn answer(State(state): State<AppState>, Path(token): Path<String>, request: Request) -> Response {
    let locale = reader(&state, &request).locale;
    let network = client_network(&request);
    if let Err(seconds) = state.public_limits.check_submission(network) {
        return too_many_requests(locale, seconds);
    }
    let (parts, body) = request.into_parts();
    // The response pages need the head of the request, the parser its body.
    let request = Request::from_parts(parts.clone(), axum::body::Body::empty());
    let (parsed, slot) = match receive(&state, &parts, body, network).await {
        Ok(received) => received,
        Err(NotReceived::TooLarge(mut fields)) => {
            let (error, text) = (too_large_error(), fields.remove("answer").unwrap_or_default());
            return show_rejected(&state, request, (token, locale), ANSWER, text, error.fields).await;
        }
        Err(NotReceived::Busy) => {
            return error_page(&state, request, locale, &CoreError::new(Cause::TooManyUploads)).await;
        }
    };
    let text = |name: &str| parsed.fields.get(name).cloned().unwrap_or_default();
    let (answer, nonce, files) = (text("answer"), text("nonce"), parsed.files);
    let mut refused = Vec::new();
    let result = with_requester(&state, &token, async |requester| {
        let sent = tracking::answer(&state.core, &requester, &answer, &nonce, files, network).await?;
        refused = sent.refused;
        Ok(())
    })
    .await;
    drop(slot);
    match result {
        Ok(true) => redirect_with_refused(&state, &token, locale, "answered", refused),
        Ok(false) => not_found_page(State(state.clone()), request).await,
        Err(error) if !error.fields.is_empty() => {
            show_rejected(&state, request, (token, locale), ANSWER, answer, error.fields).await
        }
        Err(error) => error_page(&state, request, locale, &error).await,
    }
}

/// A form in which the requester asks for a change.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct WishForm {
    answer: String,
    nonce: String,
    /// The offer that is declined.
    offer: String,
}

/// Asks for another time.
pub async fn reschedule(
    State(state): State<AppState>,
    Path(token): Path<String>,
    head: Parts,
    Form(form): Form<WishForm>,
) -> Response {
    submit_text(state, token, head, form, Wish::Reschedule).await
}

/// Asks for the cancellation of the job.
pub async fn cancel(
    State(state): State<AppState>,
    Path(token): Path<String>,
    head: Parts,
    Form(form): Form<WishForm>,
) -> Response {
    submit_text(state, token, head, form, Wish::Cancel).await
}

/// Declines all offered times.
pub async fn decline(
    State(state): State<AppState>,
    Path(token): Path<String>,
    head: Parts,
    Form(form): Form<WishForm>,
) -> Response {
    submit_text(state, token, head, form, Wish::Decline).await
}

/// What a text of the requester asks for.
#[derive(Clone, Copy)]
enum Wish {
    Reschedule,
    Cancel,
    Decline,
}

impl Wish {
    /// Returns the name of the form, and that of the confirmation.
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Reschedule => (RESCHEDULE, "rescheduling"),
            Self::Cancel => (CANCEL, "cancelling"),
            Self::Decline => (DECLINE, "declined"),
        }
    }
}

async fn submit_text(state: AppState, token: String, head: Parts, form: WishForm, wish: Wish) -> Response {
    let request = Request::from_parts(head, axum::body::Body::empty());
    let locale = reader(&state, &request).locale;
    let network = client_network(&request);
    if let Err(seconds) = state.public_limits.check_submission(network) {
        return too_many_requests(locale, seconds);
    }
    let (name, done) = wish.names();
    // All forms of the page have the same nonce, and each is submitted once.
    let nonce = format!("{name}.{}", form.nonce);
    let submitted = async {
        let Some(requester) = authentication::tracking_requester(&state.core, &token).await? else {
            return Ok::<_, CoreError>(None);
        };
        let (core, text) = (&state.core, &form.answer);
        let is_asked = match wish {
            Wish::Reschedule => tracking::request_reschedule(core, &requester, text, &nonce).await?,
            Wish::Cancel => tracking::request_cancellation(core, &requester, text, &nonce).await?,
            Wish::Decline => tracking::decline_slots(core, &requester, &form.offer, text, &nonce).await?,
        };
        Ok(Some(is_asked))
    };
    match submitted.await {
        // What could not be asked any more is a message to dispatch.
        Ok(Some(is_asked)) => redirect_to_tracking(&token, locale, if is_asked { done } else { "answered" }),
        Ok(None) => not_found_page(State(state.clone()), request).await,
        Err(error) if !error.fields.is_empty() => {
            show_rejected(&state, request, (token, locale), name, form.answer, error.fields).await
        }
        Err(error) => error_page(&state, request, locale, &error).await,
    }
}

/// Shows the page with a rejected text.
async fn show_rejected(
    state: &AppState,
    request: Request,
    (token, locale): (String, Locale),
    form: &str,
    text: String,
    errors: Vec<FieldError>,
) -> Response {
    let flash = Flash {
        form: form.to_owned(),
        values: BTreeMap::from([("answer".to_owned(), text)]),
        errors,
        ..Flash::default()
    };
    show(
        state,
        request,
        token,
        locale,
        Some(flash),
        StatusCode::UNPROCESSABLE_ENTITY,
    )
    .await
}

/// Downloads a file that was sent with the request.
pub async fn file(
    State(state): State<AppState>,
    Path((token, id)): Path<(String, String)>,
    request: Request,
) -> Response {
    let locale = reader(&state, &request).locale;
    let result = async {
        let requester = authentication::tracking_requester(&state.core, &token).await?;
        let requester = requester.ok_or_else(CoreError::not_found)?;
        let id: AttachmentId = id.parse().map_err(|_| CoreError::not_found())?;
        tracking::file(&state.core, &requester, id).await
    };
    without_indexing(files::answer(result.await, locale, request.headers()))
}

/// Downloads the appointment for a calendar.
pub async fn calendar_file(State(state): State<AppState>, Path(token): Path<String>, request: Request) -> Response {
    let locale = reader(&state, &request).locale;
    let result = async {
        let requester = authentication::tracking_requester(&state.core, &token).await?;
        let requester = requester.ok_or_else(CoreError::not_found)?;
        let entry = tracking::calendar_entry(&state.core, &requester, &token).await?;
        let contact = requester.organisation_contact();
        let organizer = Organizer {
            name: requester.tenant_name(),
            words: &requester.terminology(),
            email: contact.email.as_deref(),
        };
        Ok(render_calendar(CalendarKind::File, locale, organizer, &[entry]))
    };
    without_indexing(calendar::respond(
        result.await,
        locale,
        request.headers(),
        Some("attachment; filename=\"appointment.ics\""),
    ))
}

/// The form that chooses an offered slot.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ChoiceForm {
    offer: String,
    position: String,
}

/// Chooses an offered slot. If it is taken, renders the page with the remaining slots.
pub async fn choose(
    State(state): State<AppState>,
    Path(token): Path<String>,
    head: Parts,
    Form(form): Form<ChoiceForm>,
) -> Response {
    let request = Request::from_parts(head, axum::body::Body::empty());
    let locale = reader(&state, &request).locale;
    if let Err(seconds) = state.public_limits.check_submission(client_network(&request)) {
        return too_many_requests(reader(&state, &request).locale, seconds);
    }
    let result = with_requester(&state, &token, async |requester| {
        slot_offers::choose_by_link(&state.core, &requester, &form.offer, &form.position).await
    });
    match result.await {
        Ok(true) => redirect_to_tracking(&token, locale, "chosen"),
        Ok(false) => not_found_page(State(state.clone()), request).await,
        Err(error) if !error.fields.is_empty() => {
            let flash = Flash {
                form: "slot".to_owned(),
                errors: error.fields,
                ..Flash::default()
            };
            show(&state, request, token, locale, Some(flash), StatusCode::CONFLICT).await
        }
        Err(error) => error_page(&state, request, locale, &error).await,
    }
}

/// Withdraws the request.
pub async fn withdraw(State(state): State<AppState>, Path(token): Path<String>, request: Request) -> Response {
    let locale = reader(&state, &request).locale;
    if let Err(seconds) = state.public_limits.check_submission(client_network(&request)) {
        return too_many_requests(reader(&state, &request).locale, seconds);
    }
    match with_requester(&state, &token, async |requester| {
        tracking::withdraw(&state.core, &requester).await
    })
    .await
    {
        Ok(true) => redirect_to_tracking(&token, locale, "withdrawn"),
        Ok(false) => not_found_page(State(state.clone()), request).await,
        Err(error) => error_page(&state, request, locale, &error).await,
    }
}

/// Renders the unsubscribe page. A `GET` must not unsubscribe, because mail scanners follow links.
pub async fn unsubscribe_form(State(state): State<AppState>, Path(token): Path<String>, request: Request) -> Response {
    unsubscribe_page(state, token, request, false).await
}

/// Unsubscribes from mails: from the page or by the one-click request of a mail program (RFC 8058).
pub async fn submit_unsubscribe(
    State(state): State<AppState>,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    if let Err(seconds) = state.public_limits.check_submission(client_network(&request)) {
        return too_many_requests(reader(&state, &request).locale, seconds);
    }
    unsubscribe_page(state, token, request, true).await
}

async fn unsubscribe_page(state: AppState, token: String, request: Request, unsubscribe: bool) -> Response {
    let locale = reader(&state, &request).locale;
    let requester = match authentication::tracking_requester(&state.core, &token).await {
        Ok(Some(requester)) => requester,
        Ok(None) => return not_found_page(State(state.clone()), request).await,
        Err(error) => return error_page(&state, request, locale, &error).await,
    };
    if unsubscribe && let Err(error) = tracking::unsubscribe(&state.core, &requester).await {
        return error_page(&state, request, locale, &error).await;
    }
    let assets = state.manifest.assets(App::Intake);
    let tenant = requester.tenant_name().to_owned();
    let page = render(&state, request, move || {
        track::unsubscribe(&assets, locale, token.clone(), tenant.clone(), unsubscribe)
    });
    without_indexing(page.await)
}

async fn with_requester(
    state: &AppState,
    token: &str,
    action: impl AsyncFnOnce(TrackingRequester) -> CoreResult<()>,
) -> CoreResult<bool> {
    match authentication::tracking_requester(&state.core, token).await? {
        Some(requester) => action(requester).await.map(|()| true),
        None => Ok(false),
    }
}

/// Redirects to the tracking page, which tells which files were left out.
pub(super) fn redirect_with_refused(
    state: &AppState,
    token: &str,
    locale: Locale,
    done: &str,
    refused: Vec<FieldError>,
) -> Response {
    if !refused.is_empty() {
        let flash = Flash {
            errors: refused,
            values: [(TOKEN.to_owned(), token.to_owned())].into(),
            ..Flash::default()
        };
        let sealed = state.tracking_cookie().seal_value(flash).unwrap_or_default();
        return redirect_to_tracking(token, locale, &format!("{done}&{}", format::query([(REFUSED, sealed)])));
    }
    redirect_to_tracking(token, locale, done)
}

fn redirect_to_tracking(token: &str, locale: Locale, done: &str) -> Response {
    let url = format!("/track/{token}?lang={}&{done}", locale.tag());
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(location) = HeaderValue::from_str(&url) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}
