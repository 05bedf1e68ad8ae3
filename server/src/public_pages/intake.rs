//! `/intake/{form}`: renders public intake forms and accepts their submissions.

use domain::fields::FieldCode;
use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Extension, FromRequest as _, Multipart, Path, Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use domain::intake::form::FormSettings;
use domain::intake::proof;
use domain::intake::submission::RawSubmission;
use domain::intake::{MAX_FILES, MAX_WINDOWS};
use domain::locale::Locale;
use domain::network::Network;
use domain::problems::{Cause, Problem};
use futures::StreamExt as _;
use ordinavo_core::branding;
use ordinavo_core::files::Upload;
use ordinavo_core::identity::actors::{FormVisitor, Staff};
use ordinavo_core::identity::authentication;
use ordinavo_core::intake::forms;
use ordinavo_core::intake::web_form::{Envelope, new_ticket, submit_form, verify_ticket};
use ordinavo_core::{CoreError, CoreResult};
use public::intake::form::{self, FORM, IntakePage};
use tokio::sync::OwnedSemaphorePermit;
use ui::flash::Flash;
use ui::forms::FormState;
use ui::shell::App;

use super::reader;
use super::track::redirect_with_refused;
use crate::api::problem::logged_status;
use crate::pages::{FrameHosts, not_found_page, render};
use crate::public_limits::{client_network, too_many_requests};
use crate::serve::AppState;

/// Limit for a form with all its files.
const MAX_FORM_BYTES: usize = 25 * 1024 * 1024;
/// A form up to this size has no files and needs no upload slot.
const MAX_TEXT_FORM_BYTES: u64 = 128 * 1024;
const MAX_TEXT_BYTES: usize = 128 * 1024;
/// Limit for a text field: the longest text in the longest encoding.
const MAX_FIELD_BYTES: usize = 32 * 1024;
/// How much of an oversized form is read and discarded, so that the browser receives the response.
const MAX_DISCARDED_BYTES: u64 = 128 * 1024 * 1024;
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(120);

/// Renders the form.
pub async fn page(State(state): State<AppState>, Path(slug): Path<String>, request: Request) -> Response {
    let locale = reader(&state, &request).locale;
    match authentication::form_visitor(&state.core, &slug).await {
        Ok(Some((visitor, settings))) => {
            let form_page = FormPage {
                slug,
                settings,
                locale,
                flash: None,
                ticket: None,
            };
            show(&state, request, &visitor, form_page, StatusCode::OK).await
        }
        other => unavailable_form_page(&state, request, locale, other.err()).await,
    }
}

/// Renders the preview of a form for its editors. It cannot be submitted.
pub async fn preview(
    State(state): State<AppState>,
    Extension(staff): Extension<Staff>,
    Path(id): Path<String>,
    mut request: Request,
) -> Response {
    let locale = reader(&state, &request).locale;
    let found = async {
        let id = id.parse().map_err(|_| CoreError::not_found())?;
        let form = forms::get(&state.core, staff.may()?, id).await?;
        Ok((form, branding::terminology(&state.core, staff.may()?).await?))
    };
    let (form, words) = match found.await {
        Ok(found) => found,
        Err(error) => return error_page(&state, request, locale, &error).await,
    };
    let assets = state.manifest.assets(App::Intake);
    request.extensions_mut().insert(FrameHosts(vec!["'self'".to_owned()]));
    let page = IntakePage {
        slug: form.slug,
        tenant: staff.tenant_name().to_owned(),
        words: words.into(),
        ticket: String::new(),
        form: FormState::new(FORM, locale, None),
        settings: form.settings,
        locale,
        preview: true,
    };
    render(&state, request, move || form::page(&assets, page.clone())).await
}

/// The content of a form page.
struct FormPage {
    slug: String,
    settings: FormSettings,
    locale: Locale,
    flash: Option<Flash>,
    /// The ticket of the submitted form, reused while it is valid so that its age is preserved.
    ticket: Option<String>,
}

async fn show(
    state: &AppState,
    mut request: Request,
    visitor: &FormVisitor,
    form_page: FormPage,
    status: StatusCode,
) -> Response {
    let assets = state.manifest.assets(App::Intake);
    request
        .extensions_mut()
        .insert(FrameHosts(form_page.settings.hosts.clone()));
    let page = IntakePage {
        slug: form_page.slug,
        tenant: visitor.tenant_name().to_owned(),
        words: visitor.terminology(),
        ticket: form_page.ticket.unwrap_or_else(|| new_ticket(&state.core, visitor)),
        form: FormState::new(FORM, form_page.locale, form_page.flash.as_ref()),
        settings: form_page.settings,
        locale: form_page.locale,
        preview: false,
    };
    let mut response = render(state, request, move || form::page(&assets, page.clone())).await;
    *response.status_mut() = status;
    response
}

/// Renders the page for a closed, unknown or unavailable form.
pub(super) async fn unavailable_form_page(
    state: &AppState,
    request: Request,
    locale: Locale,
    error: Option<CoreError>,
) -> Response {
    match error {
        None => not_found_page(State(state.clone()), request).await,
        Some(error) if error.has_field(&FieldCode::FormClosed) => {
            let assets = state.manifest.assets(App::Intake);
            let mut response = render(state, request, move || form::form_closed(&assets, locale)).await;
            *response.status_mut() = StatusCode::GONE;
            response
        }
        Some(error) => error_page(state, request, locale, &error).await,
    }
}

/// Renders an error message instead of a page.
pub(super) async fn error_page(state: &AppState, request: Request, locale: Locale, error: &CoreError) -> Response {
    let assets = state.manifest.assets(App::Intake);
    let text = ui::i18n::errors::cause(locale, &error.cause);
    let mut response = render(state, request, move || {
        form::message_page(&assets, locale, text.clone())
    })
    .await;
    *response.status_mut() = logged_status(error);
    if error.problem == Problem::TemporarilyUnavailable {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(5));
    }
    response
}

/// Submits the form and redirects to the tracking page. On validation errors, renders the form again with all values.
pub async fn submit(State(state): State<AppState>, Path(slug): Path<String>, request: Request) -> Response {
    let locale = reader(&state, &request).locale;
    let network = client_network(&request);
    if let Err(seconds) = state.public_limits.check_submission(network) {
        return too_many_requests(reader(&state, &request).locale, seconds);
    }
    let (visitor, settings) = match authentication::form_visitor(&state.core, &slug).await {
        Ok(Some(found)) => found,
        other => return unavailable_form_page(&state, request, locale, other.err()).await,
    };
    let (parts, body) = request.into_parts();
    // The response pages need the head of the request, the parser its body.
    let head = |parts: &Parts| Request::from_parts(parts.clone(), Body::empty());
    let (parsed, permit) = match receive(&state, &parts, body, network).await {
        Ok(received) => received,
        Err(NotReceived::TooLarge(fields)) => {
            let form_page = form_with_errors(slug, settings, locale, &fields, &too_large_error());
            return show(&state, head(&parts), &visitor, form_page, StatusCode::PAYLOAD_TOO_LARGE).await;
        }
        Err(NotReceived::Busy) => {
            let error = CoreError::new(Cause::TooManyUploads);
            return error_page(&state, head(&parts), locale, &error).await;
        }
    };
    let text = |name: &str| parsed.fields.get(name).map(String::as_str).unwrap_or_default();
    if let Err(error) = verify_ticket(&state.core, &visitor, text("ticket")) {
        let form_page = form_with_errors(slug, settings, locale, &parsed.fields, &error);
        return show(
            &state,
            head(&parts),
            &visitor,
            form_page,
            StatusCode::UNPROCESSABLE_ENTITY,
        )
        .await;
    }
    let proven = text("proof")
        .parse()
        .is_ok_and(|number| proof::is_solved(text("ticket"), number));
    if !proven && let Err(seconds) = state.public_limits.check_unproven_submission(network) {
        let error = CoreError::field("ticket", FieldCode::FormTooFast { seconds });
        let form_page = form_with_errors(slug, settings, locale, &parsed.fields, &error);
        return show(&state, head(&parts), &visitor, form_page, StatusCode::TOO_MANY_REQUESTS).await;
    }
    let (raw, mut envelope) = (raw_submission(&parsed.fields), envelope(&parsed.fields));
    envelope.network = Some(network);
    let submitted: CoreResult<_> =
        submit_form(&state.core, &visitor, &settings, &raw, parsed.files, &envelope, locale).await;
    drop(permit);
    match submitted {
        Ok(sent) => redirect_with_refused(&state, &sent.value.token, locale, "new", sent.refused),
        Err(error) if !error.fields.is_empty() => {
            let form_page = form_with_errors(slug, settings, locale, &parsed.fields, &error);
            show(
                &state,
                head(&parts),
                &visitor,
                form_page,
                StatusCode::UNPROCESSABLE_ENTITY,
            )
            .await
        }
        // What was typed is kept, for another try or without files.
        Err(error) if error.is_temporary() => {
            let form_page = form_with_errors(slug, settings, locale, &parsed.fields, &error);
            let mut response = show(&state, head(&parts), &visitor, form_page, logged_status(&error)).await;
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(5));
            response
        }
        Err(error) => error_page(&state, head(&parts), locale, &error).await,
    }
}

fn form_with_errors(
    slug: String,
    settings: FormSettings,
    locale: Locale,
    fields: &BTreeMap<String, String>,
    error: &CoreError,
) -> FormPage {
    let expired = error.has_field(&FieldCode::FormExpired);
    FormPage {
        slug,
        settings,
        locale,
        ticket: fields
            .get("ticket")
            .filter(|ticket| !expired && !ticket.is_empty())
            .cloned(),
        flash: Some(Flash {
            form: FORM.to_owned(),
            values: fields.clone(),
            errors: error.fields.clone(),
            cause: Some(error.cause.clone()),
            done: None,
        }),
    }
}

/// Reads and discards a body, up to a limit.
async fn discard(body: Body) {
    let mut stream = body.into_data_stream();
    let reading = async {
        let mut read = 0;
        while let Some(Ok(chunk)) = stream.next().await {
            read += chunk.len() as u64;
            if read > MAX_DISCARDED_BYTES {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(UPLOAD_TIMEOUT, reading).await;
}

/// Why a form with files was not received.
pub(crate) enum NotReceived {
    /// It is too large, took too long, or cannot be read. The fields are those that came before its end.
    TooLarge(BTreeMap<String, String>),
    /// All upload slots are in use.
    Busy,
}

/// Receives a form with files within the limits of pages without an account. The slot is held until it is dropped.
pub(crate) async fn receive(
    state: &AppState,
    parts: &Parts,
    body: Body,
    network: Network,
) -> Result<(ParsedForm, Option<OwnedSemaphorePermit>), NotReceived> {
    let length = parts
        .headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse::<u64>().ok());
    if length.is_some_and(|length| length > MAX_FORM_BYTES as u64) {
        discard(body).await;
        return Err(NotReceived::TooLarge(BTreeMap::new()));
    }
    let limited = Body::new(http_body_util::Limited::new(body, MAX_FORM_BYTES));
    // Forms without files do not need a place.
    let (body, place) = if length.is_some_and(|length| length <= MAX_TEXT_FORM_BYTES) {
        (limited, None)
    } else {
        let arriving = state.public_limits.acquire_arrival(network).await;
        let _arriving = arriving.ok_or(NotReceived::Busy)?;
        let body = tokio::time::timeout(UPLOAD_TIMEOUT, state.spool.receive(limited)).await;
        // An upload that takes too long is answered like one that is too large.
        let body = body.map_err(|_| NotReceived::TooLarge(BTreeMap::new()))?;
        let place = state.public_limits.acquire_upload_slot().await;
        (body, Some(place.ok_or(NotReceived::Busy)?))
    };
    let request = Request::from_parts(parts.clone(), body);
    match tokio::time::timeout(UPLOAD_TIMEOUT, parse_form(request)).await {
        Ok(Ok(parsed)) => Ok((parsed, place)),
        Ok(Err(fields)) => Err(NotReceived::TooLarge(fields)),
        Err(_) => Err(NotReceived::TooLarge(BTreeMap::new())),
    }
}

/// The error of a form that is too large.
pub(crate) fn too_large_error() -> CoreError {
    CoreError::field(
        "files",
        FieldCode::UploadTooLarge {
            max_megabytes: MAX_FORM_BYTES / 1024 / 1024,
        },
    )
}

/// A parsed multipart form.
pub(crate) struct ParsedForm {
    pub(crate) fields: BTreeMap<String, String>,
    pub(crate) files: Vec<Upload>,
}

fn is_urlencoded(request: &Request) -> bool {
    let content_type = request.headers().get(CONTENT_TYPE);
    content_type.is_some_and(|value| value.as_bytes().starts_with(b"application/x-www-form-urlencoded"))
}

/// Reads a form. One that ends early is an error with the fields that came before.
pub(crate) async fn parse_form(request: Request) -> Result<ParsedForm, BTreeMap<String, String>> {
    // A page that was opened before its form had files.
    if is_urlencoded(&request) {
        let bytes = axum::body::to_bytes(request.into_body(), MAX_TEXT_BYTES).await;
        let bytes = bytes.map_err(|_| BTreeMap::new())?;
        return Ok(ParsedForm {
            fields: url::form_urlencoded::parse(&bytes).into_owned().take(64).collect(),
            files: Vec::new(),
        });
    }
    let Ok(mut form) = Multipart::from_request(request, &()).await else {
        return Err(BTreeMap::new());
    };
    let mut parsed = ParsedForm {
        fields: BTreeMap::new(),
        files: Vec::new(),
    };
    loop {
        let field = match form.next_field().await {
            Ok(Some(field)) => field,
            Ok(None) => return Ok(parsed),
            Err(_) => return Err(parsed.fields),
        };
        let name = field.name().unwrap_or_default().to_owned();
        let file_name = field.file_name().map(str::to_owned);
        let media_type = field.content_type().unwrap_or_default().to_owned();
        let Ok(bytes) = field.bytes().await else {
            return Err(parsed.fields);
        };
        match file_name {
            Some(file_name) => {
                let is_upload = name == "files" && !bytes.is_empty() && parsed.files.len() <= MAX_FILES;
                if is_upload {
                    parsed.files.push(Upload {
                        file_name,
                        media_type,
                        bytes: bytes.to_vec(),
                    });
                }
            }
            None if bytes.len() > MAX_FIELD_BYTES => return Err(parsed.fields),
            None if parsed.fields.len() < 64 => {
                // Invalid UTF-8 becomes replacement characters, which the validation of the field rejects.
                parsed.fields.insert(name, String::from_utf8_lossy(&bytes).into_owned());
            }
            None => {}
        }
    }
}

fn raw_submission(fields: &BTreeMap<String, String>) -> RawSubmission {
    let text = |name: &str| fields.get(name).cloned().unwrap_or_default();
    RawSubmission {
        service_type: text("service_type"),
        description: text("description"),
        name: text("name"),
        organisation: text("organisation"),
        email: text("email"),
        phone: text("phone"),
        street: text("street"),
        postal_code: text("postal_code"),
        city: text("city"),
        windows: (1..=MAX_WINDOWS)
            .map(|number| (text(&format!("date_{number}")), text(&format!("part_{number}"))))
            .collect(),
        urgent: fields.contains_key("urgent"),
    }
}

fn envelope(fields: &BTreeMap<String, String>) -> Envelope {
    let text = |name: &str| fields.get(name).cloned().unwrap_or_default();
    Envelope {
        ticket: text("ticket"),
        proof: text("proof"),
        website: text("website"),
        network: None,
    }
}
