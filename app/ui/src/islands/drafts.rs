//! Keeps what is typed into the forms of a page while it is typed, so that no reload, other action or end of the session
//! loses it. The server restores it on the next visit.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::{
    Element, Event, EventTarget, HtmlFormElement, HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement,
    UrlSearchParams,
};

/// How long after the last keystroke the text is sent to the server.
const PAUSE: Duration = Duration::from_millis(600);

/// The forms whose text is not yet kept, with their names on the page, and the number of changes so far.
#[derive(Default)]
struct Typed {
    forms: Vec<(HtmlFormElement, String)>,
    changes: u64,
}

type Pending = Rc<RefCell<Typed>>;

/// Watches all forms of the page whose fields name their form and whose action names the account.
#[island]
pub fn KeepDrafts() -> impl IntoView {
    Effect::new(move |_| {
        let Some(window) = web_sys::window() else { return };
        let Some(document) = window.document() else { return };
        let pending = Pending::default();
        let typed = pending.clone();
        listen(&document, "input", move |event| remember(&typed, &event));
        let changed = pending.clone();
        listen(&document, "change", move |event| remember(&changed, &event));
        // A form that is being sent is kept by the server if it is rejected.
        let sent = pending.clone();
        listen(&document, "submit", move |event| {
            let form = event
                .target()
                .and_then(|target| target.dyn_into::<HtmlFormElement>().ok());
            sent.borrow_mut()
                .forms
                .retain(|(other, _)| Some(other) != form.as_ref());
        });
        let left = pending.clone();
        listen(&window, "pagehide", move |_| keep(&left));
    });
}

pub(super) fn listen(target: &EventTarget, event: &str, listener: impl Fn(Event) + 'static) {
    let listener = Closure::<dyn Fn(Event)>::new(listener);
    let _ = target.add_event_listener_with_callback(event, listener.as_ref().unchecked_ref());
    listener.forget();
}

/// Remembers the form of an event and sends it after a pause.
fn remember(pending: &Pending, event: &Event) {
    let element = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let Some(form) = element.and_then(|element| element.closest("form").ok().flatten()) else {
        return;
    };
    // Fields that do not name their form, such as checkboxes of a list, belong to the form that their neighbors name.
    let name = form.query_selector("[data-form]").ok().flatten();
    let Some(name) = name.and_then(|field| field.get_attribute("data-form")) else {
        return;
    };
    let Ok(form) = form.dyn_into::<HtmlFormElement>() else {
        return;
    };
    let change = {
        let mut typed = pending.borrow_mut();
        typed.forms.retain(|(other, _)| *other != form);
        typed.forms.push((form, name));
        typed.changes += 1;
        typed.changes
    };
    let pending = pending.clone();
    set_timeout(
        move || {
            let is_last = pending.borrow().changes == change;
            if is_last {
                keep(&pending);
            }
        },
        PAUSE,
    );
}

/// Sends what is pending. A beacon also arrives if the page is left.
fn keep(pending: &Pending) {
    let Some(window) = web_sys::window() else { return };
    let shown = window.location().pathname().unwrap_or_default();
    let forms = std::mem::take(&mut pending.borrow_mut().forms);
    for (form, name) in forms {
        let (Some(address), Some(values)) = (address_of_draft(&form), values_of(&form)) else {
            continue;
        };
        let Ok(body) = UrlSearchParams::new() else { continue };
        // A dialog shows the form of another page.
        let page = form.get_attribute("data-page").unwrap_or_else(|| shown.clone());
        body.append("page", &page);
        body.append("form", &name);
        body.append("values", &String::from(values.to_string()));
        let _ = window
            .navigator()
            .send_beacon_with_opt_url_search_params(&address, Some(&body));
    }
}

/// Returns the address that keeps the draft of a form: that of its own action in the same app, with the same account.
fn address_of_draft(form: &HtmlFormElement) -> Option<String> {
    let action = form.get_attribute("action")?;
    let (path, account) = action.split_once("?by=")?;
    let (app, _) = path.split_once("/fn/")?;
    Some(format!("{app}/fn/save-draft?by={account}"))
}

/// Returns the values of a form by field; fields without text, secrets and files are left out.
fn values_of(form: &HtmlFormElement) -> Option<UrlSearchParams> {
    let mut values: Vec<(String, String)> = Vec::new();
    let fields = form.elements();
    for index in 0..fields.length() {
        let Some((name, value)) = fields.get_with_index(index).and_then(value_of) else {
            continue;
        };
        // A list is one value, as the server shows it again.
        match name.strip_suffix("[]") {
            Some(list) => match values.iter_mut().find(|(other, _)| other == list) {
                Some((_, items)) => {
                    items.push(' ');
                    items.push_str(&value);
                }
                None => values.push((list.to_owned(), value)),
            },
            None => values.push((name, value)),
        }
    }
    let parameters = UrlSearchParams::new().ok()?;
    for (name, value) in values {
        parameters.append(&name, &value);
    }
    Some(parameters)
}

fn value_of(element: Element) -> Option<(String, String)> {
    if element.get_attribute("autocomplete").as_deref() == Some("one-time-code") {
        return None;
    }
    let element = match element.dyn_into::<HtmlInputElement>() {
        Ok(input) => {
            let is_kept = match input.type_().as_str() {
                "hidden" | "password" | "file" | "submit" | "button" | "image" | "reset" => false,
                "checkbox" | "radio" => input.checked(),
                _ => true,
            };
            return (is_kept && !input.name().is_empty()).then(|| (input.name(), input.value()));
        }
        Err(element) => element,
    };
    let element = match element.dyn_into::<HtmlTextAreaElement>() {
        Ok(area) => return (!area.name().is_empty()).then(|| (area.name(), area.value())),
        Err(element) => element,
    };
    let select = element.dyn_into::<HtmlSelectElement>().ok()?;
    (!select.name().is_empty()).then(|| (select.name(), select.value()))
}
