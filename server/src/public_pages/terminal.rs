//! `/terminal`: pairs devices, renders their form, accepts requests and provides the scripts for offline operation.

use std::collections::BTreeMap;

use axum::Form;
use axum::body::Body;
use axum::extract::{Json, Query, Request, State};
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use domain::fields::FieldCode;
use domain::intake::form::FormSettings;
use domain::intake::submission::RawSubmission;
use domain::intake::terminal::is_token;
use domain::locale::Locale;
use ordinavo_core::CoreResult;
use ordinavo_core::identity::actors::Terminal;
use ordinavo_core::intake::by_terminal::{Envelope, Sending, submit_at_terminal};
use ordinavo_core::intake::form_nonce;
use ordinavo_core::intake::terminals;
use public::intake::terminal::{self, FORM, PAIR, Receipt, TerminalPage};
use serde::{Deserialize, Serialize};
use ui::flash::Flash;
use ui::forms::FormState;
use ui::shell::App;

use super::intake::unavailable_form_page;
use super::reader;
use crate::api::problem::FieldProblem;
use crate::api::problem::logged_status;
use crate::authn::terminal as device;
use crate::pages::render;
use crate::public_limits::{client_network, too_many_requests};
use crate::scripts;
use crate::serve::AppState;

/// The service worker: queues requests until they are sent and caches the pages.
const WORKER: &str = include_str!("../../../public/terminal-worker.js");
/// The page script: clears the form after inactivity and checks for updates.
const PAGE_SCRIPT: &str = include_str!("../../../public/terminal-keeper.js");
/// The placeholders for code and QR code in the receipt template that devices cache.
const RECEIPT_PLACEHOLDERS: (&str, &str) = ("[[code]]", "[[picture]]");

/// Query parameters of the receipt page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ReceiptQuery {
    token: String,
    template: Option<String>,
}

/// The fields of the terminal form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TerminalForm {
    service_type: String,
    description: String,
    name: String,
    email: String,
    phone: String,
    nonce: String,
    terminal: String,
}

impl TerminalForm {
    fn raw_submission(&self) -> RawSubmission {
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

/// A request that a device queued while it was offline.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueuedRequest {
    terminal: String,
    sequence: u64,
    token: String,
    locale: String,
    fields: TerminalForm,
}

/// Renders the form, or the pairing page on an unpaired device.
pub async fn page(State(state): State<AppState>, request: Request) -> Response {
    let locale = reader(&state, &request).locale;
    match device::terminal(&state, request.headers()).await {
        Ok(Some((terminal, settings))) => {
            if let Err(error) = terminals::record_seen(&state.core, &terminal).await {
                tracing::warn!(%error, "failed to update last seen time of terminal");
            }
            let renewed = device::renewed_cookie(&state, request.headers());
            let mut response = show(&state, request, &terminal, settings, locale, None).await;
            if let Some(cookie) = renewed {
                response.headers_mut().insert(SET_COOKIE, cookie);
            }
            response
        }
        Ok(None) => pairing(&state, request, locale, None, StatusCode::UNAUTHORIZED).await,
        Err(error) => unavailable_form_page(&state, request, locale, Some(error)).await,
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
    let assets = state.manifest.assets(App::Intake);
    let page = TerminalPage {
        tenant: terminal.tenant_name().to_owned(),
        words: terminal.terminology(),
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
    let assets = state.manifest.assets(App::Intake);
    let form = FormState::new(PAIR, locale, flash.as_ref());
    let mut response = render(state, request, move || terminal::pairing(&assets, locale, form.clone())).await;
    *response.status_mut() = status;
    response
}

fn see_other(path: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(location) = HeaderValue::from_str(path) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// The pairing form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PairForm {
    code: String,
}

/// Pairs a device with a code.
pub async fn pair(State(state): State<AppState>, head: Parts, Form(form): Form<PairForm>) -> Response {
    let request = Request::from_parts(head, Body::empty());
    let locale = reader(&state, &request).locale;
    // The low limit prevents guessing: a code has 40 bits and is valid for one day.
    if let Err(seconds) = state.public_limits.check_unproven_submission(client_network(&request)) {
        return too_many_requests(reader(&state, &request).locale, seconds);
    }
    match terminals::pair(&state.core, &form.code).await {
        Ok(token) => {
            let mut response = see_other(&format!("/terminal?lang={}", locale.tag()));
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
        Err(error) => unavailable_form_page(&state, request, locale, Some(error)).await,
    }
}

/// Accepts a request that the page submits directly, without the service worker.
pub async fn submit(State(state): State<AppState>, head: Parts, Form(form): Form<TerminalForm>) -> Response {
    let request = Request::from_parts(head, Body::empty());
    let locale = reader(&state, &request).locale;
    let (terminal, settings) = match device::terminal(&state, request.headers()).await {
        Ok(Some(found)) => found,
        Ok(None) => return pairing(&state, request, locale, None, StatusCode::UNAUTHORIZED).await,
        Err(error) => return unavailable_form_page(&state, request, locale, Some(error)).await,
    };
    if let Err(seconds) = state.public_limits.check_submission(client_network(&request)) {
        return too_many_requests(reader(&state, &request).locale, seconds);
    }
    let envelope = Envelope {
        terminal: form.terminal.clone(),
        sending: Sending::Online {
            nonce: form.nonce.clone(),
        },
    };
    match submit_at_terminal(
        &state.core,
        &terminal,
        &settings,
        &form.raw_submission(),
        &envelope,
        locale,
    )
    .await
    {
        Ok(receipt) => see_other(&format!(
            "/terminal/receipt?token={}&lang={}",
            receipt.token,
            locale.tag()
        )),
        Err(error) if !error.fields.is_empty() => {
            let flash = Flash {
                form: FORM.to_owned(),
                values: form.values(),
                errors: error.fields,
                ..Flash::default()
            };
            let mut response = show(&state, request, &terminal, settings, locale, Some(flash)).await;
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            response
        }
        Err(error) => unavailable_form_page(&state, request, locale, Some(error)).await,
    }
}

/// The confirmation of a queued request.
#[derive(Debug, Serialize)]
struct Confirmation {
    code: String,
    token: String,
}

/// Accepts a queued request. It may arrive late and more than once.
pub async fn submit_queued(State(state): State<AppState>, head: Parts, Json(queued): Json<QueuedRequest>) -> Response {
    let headers = head.headers.clone();
    let request = Request::from_parts(head, Body::empty());
    if let Err(seconds) = state.public_limits.check_submission(client_network(&request)) {
        return too_many_requests(reader(&state, &request).locale, seconds);
    }
    let submission = async {
        let Some((terminal, settings)) = device::terminal(&state, &headers).await? else {
            return Ok(None);
        };
        let locale = Locale::from_tag(&queued.locale).unwrap_or_default();
        let envelope = Envelope {
            terminal: queued.terminal,
            sending: Sending::Queued {
                sequence: queued.sequence,
                token: queued.token,
            },
        };
        let receipt = submit_at_terminal(
            &state.core,
            &terminal,
            &settings,
            &queued.fields.raw_submission(),
            &envelope,
            locale,
        )
        .await?;
        CoreResult::Ok(Some(receipt))
    };
    match submission.await {
        Ok(Some(receipt)) => Json(Confirmation {
            code: terminals::code_of(&receipt.token),
            token: receipt.token,
        })
        .into_response(),
        Ok(None) => StatusCode::UNAUTHORIZED.into_response(),
        // The visitor already has a receipt, so the device keeps the request until the form is open again.
        Err(error) if error.has_field(&FieldCode::FormClosed) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        // The request stays on the device until it is paired with the same terminal again.
        Err(error) if error.has_field(&FieldCode::OtherTerminal) => StatusCode::CONFLICT.into_response(),
        Err(error) => {
            let status = logged_status(&error);
            (
                status,
                Json(error.fields.into_iter().map(FieldProblem::from).collect::<Vec<_>>()),
            )
                .into_response()
        }
    }
}

/// Renders a receipt, or the template that a device fills in while it is offline.
pub async fn receipt(State(state): State<AppState>, Query(query): Query<ReceiptQuery>, request: Request) -> Response {
    let locale = reader(&state, &request).locale;
    let terminal = match device::terminal(&state, request.headers()).await {
        Ok(Some((terminal, _))) => terminal,
        Ok(None) => return pairing(&state, request, locale, None, StatusCode::UNAUTHORIZED).await,
        Err(error) => return unavailable_form_page(&state, request, locale, Some(error)).await,
    };
    let content = if query.template.is_some() {
        Some((RECEIPT_PLACEHOLDERS.0.to_owned(), RECEIPT_PLACEHOLDERS.1.to_owned()))
    } else {
        match terminals::receipt(&state.core, &terminal, &query.token).await {
            Ok(code) => code.map(|code| (code, picture(&state, &query.token))),
            Err(error) => return unavailable_form_page(&state, request, locale, Some(error)).await,
        }
    };
    // The receipt is unknown or has expired.
    let Some((code, picture)) = content else {
        return see_other("/terminal");
    };
    let assets = state.manifest.assets(App::Intake);
    let receipt = Receipt {
        tenant: terminal.tenant_name().to_owned(),
        code,
        picture,
        locale,
    };
    render(&state, request, move || terminal::receipt(&assets, receipt.clone())).await
}

/// Returns the tracking link as a QR code.
fn picture(state: &AppState, token: &str) -> String {
    if !is_token(token) {
        return String::new();
    }
    let link = format!("{}/track/{token}", state.core.public_url());
    ui::qr::render_svg(&link, 240)
}

/// A receipt that a device may issue while it is offline.
#[derive(Debug, Serialize)]
struct OfflineReceipt {
    token: String,
    code: String,
    picture: String,
}

/// Returns whether the device is still paired and, on request, receipts for offline use.
pub async fn state(
    State(state): State<AppState>,
    Query(query): Query<BTreeMap<String, String>>,
    request: Request,
) -> Response {
    match device::terminal(&state, request.headers()).await {
        Ok(Some((terminal, _))) => {
            if let Err(error) = terminals::record_seen(&state.core, &terminal).await {
                tracing::warn!(%error, "failed to update last seen time of terminal");
            }
            let count = query.get("slips").and_then(|count| count.parse().ok()).unwrap_or(0);
            let slips: Vec<OfflineReceipt> = terminals::offline_receipts(&state.core, &terminal, count)
                .into_iter()
                .map(|slip| OfflineReceipt {
                    picture: picture(&state, &slip.token),
                    token: slip.token,
                    code: slip.code,
                })
                .collect();
            Json(serde_json::json!({ "slips": slips })).into_response()
        }
        Ok(None) => StatusCode::UNAUTHORIZED.into_response(),
        Err(error) => logged_status(&error).into_response(),
    }
}

/// Returns the service worker with the file names of this build.
pub async fn worker(State(state): State<AppState>) -> Response {
    let assets = state.manifest.assets(App::Intake);
    let mut files = assets.files();
    files.push("/terminal/keeper.js".to_owned());
    let locales: Vec<&str> = Locale::ALL.iter().map(|locale| locale.tag()).collect();
    let shell =
        serde_json::json!({ "files": files, "locales": locales, "lives": terminals::RECEIPT_TTL.num_milliseconds() });
    scripts::worker(&shell, WORKER, "/terminal")
}

/// Returns the page script.
pub async fn page_script() -> Response {
    scripts::script(PAGE_SCRIPT.to_owned())
}
