//! Dragging on the board. While something is dragged, the server is asked what stands against the place under the pointer;
//! the drop opens the same "Move to…" that links and keys open. Nothing is done before its button is pressed.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use leptos::prelude::*;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{Document, Element, Event, HtmlDialogElement, HtmlElement, KeyboardEvent, MouseEvent, PointerEvent};

use crate::islands::{document, listen, read_page};

/// A stop can begin at every quarter of an hour.
const SNAP: f64 = 15.0;
/// A column of the board has so many minutes.
pub const SLOT: u32 = 5;
/// How far a pointer moves before it drags, in pixels.
const SLACK: f64 = 6.0;
/// How long the pointer rests at a place before it is asked about, in milliseconds.
const REST: i32 = 70;
/// How near to the edge the board scrolls along, in pixels, and how far at once.
const SCROLL_EDGE: f64 = 48.0;
const SCROLL_STEP: i32 = 16;

/// Where something would be dropped.
#[derive(Clone, PartialEq)]
struct Place {
    technician: String,
    /// Seconds since 1970.
    at: i64,
}

/// What is dragged.
struct Drag {
    target: String,
    minutes: f64,
    /// How many minutes after its beginning it was taken.
    grip: f64,
    from: (f64, f64),
    ghost: Option<HtmlElement>,
    place: Option<Place>,
}

#[derive(Default)]
struct State {
    drag: Option<Drag>,
    /// The click that ends a drag is no click on the link below.
    swallow: bool,
    answers: HashMap<String, String>,
    back: String,
    loading: String,
}

type Shared = Rc<RefCell<State>>;

/// Drag and drop for the day's board, and "Move to…" as a dialog.
#[island]
pub fn BoardDrag(
    /// What is said while the server is asked.
    loading: String,
) -> impl IntoView {
    Effect::new(move |_| {
        let Some(document) = document() else {
            return;
        };
        let state: Shared = Rc::default();
        state.borrow_mut().loading.clone_from(&loading);
        let shared = state.clone();
        listen(&document, "pointerdown", move |event: PointerEvent| {
            take(&shared, &event)
        });
        let (shared, inside) = (state.clone(), document.clone());
        listen(&document, "pointermove", move |event: PointerEvent| {
            carry(&shared, &inside, &event)
        });
        let (shared, inside) = (state.clone(), document.clone());
        listen(&document, "pointerup", move |_: PointerEvent| drop_it(&shared, &inside));
        let (shared, inside) = (state.clone(), document.clone());
        listen(&document, "pointercancel", move |_: PointerEvent| {
            drop(end(&shared, &inside))
        });
        let (shared, inside) = (state.clone(), document.clone());
        listen(&document, "keydown", move |event: KeyboardEvent| {
            if event.key() == "Escape" {
                drop(end(&shared, &inside));
            }
        });
        // Links and pictures have a dragging of their own.
        listen(&document, "dragstart", |event: Event| {
            if closest(event.target(), "[data-drag]").is_some() {
                event.prevent_default();
            }
        });
        let (shared, inside) = (state, document.clone());
        listen(&document, "click", move |event: MouseEvent| {
            click(&shared, &inside, &event)
        });
    });
}

fn closest(target: Option<web_sys::EventTarget>, selector: &str) -> Option<Element> {
    target?.dyn_into::<Element>().ok()?.closest(selector).ok().flatten()
}

fn number(element: &Element, name: &str) -> Option<f64> {
    element.get_attribute(name)?.parse().ok()
}

fn is_mirrored(element: &Element) -> bool {
    element.closest("[dir=rtl]").is_ok_and(|found| found.is_some())
}

fn take(state: &Shared, event: &PointerEvent) {
    // Fingers scroll; they have "Move to…".
    if event.button() != 0 || event.pointer_type() == "touch" || closest(event.target(), ".stop-move").is_some() {
        return;
    }
    let Some(element) = closest(event.target(), "[data-drag]") else {
        return;
    };
    let Some(target) = element.get_attribute("data-drag") else {
        return;
    };
    let minutes = number(&element, "data-length").unwrap_or(60.0);
    let pointer = (f64::from(event.client_x()), f64::from(event.client_y()));
    // A stop is held where it was taken; a card of the pool at its beginning.
    let grip = if element.has_attribute("data-from") {
        let edges = element.get_bounding_client_rect();
        let part = if is_mirrored(&element) {
            edges.right() - pointer.0
        } else {
            pointer.0 - edges.left()
        };
        (part / edges.width().max(1.0) * minutes).clamp(0.0, minutes)
    } else {
        0.0
    };
    let mut state = state.borrow_mut();
    state.swallow = false;
    state.drag = Some(Drag {
        target,
        minutes,
        grip,
        from: pointer,
        ghost: None,
        place: None,
    });
}

fn carry(state: &Shared, document: &Document, event: &PointerEvent) {
    let pointer = (f64::from(event.client_x()), f64::from(event.client_y()));
    let mut borrowed = state.borrow_mut();
    let loading = borrowed.loading.clone();
    let Some(drag) = borrowed.drag.as_mut() else {
        return;
    };
    if drag.ghost.is_none() {
        if (pointer.0 - drag.from.0).hypot(pointer.1 - drag.from.1) < SLACK {
            return;
        }
        drag.ghost = make_ghost(document);
    }
    event.prevent_default();
    if let Some(ghost) = &drag.ghost {
        // Beside the pointer, on the side where there is more room; what is in it grows.
        let wide = document.document_element().map_or(0, |root| root.client_width());
        let x = if pointer.0 > f64::from(wide) / 2.0 {
            format!("calc({}px - 100%)", pointer.0 - 14.0)
        } else {
            format!("{}px", pointer.0 + 14.0)
        };
        let at = format!("translate({x}, {}px)", pointer.1 + 14.0);
        let _ = ghost.style().set_property("transform", &at);
    }
    let below = document.element_from_point(pointer.0 as f32, pointer.1 as f32);
    let track = below.and_then(|below| below.closest("[data-track]").ok().flatten());
    let place = track
        .as_ref()
        .and_then(|track| place_in(track, pointer.0, drag.minutes, drag.grip));
    if let Some(track) = &track {
        scroll_along(track, pointer.0);
    }
    scroll_page(pointer.1);
    if place == drag.place {
        return;
    }
    drag.place.clone_from(&place);
    let (ghost, target, minutes) = (drag.ghost.clone(), drag.target.clone(), drag.minutes);
    let Some(ghost) = ghost else {
        return;
    };
    remove_shadow(document);
    let (Some(place), Some(track)) = (place, track) else {
        ghost.set_inner_html("");
        let _ = ghost.class_list().add_1("ghost-nowhere");
        return;
    };
    let _ = ghost.class_list().remove_1("ghost-nowhere");
    show_shadow(document, &track, &place, minutes);
    borrowed.back = board(document)
        .and_then(|board| board.get_attribute("data-back"))
        .unwrap_or_default();
    let address = address(&target, &place, &borrowed.back);
    if let Some(answer) = borrowed.answers.get(&address) {
        ghost.set_inner_html(answer);
        return;
    }
    ghost.set_text_content(Some(&loading));
    drop(borrowed);
    let state = state.clone();
    leptos::task::spawn_local(async move {
        wait(REST).await;
        let still = |state: &Shared| {
            let borrowed = state.borrow();
            borrowed
                .drag
                .as_ref()
                .is_some_and(|drag| drag.place.as_ref() == Some(&place))
        };
        if !still(&state) {
            return;
        }
        let Ok(page) = read_page(&address).await else {
            return;
        };
        let summary = page.get_element_by_id("move-summary").map(|found| found.inner_html());
        let summary = summary.unwrap_or_default();
        if still(&state) {
            ghost.set_inner_html(&summary);
        }
        state.borrow_mut().answers.insert(address, summary);
    });
}

fn board(document: &Document) -> Option<Element> {
    document.query_selector(".board").ok().flatten()
}

/// Where on a line the pointer is, as a moment.
fn place_in(track: &Element, x: f64, minutes: f64, grip: f64) -> Option<Place> {
    let board = track.closest(".board").ok().flatten()?;
    let (from, hours) = (number(&board, "data-from")?, number(&board, "data-hours")?);
    let edges = track.get_bounding_client_rect();
    let part = if is_mirrored(track) {
        edges.right() - x
    } else {
        x - edges.left()
    };
    let whole = hours * 60.0;
    let begin = part / edges.width().max(1.0) * whole - grip;
    let begin = ((begin / SNAP).round() * SNAP).clamp(0.0, (whole - minutes).max(0.0));
    Some(Place {
        technician: track.get_attribute("data-track")?,
        at: (from + begin * 60.0) as i64,
    })
}

fn scroll_along(track: &Element, x: f64) {
    let Some(frame) = track.closest(".board-frame").ok().flatten() else {
        return;
    };
    let edges = frame.get_bounding_client_rect();
    if x < edges.left() + SCROLL_EDGE {
        frame.set_scroll_left(frame.scroll_left() - SCROLL_STEP);
    } else if x > edges.right() - SCROLL_EDGE {
        frame.set_scroll_left(frame.scroll_left() + SCROLL_STEP);
    }
}

/// The page moves along when something is held at its upper or lower edge: not everybody's line fits on it.
fn scroll_page(y: f64) {
    let Some(window) = web_sys::window() else {
        return;
    };
    let high = window
        .inner_height()
        .ok()
        .and_then(|high| high.as_f64())
        .unwrap_or_default();
    if y < SCROLL_EDGE {
        window.scroll_by_with_x_and_y(0.0, -f64::from(SCROLL_STEP));
    } else if y > high - SCROLL_EDGE {
        window.scroll_by_with_x_and_y(0.0, f64::from(SCROLL_STEP));
    }
}

fn make_ghost(document: &Document) -> Option<HtmlElement> {
    let ghost = document.create_element("div").ok()?.dyn_into::<HtmlElement>().ok()?;
    ghost.set_class_name("ghost ghost-nowhere");
    let _ = ghost.set_attribute("role", "status");
    let body = document.body()?;
    let _ = body.class_list().add_1("dragging");
    body.append_child(&ghost).ok()?;
    Some(ghost)
}

fn show_shadow(document: &Document, track: &Element, place: &Place, minutes: f64) {
    let board = track.closest(".board").ok().flatten();
    let Some(from) = board.and_then(|board| number(&board, "data-from")) else {
        return;
    };
    let Ok(shadow) = document.create_element("li") else {
        return;
    };
    let first = ((place.at as f64 - from) / 60.0 / f64::from(SLOT)) as i64;
    let length = ((minutes / f64::from(SLOT)) as i64).max(1);
    shadow.set_class_name(&format!("board-drop at-{first} for-{length}"));
    let _ = shadow.set_attribute("aria-hidden", "true");
    let _ = track.append_child(&shadow);
}

fn remove_shadow(document: &Document) {
    if let Ok(Some(shadow)) = document.query_selector(".board-drop") {
        shadow.remove();
    }
}

/// Ends dragging; the answer is what was dragged, and where it is now.
fn end(state: &Shared, document: &Document) -> Option<(String, Place)> {
    let drag = state.borrow_mut().drag.take()?;
    remove_shadow(document);
    if let Some(body) = document.body() {
        let _ = body.class_list().remove_1("dragging");
    }
    let ghost = drag.ghost?;
    ghost.remove();
    state.borrow_mut().swallow = true;
    Some((drag.target, drag.place?))
}

fn drop_it(state: &Shared, document: &Document) {
    let Some((target, place)) = end(state, document) else {
        return;
    };
    let address = address(&target, &place, &state.borrow().back);
    // By the time of the next drag something else may be there.
    state.borrow_mut().answers.clear();
    let document = document.clone();
    leptos::task::spawn_local(async move { open(&document, &address).await });
}

fn click(state: &Shared, document: &Document, event: &MouseEvent) {
    if std::mem::take(&mut state.borrow_mut().swallow) && closest(event.target(), "[data-drag]").is_some() {
        event.prevent_default();
        return;
    }
    if event.ctrl_key() || event.meta_key() || event.shift_key() || event.button() != 0 {
        return;
    }
    if closest(event.target(), ".move-dialog [data-close]").is_some() {
        event.prevent_default();
        close(document);
        return;
    }
    let link = closest(event.target(), "#board .stop-move").and_then(|link| link.get_attribute("href"));
    if let Some(href) = link {
        event.prevent_default();
        let document = document.clone();
        leptos::task::spawn_local(async move { open(&document, &href).await });
    }
}

fn address(target: &str, place: &Place, back: &str) -> String {
    let back = web_sys::js_sys::encode_uri_component(back);
    format!(
        "/app/board/move?target={target}&technician={}&at={}&back={back}",
        place.technician, place.at
    )
}

async fn wait(milliseconds: i32) {
    let promise = web_sys::js_sys::Promise::new(&mut |resolve, _| {
        if let Some(window) = web_sys::window() {
            let _ = window.set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, milliseconds);
        }
    });
    let _ = wasm_bindgen_futures::JsFuture::from(promise).await;
}

fn close(document: &Document) {
    let dialog = document.query_selector(".move-dialog").ok().flatten();
    if let Some(dialog) = dialog.and_then(|found| found.dyn_into::<HtmlDialogElement>().ok()) {
        dialog.close();
        dialog.remove();
    }
}

/// Shows "Move to…" as a dialog; where that does not work, its page opens.
async fn open(document: &Document, address: &str) {
    if try_open(document, address).await.is_err()
        && let Some(window) = web_sys::window()
    {
        let _ = window.location().set_href(address);
    }
}

async fn try_open(document: &Document, address: &str) -> Result<(), JsValue> {
    let page = read_page(address).await?;
    let middle = page.get_element_by_id("move").ok_or(JsValue::NULL)?;
    close(document);
    let dialog: HtmlDialogElement = document.create_element("dialog")?.dyn_into()?;
    dialog.set_class_name("move-dialog");
    dialog.set_attribute("aria-labelledby", "move-title")?;
    dialog.append_child(&middle)?;
    document.body().ok_or(JsValue::NULL)?.append_child(&dialog)?;
    dialog.show_modal()?;
    let first = dialog
        .query_selector("#move-title")?
        .and_then(|found| found.dyn_into::<HtmlElement>().ok());
    if let Some(first) = first {
        first.focus()?;
    }
    Ok(())
}
