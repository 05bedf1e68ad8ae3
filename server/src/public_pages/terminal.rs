//! `/terminal`: pairs a device, shows its form, takes requests in, and gives the device what it needs to go on without a
//! connection.

use std::collections::BTreeMap;

use axum::Form;
use axum::body::Body;
use axum::extract::{Json, Query, Request, State};
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use domain::intake::form::FormSettings;
use domain::intake::submission::RawSubmission;
use domain::intake::terminal::is_token;
use domain::locale::Locale;
use ordinavo_core::CoreResult;
use ordinavo_core::identity::actors::Terminal;
use ordinavo_core::intake::by_terminal::{Envelope, Sending, submit_at_terminal};
use ordinavo_core::intake::form_nonce;
use ordinavo_core::intake::terminals;
use public::terminal::{self, FORM, PAIR, Receipt, TerminalPage};
use serde::{Deserialize, Serialize};
use ui::flash::Flash;
use ui::forms::FormState;
use ui::shell::App;

use super::intake::no_form;
use super::reader;
use crate::authn::terminal as device;
use crate::pages::render;
use crate::public_limits::{address, too_often};
use crate::scripts;
use crate::serve::AppState;

/// What runs beside the page: keeps what is sent until it has arrived, and the pages for when there is no connection.
const WORKER: &str = include_str!("../../../public/terminal-worker.js");
/// What runs in the page: clears it after a while of rest and asks for what is new.
const KEEPER: &str = include_str!("../../../public/terminal-keeper.js");
/// The letters that a device which keeps a page of receipts leaves open.
const OPEN_RECEIPT: (&str, &str) = ("[[code]]", "[[picture]]");

/// A field of the query.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ReceiptQuery {
    token: String,
    template: Option<String>,
}

/// What a form of a terminal sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Sent {
    service_type: String,
    description: String,
    name: String,
    email: String,
    phone: String,
    nonce: String,
    terminal: String,
}

impl Sent {
    fn raw(&self) -> RawSubmission {
        RawSubmission {
            service_type: self.service_type.clone(),
            description: self.description.clone(),
            name: self.name.clone(),
            email: self.email.clone(),
            phone: self.phone.clone(),
            ..RawSubmission::default()
        }
    }

    fn values(&self) -> BTreeMap<String, String> {
        [
            ("service_type", &self.service_type),
            ("description", &self.description),
            ("name", &self.name),
            ("email", &self.email),
            ("phone", &self.phone),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.clone()))
        .collect()
    }
}

/// What a device that keeps its requests sends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    terminal: String,
    sequence: u64,
    token: String,
    locale: String,
    fields: Sent,
}

/// Shows the form, or asks for the code that pairs the device.
pub async fn page(State(state): State<AppState>, request: Request) -> Response {
    let locale = reader(&state, &request).locale;
    match device::terminal(&state, request.headers()).await {
        Ok(Some((terminal, settings))) => {
            if let Err(error) = terminals::seen(&state.core, &terminal).await {
                tracing::warn!(%error, "a terminal's sign of life");
            }
            let renewed = device::renewed(&state, request.headers());
            let mut response = show(&state, request, &terminal, settings, locale, None).await;
            if let Some(cookie) = renewed {
                response.headers_mut().insert(SET_COOKIE, cookie);
            }
            response
        }
        Ok(None) => pairing(&state, request, locale, None, StatusCode::UNAUTHORIZED).await,
        Err(error) => no_form(&state, request, locale, Some(error)).await,
    }
}

async fn show(
    state: &AppState,
    request: Request,
    terminal: &Terminal,
    settings: FormSettings,
    locale: Locale,
    flash: Option<Flash>,
) -> Response {
    let assets = state.manifest.of(App::Intake);
    let page = TerminalPage {
        tenant: terminal.tenant_name().to_owned(),
        words: terminal.words(),
        location: terminal.location_name().to_owned(),
        texts: settings.texts(locale),
        settings: settings.for_terminal(),
        nonce: form_nonce(&state.core),
        terminal: terminal.id().to_string(),
        form: FormState::new(FORM, locale, flash.as_ref()),
        locale,
    };
    render(state, request, move || terminal::page(&assets, page.clone())).await
}

async fn pairing(
    state: &AppState,
    request: Request,
    locale: Locale,
    flash: Option<Flash>,
    status: StatusCode,
) -> Response {
    let assets = state.manifest.of(App::Intake);
    let form = FormState::new(PAIR, locale, flash.as_ref());
    let mut response = render(state, request, move || terminal::pairing(&assets, locale, form.clone())).await;
    *response.status_mut() = status;
    response
}

fn see(path: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(location) = HeaderValue::from_str(path) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// The code that somebody types on a new device.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PairForm {
    code: String,
}

/// Pairs the device.
pub async fn pair(State(state): State<AppState>, head: Parts, Form(form): Form<PairForm>) -> Response {
    let request = Request::from_parts(head, Body::empty());
    let locale = reader(&state, &request).locale;
    // Few tries for each address: a code has forty bits and lives for a day.
    if let Err(seconds) = state.public_limits.send_unproven(address(&request)) {
        return too_often(seconds);
    }
    match terminals::pair(&state.core, &form.code).await {
        Ok(token) => {
            let mut response = see(&format!("/terminal?lang={}", locale.tag()));
            if let Some(cookie) = device::cookie(&state, &token) {
                response.headers_mut().insert(SET_COOKIE, cookie);
            }
            response
        }
        Err(error) if !error.fields.is_empty() => {
            let flash = Flash {
                form: PAIR.to_owned(),
                values: BTreeMap::from([("code".to_owned(), form.code)]),
                errors: error.fields,
                ..Flash::default()
            };
            pairing(&state, request, locale, Some(flash), StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(error) => no_form(&state, request, locale, Some(error)).await,
    }
}

/// Takes in what the page sends by itself, without anything that runs beside it.
pub async fn send(State(state): State<AppState>, head: Parts, Form(sent): Form<Sent>) -> Response {
    let request = Request::from_parts(head, Body::empty());
    let locale = reader(&state, &request).locale;
    let (terminal, settings) = match device::terminal(&state, request.headers()).await {
        Ok(Some(found)) => found,
        Ok(None) => return pairing(&state, request, locale, None, StatusCode::UNAUTHORIZED).await,
        Err(error) => return no_form(&state, request, locale, Some(error)).await,
    };
    if let Err(seconds) = state.public_limits.send(address(&request)) {
        return too_often(seconds);
    }
    let envelope = Envelope {
        terminal: sent.terminal.clone(),
        sending: Sending::Page {
            nonce: sent.nonce.clone(),
        },
    };
    match submit_at_terminal(&state.core, &terminal, &settings, &sent.raw(), &envelope, locale).await {
        Ok(receipt) => see(&format!(
            "/terminal/receipt?token={}&lang={}",
            receipt.token,
            locale.tag()
        )),
        Err(error) if !error.fields.is_empty() => {
            let flash = Flash {
                form: FORM.to_owned(),
                values: sent.values(),
                errors: error.fields,
                ..Flash::default()
            };
            let mut response = show(&state, request, &terminal, settings, locale, Some(flash)).await;
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            response
        }
        Err(error) => no_form(&state, request, locale, Some(error)).await,
    }
}

/// What a device is told about one of its requests.
#[derive(Debug, Serialize)]
struct Arrived {
    code: String,
    token: String,
}

/// Takes in what a device kept. It may come late and it may come twice.
pub async fn take_kept(State(state): State<AppState>, head: Parts, Json(kept): Json<Kept>) -> Response {
    let headers = head.headers.clone();
    let request = Request::from_parts(head, Body::empty());
    if let Err(seconds) = state.public_limits.send(address(&request)) {
        return too_often(seconds);
    }
    let taken = async {
        let Some((terminal, settings)) = device::terminal(&state, &headers).await? else {
            return Ok(None);
        };
        let locale = Locale::from_tag(&kept.locale).unwrap_or_default();
        let envelope = Envelope {
            terminal: kept.terminal,
            sending: Sending::Kept {
                sequence: kept.sequence,
                token: kept.token,
            },
        };
        let receipt =
            submit_at_terminal(&state.core, &terminal, &settings, &kept.fields.raw(), &envelope, locale).await?;
        CoreResult::Ok(Some(receipt))
    };
    match taken.await {
        Ok(Some(receipt)) => Json(Arrived {
            code: terminals::code_of(&receipt.token),
            token: receipt.token,
        })
        .into_response(),
        Ok(None) => StatusCode::UNAUTHORIZED.into_response(),
        // A closed form takes nothing from visitors; what a person was given a receipt for waits until it is open again.
        Err(error) if error.fields.iter().any(|field| field.code == "form_closed") => {
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
        // It waits on the device for the terminal that it belongs to.
        Err(error) if error.fields.iter().any(|field| field.code == "other_terminal") => {
            StatusCode::CONFLICT.into_response()
        }
        Err(error) => {
            let status = StatusCode::from_u16(error.problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, Json(error.fields)).into_response()
        }
    }
}

/// A receipt, or the page that a device fills in by itself.
pub async fn receipt(State(state): State<AppState>, Query(query): Query<ReceiptQuery>, request: Request) -> Response {
    let locale = reader(&state, &request).locale;
    let terminal = match device::terminal(&state, request.headers()).await {
        Ok(Some((terminal, _))) => terminal,
        Ok(None) => return pairing(&state, request, locale, None, StatusCode::UNAUTHORIZED).await,
        Err(error) => return no_form(&state, request, locale, Some(error)).await,
    };
    let shown = if query.template.is_some() {
        Some((OPEN_RECEIPT.0.to_owned(), OPEN_RECEIPT.1.to_owned()))
    } else {
        match terminals::receipt(&state.core, &terminal, &query.token).await {
            Ok(code) => code.map(|code| (code, picture(&state, &query.token))),
            Err(error) => return no_form(&state, request, locale, Some(error)).await,
        }
    };
    // What somebody else left here is over.
    let Some((code, picture)) = shown else {
        return see("/terminal");
    };
    let assets = state.manifest.of(App::Intake);
    let receipt = Receipt {
        tenant: terminal.tenant_name().to_owned(),
        code,
        picture,
        locale,
    };
    render(&state, request, move || terminal::receipt(&assets, receipt.clone())).await
}

/// The tracking link as a picture.
fn picture(state: &AppState, token: &str) -> String {
    if !is_token(token) {
        return String::new();
    }
    let link = format!("{}/track/{token}", state.core.public_url());
    ui::qr::picture(&link, 240)
}

/// A receipt that a device may give out by itself.
#[derive(Debug, Serialize)]
struct SlipAnswer {
    token: String,
    code: String,
    picture: String,
}

/// Whether the device is still paired, and receipts for times without a connection if it asks for some.
pub async fn state(
    State(state): State<AppState>,
    Query(query): Query<BTreeMap<String, String>>,
    request: Request,
) -> Response {
    match device::terminal(&state, request.headers()).await {
        Ok(Some((terminal, _))) => {
            if let Err(error) = terminals::seen(&state.core, &terminal).await {
                tracing::warn!(%error, "a terminal's sign of life");
            }
            let wanted = query.get("slips").and_then(|count| count.parse().ok()).unwrap_or(0);
            let slips: Vec<SlipAnswer> = terminals::slips(&state.core, &terminal, wanted)
                .into_iter()
                .map(|slip| SlipAnswer {
                    picture: picture(&state, &slip.token),
                    token: slip.token,
                    code: slip.code,
                })
                .collect();
            Json(serde_json::json!({ "slips": slips })).into_response()
        }
        Ok(None) => StatusCode::UNAUTHORIZED.into_response(),
        Err(error) => StatusCode::from_u16(error.problem.status())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            .into_response(),
    }
}

/// The worker of this build, which knows the names of the files that its pages need.
pub async fn worker(State(state): State<AppState>) -> Response {
    let assets = state.manifest.of(App::Intake);
    let mut files = assets.files();
    files.push("/terminal/keeper.js".to_owned());
    let locales: Vec<&str> = Locale::ALL.iter().map(|locale| locale.tag()).collect();
    let shell =
        serde_json::json!({ "files": files, "locales": locales, "lives": terminals::RECEIPT_LIVES.num_milliseconds() });
    scripts::worker(&shell, WORKER, "/terminal")
}

/// What runs in the page.
pub async fn keeper() -> Response {
    scripts::script(KEEPER.to_owned())
}
