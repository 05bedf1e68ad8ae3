//! `/track/{token}`: how a request goes on, and what its sender can do about it.

use std::collections::BTreeMap;

use axum::Form;
use axum::extract::{Path, Request, State};
use axum::http::header::LOCATION;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use domain::locale::Locale;
use ordinavo_core::CoreResult;
use ordinavo_core::identity::actors::TrackingRequester;
use ordinavo_core::identity::authentication;
use ordinavo_core::intake as intake_service;
use ordinavo_core::requests::{slot_offers, tracking};
use public::track::{self, ANSWER, TrackPage};
use serde::Deserialize;
use ui::flash::Flash;
use ui::forms::FormState;
use ui::shell::App;

use super::intake::sentence;
use super::reader;
use crate::pages::{FrameHosts, nothing_here, render};
use crate::public_limits::{address, too_often};
use crate::serve::AppState;

/// What was just done, as the query of the page after it says. It only chooses a sentence.
fn done(query: &str) -> Option<&'static str> {
    query.split('&').find_map(|part| match part {
        "new" => Some("done-sent"),
        "answered" => Some("done-answered"),
        "withdrawn" => Some("done-withdrawn"),
        "chosen" => Some("done-chosen"),
        _ => None,
    })
}

/// Shows the request.
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
        Ok(None) => return nothing_here(State(state.clone()), request).await,
        Err(error) => return sentence(state, request, locale, &error).await,
    };
    let assets = state.manifest.of(App::Intake);
    // A form in somebody's page leads here inside the same frame.
    let hosts = tracking
        .request
        .form_settings
        .as_ref()
        .map(|settings| settings.0.hosts.clone());
    request.extensions_mut().insert(FrameHosts(hosts.unwrap_or_default()));
    let page = TrackPage {
        tenant: requester.tenant_name().to_owned(),
        words: requester.words(),
        zone: requester.zone().to_owned(),
        done: done(request.uri().query().unwrap_or_default()).filter(|_| flash.is_none()),
        slot_error: flash
            .as_ref()
            .and_then(|flash| flash.errors.iter().find(|error| error.pointer == "slot"))
            .map(|error| ui::words::error(locale, &error.code, &error.detail)),
        form: FormState::new(ANSWER, locale, flash.as_ref()),
        nonce: intake_service::form_nonce(&state.core),
        token,
        tracking,
        locale,
    };
    let mut response = render(state, request, move || track::page(&assets, page.clone())).await;
    *response.status_mut() = status;
    secret(response)
}

/// The address is the key to the request: no search engine keeps it, and the policy for referrers tells it to no other site.
fn secret(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert("x-robots-tag", HeaderValue::from_static("noindex"));
    response
}

/// What the answer form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct AnswerForm {
    answer: String,
    nonce: String,
}

/// Takes an answer in.
pub async fn answer(
    State(state): State<AppState>,
    Path(token): Path<String>,
    head: Parts,
    Form(form): Form<AnswerForm>,
) -> Response {
    let request = Request::from_parts(head, axum::body::Body::empty());
    let locale = reader(&state, &request).locale;
    if let Err(seconds) = state.public_limits.send(address(&request)) {
        return too_often(seconds);
    }
    let result = with_requester(&state, &token, async |by| {
        tracking::answer(&state.core, &by, &form.answer, &form.nonce).await
    });
    match result.await {
        Ok(true) => go_on(&token, locale, "answered"),
        Ok(false) => nothing_here(State(state.clone()), request).await,
        Err(error) if !error.fields.is_empty() => {
            let flash = Flash {
                form: ANSWER.to_owned(),
                values: BTreeMap::from([("answer".to_owned(), form.answer)]),
                errors: error.fields,
                ..Flash::default()
            };
            show(
                &state,
                request,
                token,
                locale,
                Some(flash),
                StatusCode::UNPROCESSABLE_ENTITY,
            )
            .await
        }
        Err(error) => sentence(&state, request, locale, &error).await,
    }
}

/// What the form of a time sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ChoiceForm {
    offer: String,
    position: String,
}

/// Chooses one of the offered times. Whoever comes too late sees what is left, and why.
pub async fn choose(
    State(state): State<AppState>,
    Path(token): Path<String>,
    head: Parts,
    Form(form): Form<ChoiceForm>,
) -> Response {
    let request = Request::from_parts(head, axum::body::Body::empty());
    let locale = reader(&state, &request).locale;
    if let Err(seconds) = state.public_limits.send(address(&request)) {
        return too_often(seconds);
    }
    let result = with_requester(&state, &token, async |by| {
        slot_offers::choose_by_link(&state.core, &by, &form.offer, &form.position).await
    });
    match result.await {
        Ok(true) => go_on(&token, locale, "chosen"),
        Ok(false) => nothing_here(State(state.clone()), request).await,
        Err(error) if !error.fields.is_empty() => {
            let flash = Flash {
                form: "slot".to_owned(),
                errors: error.fields,
                ..Flash::default()
            };
            show(&state, request, token, locale, Some(flash), StatusCode::CONFLICT).await
        }
        Err(error) => sentence(&state, request, locale, &error).await,
    }
}

/// Withdraws the request.
pub async fn withdraw(State(state): State<AppState>, Path(token): Path<String>, request: Request) -> Response {
    let locale = reader(&state, &request).locale;
    if let Err(seconds) = state.public_limits.send(address(&request)) {
        return too_often(seconds);
    }
    match with_requester(&state, &token, async |by| tracking::withdraw(&state.core, &by).await).await {
        Ok(true) => go_on(&token, locale, "withdrawn"),
        Ok(false) => nothing_here(State(state.clone()), request).await,
        Err(error) => sentence(&state, request, locale, &error).await,
    }
}

/// Asks whether no more mails are wanted; looking at it changes nothing, because programs follow links in mails.
pub async fn no_mails(State(state): State<AppState>, Path(token): Path<String>, request: Request) -> Response {
    mails(state, token, request, false).await
}

/// Refuses mails: the button on the page, or a mail program by itself.
pub async fn refuse_mails(State(state): State<AppState>, Path(token): Path<String>, request: Request) -> Response {
    if let Err(seconds) = state.public_limits.send(address(&request)) {
        return too_often(seconds);
    }
    mails(state, token, request, true).await
}

async fn mails(state: AppState, token: String, request: Request, refuse: bool) -> Response {
    let locale = reader(&state, &request).locale;
    let requester = match authentication::tracking_requester(&state.core, &token).await {
        Ok(Some(requester)) => requester,
        Ok(None) => return nothing_here(State(state.clone()), request).await,
        Err(error) => return sentence(&state, request, locale, &error).await,
    };
    if refuse && let Err(error) = tracking::refuse_mails(&state.core, &requester).await {
        return sentence(&state, request, locale, &error).await;
    }
    let assets = state.manifest.of(App::Intake);
    let tenant = requester.tenant_name().to_owned();
    let page = render(&state, request, move || {
        track::no_mails(&assets, locale, token.clone(), tenant.clone(), refuse)
    });
    secret(page.await)
}

async fn with_requester(
    state: &AppState,
    token: &str,
    work: impl AsyncFnOnce(TrackingRequester) -> CoreResult<()>,
) -> CoreResult<bool> {
    match authentication::tracking_requester(&state.core, token).await? {
        Some(requester) => work(requester).await.map(|()| true),
        None => Ok(false),
    }
}

fn go_on(token: &str, locale: Locale, done: &str) -> Response {
    let to = format!("/track/{token}?lang={}&{done}", locale.tag());
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(location) = HeaderValue::from_str(&to) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}
