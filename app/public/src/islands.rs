//! Islands of pages without an account.

use std::time::Duration;

use domain::intake::proof;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

/// How many numbers are tried before the page gets the processor back.
const STRIDE: u64 = 4_096;

/// Does the form's proof of work while people type, in small steps, and puts the number into the hidden field. Without it
/// the form goes the slower way.
#[island]
pub fn ProofOfWork(
    /// The ticket that is worked for.
    ticket: String,
) -> impl IntoView {
    let solved = RwSignal::new(String::new());
    Effect::new(move |_| step(ticket.clone(), 0, solved));
    view! { <input type="hidden" name="proof" prop:value=move || solved.get()/> }
}

fn step(ticket: String, start: u64, solved: RwSignal<String>) {
    match proof::search(&ticket, start, STRIDE) {
        Some(number) => solved.set(number.to_string()),
        None => set_timeout(move || step(ticket, start + STRIDE, solved), Duration::from_millis(1)),
    }
}

/// Says before anything is sent that a file is too large or that there are too many, because a server can only say it
/// after the upload.
#[island]
pub fn CheckFiles(
    /// The most files.
    most: usize,
    /// The most bytes of one file.
    most_bytes: usize,
    /// What is said about too many or too large ones.
    words: String,
    children: Children,
) -> impl IntoView {
    let wrong = RwSignal::new(false);
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
        #[expect(clippy::cast_precision_loss, reason = "a bound of a few megabytes")]
        let too_large = (0..files.length())
            .filter_map(|index| files.get(index))
            .any(|file| file.size() > most_bytes as f64);
        let is_wrong = too_large || files.length() as usize > most;
        wrong.set(is_wrong);
        if is_wrong {
            input.set_value("");
        }
    };
    view! {
        <div on:change=check>
            {children()}
            <p class="field-error" role="alert" hidden=move || !wrong.get()>{words}</p>
        </div>
    }
}
