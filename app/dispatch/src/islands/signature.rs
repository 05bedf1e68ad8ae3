//! A field to sign in with a finger or a pen. Without it one signs in letters.

use std::fmt::Write as _;

use leptos::ev::PointerEvent;
use leptos::html::Input;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_sys::Element;

/// The size of the paper; the drawing is kept in whole numbers of it.
const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 200.0;
/// What the server takes at most, with room for the last line.
const MOST: usize = 19_900;

/// Where on the paper a pointer is.
fn place(event: &PointerEvent) -> Option<(i32, i32)> {
    let paper: Element = event.current_target()?.dyn_into().ok()?;
    let paper_rect = paper.get_bounding_client_rect();
    let across = (f64::from(event.client_x()) - paper_rect.left()) / paper_rect.width().max(1.0) * WIDTH;
    let down = (f64::from(event.client_y()) - paper_rect.top()) / paper_rect.height().max(1.0) * HEIGHT;
    #[expect(clippy::cast_possible_truncation, reason = "within the paper")]
    Some((
        across.clamp(0.0, WIDTH).round() as i32,
        down.clamp(0.0, HEIGHT).round() as i32,
    ))
}

/// The field; its drawing goes with the form as `signature`.
#[island]
pub fn SignaturePad(
    /// What it is.
    label: String,
    /// What empties it.
    clear: String,
    /// What is drawn at first.
    drawn_before: String,
) -> impl IntoView {
    let drawing = RwSignal::new(drawn_before);
    let (drawn, shown) = (RwSignal::new(false), RwSignal::new(false));
    let field = NodeRef::<Input>::new();
    Effect::new(move |_| {
        shown.set(true);
        // A script may have filled the form before this began.
        if let Some(value) = field.get().map(|field| field.value()).filter(|value| !value.is_empty()) {
            drawing.set(value);
        }
    });
    let write = move |letter: char, event: &PointerEvent| {
        if let Some((across, down)) = place(event) {
            drawing.update(|drawing| {
                if drawing.len() < MOST {
                    let _ = write!(drawing, "{letter}{across} {down}");
                }
            });
        }
    };
    let begin = move |event: PointerEvent| {
        event.prevent_default();
        if let Some(paper) = event
            .current_target()
            .and_then(|target| target.dyn_into::<Element>().ok())
        {
            let _ = paper.set_pointer_capture(event.pointer_id());
        }
        drawn.set(true);
        write('M', &event);
    };
    let go_on = move |event: PointerEvent| {
        if drawn.get_untracked() {
            write('L', &event);
        }
    };
    // A tap is a dot, not a signature: what has no line is nothing.
    let kept = move || Some(drawing.get()).filter(|drawing| drawing.contains('L'));
    view! {
        <div class="field signature-field" hidden=move || !shown.get()>
            <span class="label">{label.clone()}</span>
            <svg class="signature signature-pad" viewBox="0 0 600 200" role="img" aria-label=label
                on:pointerdown=begin on:pointermove=go_on on:pointerup=move |_| drawn.set(false) on:pointercancel=move |_| drawn.set(false)>
                <path d=move || kept().unwrap_or_default()></path>
            </svg>
            <input type="hidden" name="signature" node_ref=field on:input=move |event| drawing.set(event_target_value(&event)) value=move || kept().unwrap_or_default()/>
            <button class="button button-quiet" type="button" on:click=move |_| drawing.set(String::new())>{clear}</button>
        </div>
    }
}
