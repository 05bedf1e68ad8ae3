//! Keeps what a visitor has typed in the tab until it was sent: pages without an account have no drafts on the server.

use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::{
    Document, Element, Event, HtmlFormElement, HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement, Storage,
};

/// The entry with the prefix of the form that was sent last.
const SENT: &str = "typed-sent";
/// The entry with the time of the last change, in minutes.
const TYPED_AT: &str = "typed-at";
/// How long texts are kept: the next person at a shared computer must not find them.
const KEPT_MINUTES: i32 = 30;
/// How the names of the texts begin.
const TEXT: &str = "typed ";

/// Restores the fields of the page's forms after a reload, another language or an error, and watches them. What was sent
/// successfully is not kept.
#[island]
pub fn KeepTyped() -> impl IntoView {
    Effect::new(move |_| {
        let Some(memory) = Memory::open() else { return };
        memory.discard_old();
        memory.discard_sent();
        memory.restore();
        for event in ["input", "change"] {
            let typed = memory.clone();
            listen(&memory.document, event, move |event| {
                let _ = typed.remember(&event);
            });
        }
        let sent = memory.clone();
        listen(&memory.document, "submit", move |event| {
            let _ = sent.note_sent(&event);
        });
    });
}

fn listen(document: &Document, event: &str, listener: impl Fn(Event) + 'static) {
    let listener = Closure::<dyn Fn(Event)>::new(listener);
    let _ = document.add_event_listener_with_callback(event, listener.as_ref().unchecked_ref());
    listener.forget();
}

/// The session storage, which belongs to the tab; entries of one page have its path in their names.
#[derive(Clone)]
struct Memory {
    storage: Storage,
    document: Document,
    path: String,
}

impl Memory {
    /// Returns nothing where the browser keeps nothing, such as in a frame of another site.
    fn open() -> Option<Self> {
        let window = web_sys::window()?;
        Some(Self {
            storage: window.session_storage().ok()??,
            document: window.document()?,
            path: window.location().pathname().ok()?,
        })
    }

    fn prefix(&self, form: &str) -> String {
        format!("{TEXT}{} {form} ", self.path)
    }

    fn key(&self, field: &Element) -> Option<String> {
        let form = field.get_attribute("data-form")?;
        Some(self.prefix(&form) + &field.get_attribute("name")?)
    }

    fn remember(&self, event: &Event) -> Option<()> {
        let field = event.target()?.dyn_into::<Element>().ok()?;
        self.storage.set_item(&self.key(&field)?, &value(&field)?).ok()?;
        self.storage.set_item(TYPED_AT, &now().to_string()).ok()
    }

    fn restore(&self) -> Option<()> {
        let fields = self.document.query_selector_all("[data-form]").ok()?;
        for index in 0..fields.length() {
            let Some(field) = fields.get(index).and_then(|field| field.dyn_into::<Element>().ok()) else {
                continue;
            };
            let kept = self
                .key(&field)
                .and_then(|key| self.storage.get_item(&key).ok().flatten());
            // What the server shows again after an error is at least as new.
            if let Some(kept) = kept.filter(|_| value(&field).is_some_and(|value| value.is_empty())) {
                set_value(&field, &kept);
            }
        }
        Some(())
    }

    fn note_sent(&self, event: &Event) -> Option<()> {
        let form = event.target()?.dyn_into::<HtmlFormElement>().ok()?;
        let field = form.query_selector("[data-form]").ok()??;
        self.storage
            .set_item(SENT, &self.prefix(&field.get_attribute("data-form")?))
            .ok()
    }

    /// Forgets a form that was sent, when the page says that it has arrived.
    fn discard_sent(&self) -> Option<()> {
        let sent = self.storage.get_item(SENT).ok()??;
        self.storage.remove_item(SENT).ok()?;
        self.document.query_selector("[data-done]").ok()??;
        self.discard(&sent)
    }

    fn discard_old(&self) -> Option<()> {
        let at: i32 = self.storage.get_item(TYPED_AT).ok()??.parse().ok()?;
        if now() - at < KEPT_MINUTES {
            return None;
        }
        self.discard(TEXT)
    }

    /// Removes the texts whose names begin so.
    fn discard(&self, start: &str) -> Option<()> {
        let count = self.storage.length().ok()?;
        let keys = (0..count).filter_map(|index| self.storage.key(index).ok().flatten());
        for key in keys.filter(|key| key.starts_with(start)).collect::<Vec<_>>() {
            self.storage.remove_item(&key).ok()?;
        }
        Some(())
    }
}

/// Returns the time in minutes since 1970. Whole numbers: printing and reading fractions would be a fifth of the bundle.
#[expect(clippy::cast_possible_truncation, reason = "minutes fit for four thousand years")]
fn now() -> i32 {
    (js_sys::Date::now() / 60_000.0) as i32
}

fn value(field: &Element) -> Option<String> {
    if let Some(area) = field.dyn_ref::<HtmlTextAreaElement>() {
        return Some(area.value());
    }
    if let Some(choice) = field.dyn_ref::<HtmlSelectElement>() {
        return Some(choice.value());
    }
    let input = field.dyn_ref::<HtmlInputElement>()?;
    (!matches!(input.type_().as_str(), "checkbox" | "radio" | "file" | "hidden")).then(|| input.value())
}

fn set_value(field: &Element, kept: &str) {
    if let Some(area) = field.dyn_ref::<HtmlTextAreaElement>() {
        area.set_value(kept);
    } else if let Some(choice) = field.dyn_ref::<HtmlSelectElement>() {
        choice.set_value(kept);
    } else if let Some(input) = field.dyn_ref::<HtmlInputElement>() {
        input.set_value(kept);
    }
}
