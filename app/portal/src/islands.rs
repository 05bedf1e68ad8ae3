//! Islands of the portal.

use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

/// Tells how many characters are left in the text field inside, once it gets close.
#[island]
pub fn RoomLeft(
    /// The most characters.
    most: usize,
    children: Children,
) -> impl IntoView {
    let left = RwSignal::new(most);
    let count = move |event: web_sys::Event| {
        let written = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
            .and_then(|element| js_value(&element))
            .map_or(0, |text| text.chars().count());
        left.set(most.saturating_sub(written));
    };
    let close = move || left.get() * 5 < most;
    view! {
        <div on:input=count>
            {children()}
            <p class="help" aria-live="polite" hidden=move || !close()>{move || left.get()}</p>
        </div>
    }
}

/// The value of an input or text area, whichever it is.
fn js_value(element: &web_sys::Element) -> Option<String> {
    web_sys::js_sys::Reflect::get(element, &"value".into())
        .ok()?
        .as_string()
}
