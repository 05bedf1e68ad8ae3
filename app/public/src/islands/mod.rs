//! Islands of pages without an account.

mod typed;

use std::time::Duration;

use domain::intake::proof;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

pub use self::typed::KeepTyped;

/// How many numbers are tried before control returns to the browser.
const BATCH_SIZE: u64 = 4_096;

/// Solves the form's proof of work in small steps while the visitor types, and writes the result into a hidden field.
/// Without it the server applies its slower check.
#[island]
pub fn ProofOfWork(
    /// The ticket to solve.
    ticket: String,
) -> impl IntoView {
    let solved = RwSignal::new(String::new());
    Effect::new(move |_| solve_batch(ticket.clone(), 0, solved));
    view! { <input type="hidden" name="proof" prop:value=move || solved.get()/> }
}

fn solve_batch(ticket: String, start: u64, solved: RwSignal<String>) {
    match proof::search(&ticket, start, BATCH_SIZE) {
        Some(number) => solved.set(number.to_string()),
        None => set_timeout(
            move || solve_batch(ticket, start + BATCH_SIZE, solved),
            Duration::from_millis(1),
        ),
    }
}

/// Rejects files that are too large or too many before the upload, because the server can only do so afterwards.
#[island]
pub fn CheckFiles(
    /// Maximum number of files.
    max_files: usize,
    /// Maximum size of one file in bytes.
    max_file_bytes: usize,
    /// The message for too many or too large files.
    message: String,
    /// The message for photos in a format that only the sender's device can show.
    unreadable: String,
    children: Children,
) -> impl IntoView {
    let invalid = RwSignal::new(false);
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
        #[expect(clippy::cast_precision_loss, reason = "a bound of a few megabytes")]
        let too_large = (0..files.length())
            .filter_map(|index| files.get(index))
            .any(|file| file.size() > max_file_bytes as f64);
        let is_invalid = too_large || files.length() as usize > max_files;
        let is_heic = (0..files.length())
            .filter_map(|index| files.get(index))
            .any(|file| is_heic(&file.name()));
        invalid.set(is_invalid);
        is_unreadable.set(is_heic);
        if is_invalid || is_heic {
            input.set_value("");
        }
    };
    view! {
        <div on:change=check>
            {children()}
            <p class="field-error" role="alert" hidden=move || !invalid.get()>{message}</p>
            <p class="field-error" role="alert" data-testid="heic" hidden=move || !is_unreadable.get()>{unreadable}</p>
        </div>
    }
}

/// Returns whether a file is a photo in the format of iPhones. They convert it for a field that accepts JPEG, unless it comes from
/// the files app.
fn is_heic(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with(".heic") || name.ends_with(".heif")
}
