//! A signature field for finger or pen. Without it the name is typed.

use std::fmt::Write as _;

use leptos::ev::PointerEvent;
use leptos::html::Input;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_sys::Element;

/// The size of the drawing area in SVG units; coordinates are rounded to whole units.
const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 200.0;
/// Maximum length of the drawing, slightly below the server's limit so that the last line fits.
const MAX_DRAWING_BYTES: usize = 19_900;

/// Returns the position of a pointer in the drawing area.
fn pointer_position(event: &PointerEvent) -> Option<(i32, i32)> {
    let canvas: Element = event.current_target()?.dyn_into().ok()?;
    let area = canvas.get_bounding_client_rect();
    let x = (f64::from(event.client_x()) - area.left()) / area.width().max(1.0) * WIDTH;
    let y = (f64::from(event.client_y()) - area.top()) / area.height().max(1.0) * HEIGHT;
    #[expect(clippy::cast_possible_truncation, reason = "within the paper")]
    Some((x.clamp(0.0, WIDTH).round() as i32, y.clamp(0.0, HEIGHT).round() as i32))
}

/// The signature field; the form submits its drawing as `signature`.
#[island]
pub fn SignaturePad(
    label: String,
    /// The label of the button that clears the drawing.
    clear: String,
    /// The initial drawing.
    initial_drawing: String,
) -> impl IntoView {
    let drawing = RwSignal::new(initial_drawing);
    let (is_drawing, is_visible) = (RwSignal::new(false), RwSignal::new(false));
    let field = NodeRef::<Input>::new();
    Effect::new(move |_| {
        is_visible.set(true);
        // A script may have filled the field before hydration.
        if let Some(value) = field.get().map(|field| field.value()).filter(|value| !value.is_empty()) {
            drawing.set(value);
        }
    });
    let append = move |command: char, event: &PointerEvent| {
        if let Some((x, y)) = pointer_position(event) {
            drawing.update(|drawing| {
                if drawing.len() < MAX_DRAWING_BYTES {
                    let _ = write!(drawing, "{command}{x} {y}");
                }
            });
        }
    };
    let start_line = move |event: PointerEvent| {
        event.prevent_default();
        if let Some(canvas) = event
            .current_target()
            .and_then(|target| target.dyn_into::<Element>().ok())
        {
            let _ = canvas.set_pointer_capture(event.pointer_id());
        }
        is_drawing.set(true);
        append('M', &event);
    };
    let extend_line = move |event: PointerEvent| {
        if is_drawing.get_untracked() {
            append('L', &event);
        }
    };
    // A tap is a dot, not a signature: a drawing without a line counts as empty.
    let valid_drawing = move || Some(drawing.get()).filter(|drawing| drawing.contains('L'));
    view! {
        <div class="field signature-field" hidden=move || !is_visible.get()>
            <span class="label">{label.clone()}</span>
            <svg class="signature signature-pad" viewBox="0 0 600 200" role="img" aria-label=label
                on:pointerdown=start_line on:pointermove=extend_line on:pointerup=move |_| is_drawing.set(false) on:pointercancel=move |_| is_drawing.set(false)>
                <path d=move || valid_drawing().unwrap_or_default()></path>
            </svg>
            <input type="hidden" name="signature" node_ref=field on:input=move |event| drawing.set(event_target_value(&event)) value=move || valid_drawing().unwrap_or_default()/>
            <button class="button button-quiet" type="button" on:click=move |_| drawing.set(String::new())>{clear}</button>
        </div>
    }
}
