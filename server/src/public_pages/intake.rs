//! `/intake/{form}`: shows a form and takes it in.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Extension, FromRequest as _, Multipart, Path, Request, State};
use axum::http::header::{CONTENT_LENGTH, LOCATION, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use domain::intake::form::FormSettings;
use domain::intake::proof;
use domain::intake::submission::RawSubmission;
use domain::intake::{MOST_FILE_BYTES, MOST_FILES, MOST_WINDOWS};
use domain::locale::Locale;
use domain::problems::Problem;
use futures::StreamExt as _;
use ordinavo_core::branding;
use ordinavo_core::files::Upload;
use ordinavo_core::identity::actors::{FormVisitor, Staff};
use ordinavo_core::identity::authentication;
use ordinavo_core::intake::forms;
use ordinavo_core::intake::web_form::{Envelope, new_ticket, submit_form};
use ordinavo_core::{CoreError, CoreResult};
use public::intake::{self, FORM, IntakePage};
use ui::flash::Flash;
use ui::forms::FormState;
use ui::shell::App;

use super::reader;
use crate::pages::{FrameHosts, nothing_here, render};
use crate::public_limits::{address, too_often};
use crate::serve::AppState;

/// The largest form with all its files, in bytes.
const MOST_BYTES: usize = 25 * 1024 * 1024;
/// A form of this size is text alone.
const SMALL_BYTES: u64 = 128 * 1024;
/// The largest text field, in bytes: the longest text in the longest encoding.
const MOST_TEXT_BYTES: usize = 32 * 1024;
/// How much of a form that is too large is read and thrown away, so that the browser gets to see the answer.
const MOST_DISCARDED: u64 = 128 * 1024 * 1024;
/// How long an upload may take.
const LONGEST_UPLOAD: Duration = Duration::from_secs(120);

/// Shows the form.
pub async fn page(State(state): State<AppState>, Path(slug): Path<String>, request: Request) -> Response {
    let locale = reader(&state, &request).locale;
    match authentication::form_visitor(&state.core, &slug).await {
        Ok(Some((visitor, settings))) => {
            let shown = Shown {
                slug,
                settings,
                locale,
                flash: None,
                ticket: None,
            };
            show(&state, request, &visitor, shown, StatusCode::OK).await
        }
        other => no_form(&state, request, locale, other.err()).await,
    }
}

/// How a form looks to visitors, for whoever makes it. It cannot be sent.
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
        Ok((form, branding::words(&state.core, staff.may()?).await?))
    };
    let (form, words) = match found.await {
        Ok(found) => found,
        Err(error) => return sentence(&state, request, locale, &error).await,
    };
    let assets = state.manifest.of(App::Intake);
    request.extensions_mut().insert(FrameHosts(vec!["'self'".to_owned()]));
    let page = IntakePage {
        slug: form.slug,
        tenant: staff.tenant_name().to_owned(),
        words: words.into(),
        ticket: String::new(),
        form: FormState::new(FORM, locale, None),
        settings: form.settings.0,
        locale,
        preview: true,
    };
    render(&state, request, move || intake::page(&assets, page.clone())).await
}

/// What the page of a form is made of.
struct Shown {
    slug: String,
    settings: FormSettings,
    locale: Locale,
    flash: Option<Flash>,
    /// The ticket that came with the form, as long as it is good: its time goes on.
    ticket: Option<String>,
}

async fn show(
    state: &AppState,
    mut request: Request,
    visitor: &FormVisitor,
    shown: Shown,
    status: StatusCode,
) -> Response {
    let assets = state.manifest.of(App::Intake);
    request
        .extensions_mut()
        .insert(FrameHosts(shown.settings.hosts.clone()));
    let page = IntakePage {
        slug: shown.slug,
        tenant: visitor.tenant_name().to_owned(),
        words: visitor.words(),
        ticket: shown.ticket.unwrap_or_else(|| new_ticket(&state.core, visitor)),
        form: FormState::new(FORM, shown.locale, shown.flash.as_ref()),
        settings: shown.settings,
        locale: shown.locale,
        preview: false,
    };
    let mut response = render(state, request, move || intake::page(&assets, page.clone())).await;
    *response.status_mut() = status;
    response
}

/// A form that is closed, one that is not there, or what cannot be shown right now.
pub(super) async fn no_form(state: &AppState, request: Request, locale: Locale, error: Option<CoreError>) -> Response {
    match error {
        None => nothing_here(State(state.clone()), request).await,
        Some(error) if error.fields.iter().any(|field| field.code == "form_closed") => {
            let assets = state.manifest.of(App::Intake);
            let mut response = render(state, request, move || intake::closed(&assets, locale)).await;
            *response.status_mut() = StatusCode::GONE;
            response
        }
        Some(error) => sentence(state, request, locale, &error).await,
    }
}

/// One sentence in place of a page.
pub(super) async fn sentence(state: &AppState, request: Request, locale: Locale, error: &CoreError) -> Response {
    let assets = state.manifest.of(App::Intake);
    let text = ui::words::error(locale, error.problem.code(), &error.detail);
    let mut response = render(state, request, move || intake::sentence(&assets, locale, text.clone())).await;
    *response.status_mut() = StatusCode::from_u16(error.problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if error.problem == Problem::TemporarilyUnavailable {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(5));
    }
    response
}

/// Takes the form in. Mistakes come back on the form with everything that was typed; success leads to the tracking page.
pub async fn send(State(state): State<AppState>, Path(slug): Path<String>, request: Request) -> Response {
    let locale = reader(&state, &request).locale;
    let from = address(&request);
    if let Err(seconds) = state.public_limits.send(from) {
        return too_often(seconds);
    }
    let (visitor, settings) = match authentication::form_visitor(&state.core, &slug).await {
        Ok(Some(found)) => found,
        other => return no_form(&state, request, locale, other.err()).await,
    };
    let (parts, body) = request.into_parts();
    // The page after it needs the request's head, the reading below its body.
    let head = |parts: &Parts| Request::from_parts(parts.clone(), Body::empty());
    let length = parts
        .headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse::<u64>().ok());
    if length.is_some_and(|length| length > MOST_BYTES as u64) {
        discard(body).await;
        return too_large(&state, head(&parts), &visitor, slug, settings, locale).await;
    }
    // What has no files takes no place from those that have.
    let permit = if length.is_some_and(|length| length <= SMALL_BYTES) {
        None
    } else if let Some(permit) = state.public_limits.upload().await {
        Some(permit)
    } else {
        let busy = CoreError::new(Problem::TemporarilyUnavailable, "Many uploads are read right now.");
        return sentence(&state, head(&parts), locale, &busy).await;
    };
    let limited = Request::from_parts(parts.clone(), Body::new(http_body_util::Limited::new(body, MOST_BYTES)));
    let read = tokio::time::timeout(LONGEST_UPLOAD, read(limited)).await;
    let sent = match read {
        Ok(Ok(sent)) => sent,
        Ok(Err(())) | Err(_) => return too_large(&state, head(&parts), &visitor, slug, settings, locale).await,
    };
    let text = |name: &str| sent.fields.get(name).map(String::as_str).unwrap_or_default();
    let proven = text("proof")
        .parse()
        .is_ok_and(|number| proof::is_solved(text("ticket"), number));
    if !proven && let Err(seconds) = state.public_limits.send_unproven(from) {
        let error = CoreError::field("ticket", "form_too_fast", seconds.to_string());
        let shown = came_back(slug, settings, locale, &sent.fields, &error);
        return show(&state, head(&parts), &visitor, shown, StatusCode::TOO_MANY_REQUESTS).await;
    }
    let (raw, envelope) = (raw(&sent.fields), envelope(&sent.fields));
    let submitted: CoreResult<_> =
        submit_form(&state.core, &visitor, &settings, &raw, sent.files, &envelope, locale).await;
    drop(permit);
    match submitted {
        Ok(receipt) => {
            let to = format!("/track/{}?lang={}&new", receipt.token, locale.tag());
            let mut response = StatusCode::SEE_OTHER.into_response();
            if let Ok(location) = HeaderValue::from_str(&to) {
                response.headers_mut().insert(LOCATION, location);
            }
            response
        }
        Err(error) if !error.fields.is_empty() => {
            let shown = came_back(slug, settings, locale, &sent.fields, &error);
            show(&state, head(&parts), &visitor, shown, StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(error) => sentence(&state, head(&parts), locale, &error).await,
    }
}

fn came_back(
    slug: String,
    settings: FormSettings,
    locale: Locale,
    fields: &BTreeMap<String, String>,
    error: &CoreError,
) -> Shown {
    let expired = error.fields.iter().any(|field| field.code == "form_expired");
    Shown {
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
            problem: Some((error.problem.code().to_owned(), error.detail.clone())),
            done: None,
        }),
    }
}

/// A form that is too large was not read, so nothing of it can be shown again.
async fn too_large(
    state: &AppState,
    request: Request,
    visitor: &FormVisitor,
    slug: String,
    settings: FormSettings,
    locale: Locale,
) -> Response {
    let detail = format!(
        "At most {MOST_FILES} files of at most {} MB each.",
        MOST_FILE_BYTES / 1024 / 1024
    );
    let error = CoreError::field("files", "upload_too_large", detail);
    let shown = came_back(slug, settings, locale, &BTreeMap::new(), &error);
    show(state, request, visitor, shown, StatusCode::PAYLOAD_TOO_LARGE).await
}

/// Reads and forgets a body, up to a limit.
async fn discard(body: Body) {
    let mut stream = body.into_data_stream();
    let reading = async {
        let mut read = 0;
        while let Some(Ok(chunk)) = stream.next().await {
            read += chunk.len() as u64;
            if read > MOST_DISCARDED {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(LONGEST_UPLOAD, reading).await;
}

/// The parts of a form.
struct Sent {
    fields: BTreeMap<String, String>,
    files: Vec<Upload>,
}

async fn read(request: Request) -> Result<Sent, ()> {
    let mut form = Multipart::from_request(request, &()).await.map_err(drop)?;
    let mut sent = Sent {
        fields: BTreeMap::new(),
        files: Vec::new(),
    };
    while let Some(field) = form.next_field().await.map_err(drop)? {
        let name = field.name().unwrap_or_default().to_owned();
        let file_name = field.file_name().map(str::to_owned);
        let media_type = field.content_type().unwrap_or_default().to_owned();
        let bytes = field.bytes().await.map_err(drop)?;
        match file_name {
            Some(file_name) => {
                let is_wanted = name == "files" && !bytes.is_empty() && sent.files.len() <= MOST_FILES;
                if is_wanted {
                    sent.files.push(Upload {
                        file_name,
                        media_type,
                        bytes: bytes.to_vec(),
                    });
                }
            }
            None if bytes.len() > MOST_TEXT_BYTES => return Err(()),
            None if sent.fields.len() < 64 => {
                // What is no UTF-8 is shown as such and refused by the field's own rule.
                sent.fields.insert(name, String::from_utf8_lossy(&bytes).into_owned());
            }
            None => {}
        }
    }
    Ok(sent)
}

fn raw(fields: &BTreeMap<String, String>) -> RawSubmission {
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
        windows: (1..=MOST_WINDOWS)
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
    }
}
