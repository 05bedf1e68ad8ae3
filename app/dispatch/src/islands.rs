//! Islands of the staff app.

use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;

/// Triage by keyboard: `j` and `k` move through the list beside it, `Enter` opens what is chosen. Links stay links, so the
/// keys only move the focus.
#[island]
pub fn ListKeys(
    /// A selector for the rows.
    rows: String,
) -> impl IntoView {
    Effect::new(move |_| {
        let rows = rows.clone();
        let Some(document) = web_sys::window().and_then(|window| window.document()) else {
            return;
        };
        let inside = document.clone();
        let listener = Closure::<dyn FnMut(web_sys::KeyboardEvent)>::new(move |event: web_sys::KeyboardEvent| {
            let step: i32 = match event.key().as_str() {
                "j" => 1,
                "k" => -1,
                _ => return,
            };
            let active = inside.active_element();
            let typing = active
                .as_ref()
                .is_some_and(|element| matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT"));
            if typing || event.ctrl_key() || event.meta_key() || event.alt_key() {
                return;
            }
            let Ok(list) = inside.query_selector_all(&rows) else {
                return;
            };
            let length = i32::try_from(list.length()).unwrap_or_default();
            let element = |index: i32| {
                u32::try_from(index)
                    .ok()
                    .and_then(|index| list.get(index))
                    .and_then(|node| node.dyn_into::<web_sys::HtmlElement>().ok())
            };
            let current = (0..length).find(|index| {
                element(*index).is_some_and(|candidate| {
                    active
                        .as_ref()
                        .is_some_and(|active| candidate.is_same_node(Some(active)))
                })
            });
            let next = current.map_or(if step > 0 { 0 } else { length - 1 }, |index| {
                (index + step).clamp(0, length - 1)
            });
            if let Some(row) = element(next) {
                let _ = row.focus();
                event.prevent_default();
            }
        });
        let _ = document.add_event_listener_with_callback("keydown", listener.as_ref().unchecked_ref());
        // The listener lives as long as the page.
        listener.forget();
    });
}
