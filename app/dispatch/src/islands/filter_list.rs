//! A field that filters the rows of a list on the page.

use leptos::prelude::*;
use web_sys::KeyboardEvent;

use super::{elements, is_typing, latin_key, listen};

/// A search field above a list: rows without the text are hidden. `/` gives it the focus. Without the bundle it is not shown.
#[island]
pub fn FilterList(
    /// The selector of the rows.
    rows: String,
    label: String,
) -> impl IntoView {
    let is_ready = RwSignal::new(false);
    let field: NodeRef<leptos::html::Input> = NodeRef::new();
    Effect::new(move |_| {
        is_ready.set(true);
        let Some(document) = super::document() else { return };
        let page = document.clone();
        listen(&document, "keydown", move |event: KeyboardEvent| {
            let is_plain = !event.ctrl_key() && !event.meta_key() && !event.alt_key() && !event.default_prevented();
            if is_plain && latin_key(&event) == "/" && !is_typing(&page) {
                event.prevent_default();
                if let Some(field) = field.get_untracked() {
                    let _ = field.focus();
                }
            }
        });
    });
    let filter = move |event: web_sys::Event| {
        let Some(document) = super::document() else { return };
        let text = event_target_value(&event).trim().to_lowercase();
        for row in elements(&document, &rows) {
            let content = row.text_content().unwrap_or_default().to_lowercase();
            let _ =
                row.toggle_attribute_with_force("hidden", !text.split_whitespace().all(|word| content.contains(word)));
        }
    };
    view! { <input class="filter-list" node_ref=field type="search" autocomplete="off" hidden=move || !is_ready.get() aria-label=label.clone() placeholder=label on:input=filter/> }
}
