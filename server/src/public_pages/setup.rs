//! `/setup/{code}`: creates the first organization of a new installation.

use std::collections::BTreeMap;

use axum::Form;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use domain::locale::Locale;
use domain::problems::Cause;
use ordinavo_core::identity::sessions::Realm;
use ordinavo_core::installation::setup;
use ordinavo_core::installation::setup::Setup;
use public::identity::setup::{FORM, SetupPage, page as setup_page};
use serde::Deserialize;
use ui::flash::Flash;
use ui::forms::FormState;
use ui::shell::App;

use super::intake::error_page;
use super::reader;
use crate::pages::{not_found_page, render};
use crate::public_limits::{client_network, too_many_requests};
use crate::serve::AppState;
use crate::setup_address;

/// The name of the form on the sign-in page.
const SIGN_IN: &str = "sign-in";

/// The fields of the form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SetupForm {
    organisation: String,
    short_name: String,
    locale: String,
    zone: String,
    name: String,
    email: String,
    password: String,
}

impl SetupForm {
    /// Returns what is shown again after an error; the password is not.
    fn values(&self) -> BTreeMap<String, String> {
        [
            ("organisation", &self.organisation),
            ("short_name", &self.short_name),
            ("locale", &self.locale),
            ("zone", &self.zone),
            ("name", &self.name),
            ("email", &self.email),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.clone()))
        .collect()
    }
}

/// Shows the form; not found for a wrong code, and once there is an organization.
pub async fn page(State(state): State<AppState>, Path(code): Path<String>, request: Request) -> Response {
    let locale = reader(&state, &request).locale;
    match setup::is_open(&state.core, &code).await {
        Ok(true) => show(&state, request, code, locale, None).await,
        Ok(false) => not_found_page(State(state), request).await,
        Err(error) => error_page(&state, request, locale, &error).await,
    }
}

async fn show(state: &AppState, request: Request, code: String, locale: Locale, flash: Option<Flash>) -> Response {
    let assets = state.manifest.assets(App::Intake);
    let page = SetupPage {
        code,
        zones: setup::zones(),
        locale,
        form: FormState::new(FORM, locale, flash.as_ref()),
    };
    let is_rejected = flash.is_some();
    let mut response = render(state, request, move || setup_page(&assets, page.clone())).await;
    if is_rejected {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    response
}

/// Creates the organization and leads to its sign-in page.
pub async fn submit(
    State(state): State<AppState>,
    Path(code): Path<String>,
    head: Parts,
    Form(form): Form<SetupForm>,
) -> Response {
    let request = Request::from_parts(head, Body::empty());
    let locale = reader(&state, &request).locale;
    // A wrong code costs nothing, and a right one a password hash.
    if let Err(seconds) = state.public_limits.check_submission(client_network(&request)) {
        return too_many_requests(locale, seconds);
    }
    let values = form.values();
    let setup = Setup {
        organisation: form.organisation,
        short_name: form.short_name,
        zone: form.zone,
        locale: form.locale,
        name: form.name,
        email: form.email,
        password: form.password.into(),
    };
    match setup::complete(&state.core, &code, &setup).await {
        Ok(()) => {
            setup_address::remove(&state.config);
            created(&state, setup.email)
        }
        Err(error) if error.cause == Cause::NotFound => not_found_page(State(state), request).await,
        Err(error) if !error.fields.is_empty() => {
            let flash = Flash {
                form: FORM.to_owned(),
                values,
                errors: error.fields,
                ..Flash::default()
            };
            show(&state, request, code, locale, Some(flash)).await
        }
        Err(error) => error_page(&state, request, locale, &error).await,
    }
}

/// Leads to the sign-in page, with a message and the address filled in.
fn created(state: &AppState, email: String) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    headers.insert(LOCATION, HeaderValue::from_static("/app/sign-in"));
    let flash = Flash {
        form: SIGN_IN.to_owned(),
        values: BTreeMap::from([("email".to_owned(), email)]),
        done: Some("done-organization-created".to_owned()),
        ..Flash::default()
    };
    if let Some(cookie) = state.flash_cookie(Realm::Staff).seal(flash) {
        headers.insert(SET_COOKIE, cookie);
    }
    response
}
