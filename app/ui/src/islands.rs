//! The islands of all apps: what a page cannot do without the browser. Each is useful, none is needed.

use leptos::prelude::*;

/// A button that copies a text, for ids that people paste elsewhere. Without JavaScript it is not shown.
#[island]
pub fn CopyText(
    /// What is copied.
    text: String,
    /// What the button says.
    label: String,
    /// What it says afterwards.
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

/// Keeps a form from being sent twice by a double click; the server has its own guard.
#[island]
pub fn SendOnce(children: Children) -> impl IntoView {
    let sent = RwSignal::new(false);
    let submit = move |event: web_sys::SubmitEvent| {
        if sent.get_untracked() {
            event.prevent_default();
        }
        sent.set(true);
    };
    view! {
        <div class="send-once" on:submit=submit aria-busy=move || sent.get().to_string()>
            {children()}
        </div>
    }
}
