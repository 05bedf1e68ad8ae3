//! A button that fills a text field.

use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_sys::{Event, EventInit, HtmlElement, HtmlTextAreaElement};

/// Fills an empty field with a text, as if it had been typed. Nothing that was typed is replaced: the button is only offered while the
/// field is empty. Without the bundle it is not shown.
#[island]
pub fn FillField(
    /// The ID of the field.
    field: String,
    text: String,
    label: String,
) -> impl IntoView {
    let is_offered = RwSignal::new(false);
    let id = field.clone();
    let find = move || {
        let field = super::document()?.get_element_by_id(&field)?;
        field.dyn_into::<HtmlTextAreaElement>().ok()
    };
    Effect::new(move |_| {
        let Some(document) = super::document() else { return };
        let Some(area) = document.get_element_by_id(&id) else {
            return;
        };
        let area: HtmlTextAreaElement = area.unchecked_into();
        is_offered.set(area.value().is_empty());
        let typed = area.clone();
        super::listen(&area, "input", move |_: Event| is_offered.set(typed.value().is_empty()));
    });
    let fill = move |_| {
        let Some(area) = find().filter(|area| area.value().is_empty()) else {
            return;
        };
        area.set_value(&text);
        let init = EventInit::new();
        init.set_bubbles(true);
        if let Ok(event) = Event::new_with_event_init_dict("input", &init) {
            let _ = area.dispatch_event(&event);
        }
        let _ = area.unchecked_ref::<HtmlElement>().focus();
    };
    view! { <button class="button button-quiet fill-field" type="button" hidden=move || !is_offered.get() on:click=fill>{label}</button> }
}
