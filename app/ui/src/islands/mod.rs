//! The islands that all apps share. Every page also works without them.

mod drafts;
mod uploads;

use std::time::Duration;

use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

pub use self::drafts::KeepDrafts;
pub use self::uploads::SendFiles;
use self::uploads::is_upload;

/// How long a second submission counts as a double click.
const DOUBLE_CLICK: Duration = Duration::from_secs(3);

/// A button that copies a text, such as an ID. Hidden without JavaScript.
#[island]
pub fn CopyText(
    text: String,
    /// The button's label before copying.
    label: String,
    /// The button's label after copying.
    done: String,
) -> impl IntoView {
    let copied = RwSignal::new(false);
    let shown = RwSignal::new(false);
    Effect::new(move |_| shown.set(true));
    let copy = move |_| {
        if let Some(window) = web_sys::window() {
            let _ = window.navigator().clipboard().write_text(&text);
            copied.set(true);
        }
    };
    view! {
        <button type="button" class="copy" hidden=move || !shown.get() on:click=copy>
            <span aria-live="polite">{move || if copied.get() { done.clone() } else { label.clone() }}</span>
        </button>
    }
}

/// Prevents a double click from submitting a form twice; the server has its own protection. A form whose submission was
/// stopped or lost its connection can be submitted again after a moment.
#[island]
pub fn SubmitOnce(children: Children) -> impl IntoView {
    let sent = RwSignal::new(false);
    let submit = move |event: web_sys::SubmitEvent| {
        // An upload that was cancelled can be sent again at once.
        let form = event.target().and_then(|form| form.dyn_into().ok());
        if form.is_some_and(|form| is_upload(&form)) {
            return;
        }
        if sent.get_untracked() {
            event.prevent_default();
        }
        sent.set(true);
        set_timeout(move || sent.set(false), DOUBLE_CLICK);
    };
    view! {
        <div class="send-once" on:submit=submit aria-busy=move || sent.try_get().unwrap_or_default().to_string()>
            {children()}
        </div>
    }
}
