//! A field that filters the rows of a list on the page.

use std::cell::RefCell;
use std::rc::Rc;

use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_sys::{Document, Event, HtmlInputElement, KeyboardEvent};

use super::{REFRESHED, elements, is_typing, latin_key, listen};

const FIELD: &str = ".filter-list";

/// Lets the field of a list hide the rows without its text; `/` gives it the focus. The field may be in a region that is refreshed:
/// what was typed is restored then. Style sheets show the field once this island is there.
#[island]
pub fn FilterList(
    /// The selector of the rows.
    rows: String,
    has_shortcuts: bool,
) -> impl IntoView {
    Effect::new(move |_| {
        let Some(document) = super::document() else { return };
        if let Some(root) = document.document_element() {
            let _ = root.set_attribute("data-filters", "");
        }
        let typed = Rc::new(RefCell::new(String::new()));
        let (page, text, selector) = (document.clone(), typed.clone(), rows.clone());
        listen(&document, "input", move |event: Event| {
            let field = event
                .target()
                .and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
            if let Some(field) = field.filter(|field| field.matches(FIELD).unwrap_or(false)) {
                text.replace(field.value());
                apply(&page, &selector, &field.value());
            }
        });
        let (page, selector) = (document.clone(), rows.clone());
        listen(&document, REFRESHED, move |_: Event| {
            if let Some(field) = field_of(&page) {
                field.set_value(&typed.borrow());
            }
            apply(&page, &selector, &typed.borrow());
        });
        let page = document.clone();
        listen(&document, "keydown", move |event: KeyboardEvent| {
            let is_plain = !event.ctrl_key() && !event.meta_key() && !event.alt_key() && !event.default_prevented();
            if has_shortcuts
                && is_plain
                && latin_key(&event) == "/"
                && !is_typing(&page)
                && let Some(field) = field_of(&page)
            {
                event.prevent_default();
                let _ = field.focus();
            }
        });
    });
}

fn field_of(document: &Document) -> Option<HtmlInputElement> {
    document.query_selector(FIELD).ok()??.dyn_into().ok()
}

/// Hides the rows that lack one of the words.
fn apply(document: &Document, rows: &str, text: &str) {
    let text = text.trim().to_lowercase();
    for row in elements(document, rows) {
        let content = row.text_content().unwrap_or_default().to_lowercase();
        let is_shown = text.split_whitespace().all(|word| content.contains(word));
        let _ = row.toggle_attribute_with_force("hidden", !is_shown);
    }
}
