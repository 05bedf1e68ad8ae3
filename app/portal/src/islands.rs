//! Islands of the portal.

use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

/// Shows how many characters are left in the text field inside when less than a fifth remains.
#[island]
pub fn CharacterCounter(
    /// Maximum length in characters.
    max_length: usize,
    children: Children,
) -> impl IntoView {
    let remaining = RwSignal::new(max_length);
    let count = move |event: web_sys::Event| {
        let length = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
            .and_then(|element| field_value(&element))
            .map_or(0, |text| text.chars().count());
        remaining.set(max_length.saturating_sub(length));
    };
    let is_near_limit = move || remaining.get() * 5 < max_length;
    view! {
        <div on:input=count>
            {children()}
            <p class="help" aria-live="polite" hidden=move || !is_near_limit()>{move || remaining.get()}</p>
        </div>
    }
}

/// Returns the value of an input or text area.
fn field_value(element: &web_sys::Element) -> Option<String> {
    web_sys::js_sys::Reflect::get(element, &"value".into())
        .ok()?
        .as_string()
}

/// Says at once that photos in the format of iPhones cannot be read, and takes them out of the field. The request can be sent without
/// them.
#[island]
pub fn CheckPhotos(message: String, children: Children) -> impl IntoView {
    let is_unreadable = RwSignal::new(false);
    let check = move |event: web_sys::Event| {
        let Some(input) = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::HtmlInputElement>().ok())
        else {
            return;
        };
        let Some(files) = input.files() else {
            return;
        };
        let is_heic = (0..files.length()).filter_map(|index| files.get(index)).any(|file| {
            let name = file.name();
            let end = name
                .as_bytes()
                .last_chunk()
                .map(|end: &[u8; 5]| end.map(|letter| letter.to_ascii_lowercase()));
            end.is_some_and(|end| matches!(&end, b".heic" | b".heif"))
        });
        is_unreadable.set(is_heic);
        if is_heic {
            input.set_value("");
        }
    };
    view! {
        <div on:change=check>
            {children()}
            <p class="field-error" role="alert" data-testid="heic" hidden=move || !is_unreadable.get()>{message}</p>
        </div>
    }
}
