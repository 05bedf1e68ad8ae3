//! The progress of a form that sends files. Without JavaScript the browser shows it. Everything is done by hand on the elements,
//! because signals for them would make the bundle a tenth larger.

use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_sys::{
    Element, Event, FormData, HtmlButtonElement, HtmlFormElement, HtmlInputElement, HtmlProgressElement, ProgressEvent,
    SubmitEvent, XmlHttpRequest,
};

use super::drafts::listen;

/// Tells the server to answer with the address of the next page instead of a redirect, which a script cannot see.
const UPLOAD_HEADER: &str = "x-upload";

/// Sends the forms of the page that have files, and shows how much has been sent; see [`crate::forms::UploadState`]. What was
/// entered stays on the page until the server has answered.
#[island]
pub fn SendFiles() -> impl IntoView {
    Effect::new(move |_| {
        listen(&document(), "submit", |event| {
            let form = event
                .target()
                .and_then(|target| target.dyn_into::<HtmlFormElement>().ok());
            if let Some(form) = form.filter(|form| !event.default_prevented() && has_files(form))
                && let Some(state) = form.query_selector("[data-upload]").ok().flatten()
                && send(&form, &event, state).is_some()
            {
                event.prevent_default();
            }
        });
    });
}

/// Returns whether a form shows its upload and has files to send.
pub(super) fn is_upload(form: &HtmlFormElement) -> bool {
    has_files(form) && form.query_selector("[data-upload]").is_ok_and(|state| state.is_some())
}

fn has_files(form: &HtmlFormElement) -> bool {
    let fields = form.elements();
    (0..fields.length())
        .filter_map(|index| fields.get_with_index(index)?.dyn_into::<HtmlInputElement>().ok())
        .any(|input| input.files().is_some_and(|files| files.length() > 0))
}

/// Shows or hides a part of the upload's state.
fn show(state: &Element, part: &str, is_shown: bool) {
    if let Some(part) = state.query_selector(part).ok().flatten() {
        let _ = part.toggle_attribute_with_force("hidden", !is_shown);
    }
}

/// Sends a form and goes where the server's answer leads. A form that is being sent is not sent again.
fn send(form: &HtmlFormElement, event: &Event, state: Element) -> Option<()> {
    if state.has_attribute("data-busy") {
        return Some(());
    }
    let data = FormData::new_with_form(form).ok()?;
    let button = event.dyn_ref::<SubmitEvent>().and_then(SubmitEvent::submitter);
    if let Some(button) = button.and_then(|button| button.dyn_into::<HtmlButtonElement>().ok()) {
        let _ = data.append_with_str(&button.name(), &button.value());
    }
    let request = XmlHttpRequest::new().ok()?;
    request.open("POST", &form.get_attribute("action")?).ok()?;
    request.set_request_header(UPLOAD_HEADER, "yes").ok()?;
    request.set_request_header("accept", "text/html").ok()?;
    let _ = state.toggle_attribute_with_force("data-busy", true);
    show(&state, "p", true);
    show(&state, ".error", false);
    let upload = request.upload().ok()?;
    let progress = state.query_selector("progress").ok().flatten()?;
    let progress = progress.dyn_into::<HtmlProgressElement>().ok()?;
    listen(&upload, "progress", move |event| {
        if let Some(sent) = event.dyn_ref::<ProgressEvent>() {
            progress.set_max(sent.total());
            progress.set_value(sent.loaded());
        }
    });
    let cancelled = request.clone();
    let cancel = state.query_selector("button").ok().flatten()?;
    listen(&cancel, "click", move |_| {
        let _ = cancelled.abort();
    });
    let (answered, own) = (request.clone(), form.clone());
    listen(&request, "loadend", move |_| {
        let _ = state.toggle_attribute_with_force("data-busy", false);
        show(&state, "p", false);
        match answered.get_response_header("x-location").ok().flatten() {
            Some(next) => go(&next),
            // Cancelled, or the connection was lost.
            None if answered.status().unwrap_or_default() == 0 => show(&state, ".error", true),
            // The form was rejected with a page that says why, which only the browser can show.
            None => drop(own.submit()),
        }
    });
    request.send_with_opt_form_data(Some(&data)).ok()
}

/// Opens a page; the one that is open is loaded again.
fn go(next: &str) {
    let location = window().location();
    let _ = location.set_href(next);
    // Only a part of the open page, which the browser would show without loading it.
    if next.contains('#') && location.href().is_ok_and(|open| open.ends_with(next)) {
        let _ = location.reload();
    }
}
