//! Drag and drop on the board. While dragging, the server is asked for the conflicts at the position under the pointer;
//! dropping opens the same dialog as the links and keyboard shortcuts. Nothing is saved until the dialog is submitted.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use domain::scheduling::board_grid::SLOT_MINUTES;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_sys::{Document, Element, Event, HtmlElement, KeyboardEvent, MouseEvent, PointerEvent};

use crate::islands::{document, listen, move_dialog, read_page};

/// Visits snap to quarters of an hour.
const SNAP_MINUTES: f64 = 15.0;
/// How far the pointer must move before a drag starts.
const DRAG_THRESHOLD_PX: f64 = 6.0;
/// How long the pointer must rest before conflicts are requested from the server.
const QUERY_DELAY_MS: i32 = 70;
/// The distance to the edge at which scrolling starts, and the distance of one scroll step.
const SCROLL_EDGE_PX: f64 = 48.0;
const SCROLL_STEP_PX: i32 = 16;

/// Where the dragged visit would be dropped.
#[derive(Clone, PartialEq)]
struct DropPosition {
    technician: String,
    /// Seconds since 1970-01-01 UTC.
    at: i64,
}

/// The state of a drag.
struct Drag {
    target: String,
    minutes: f64,
    /// Minutes between the start of the visit and the point where it was grabbed.
    grab_offset: f64,
    grabbed_at: (f64, f64),
    ghost: Option<HtmlElement>,
    position: Option<DropPosition>,
}

#[derive(Default)]
struct State {
    drag: Option<Drag>,
    /// Whether the click that ends a drag must not follow the link below.
    suppress_click: bool,
    summaries: HashMap<String, String>,
    back: String,
    loading: String,
}

type SharedState = Rc<RefCell<State>>;

/// Drag and drop for the day view, and the scheduling dialog.
#[island]
pub fn BoardDrag(
    /// The text shown while conflicts are requested from the server.
    loading: String,
) -> impl IntoView {
    Effect::new(move |_| {
        let Some(document) = document() else {
            return;
        };
        let state: SharedState = Rc::default();
        state.borrow_mut().loading.clone_from(&loading);
        let shared = state.clone();
        listen(&document, "pointerdown", move |event: PointerEvent| {
            start_drag(&shared, &event)
        });
        let (shared, page) = (state.clone(), document.clone());
        listen(&document, "pointermove", move |event: PointerEvent| {
            move_drag(&shared, &page, &event)
        });
        let (shared, page) = (state.clone(), document.clone());
        listen(&document, "pointerup", move |_: PointerEvent| {
            finish_drag(&shared, &page)
        });
        let (shared, page) = (state.clone(), document.clone());
        listen(&document, "pointercancel", move |_: PointerEvent| {
            drop(end_drag(&shared, &page))
        });
        let (shared, page) = (state.clone(), document.clone());
        listen(&document, "keydown", move |event: KeyboardEvent| {
            if event.key() == "Escape" {
                drop(end_drag(&shared, &page));
            }
        });
        // Links and images have a native drag of their own.
        listen(&document, "dragstart", |event: Event| {
            if closest(event.target(), "[data-drag]").is_some() {
                event.prevent_default();
            }
        });
        let (shared, page) = (state, document.clone());
        listen(&document, "click", move |event: MouseEvent| {
            handle_click(&shared, &page, &event)
        });
    });
}

fn closest(target: Option<web_sys::EventTarget>, selector: &str) -> Option<Element> {
    target?.dyn_into::<Element>().ok()?.closest(selector).ok().flatten()
}

fn number_attribute(element: &Element, name: &str) -> Option<f64> {
    element.get_attribute(name)?.parse().ok()
}

fn is_rtl(element: &Element) -> bool {
    element.closest("[dir=rtl]").is_ok_and(|found| found.is_some())
}

fn start_drag(state: &SharedState, event: &PointerEvent) {
    // On touch screens a drag scrolls the page; the schedule button is available instead.
    if event.button() != 0 || event.pointer_type() == "touch" || closest(event.target(), ".stop-move").is_some() {
        return;
    }
    let Some(element) = closest(event.target(), "[data-drag]") else {
        return;
    };
    let Some(target) = element.get_attribute("data-drag") else {
        return;
    };
    let minutes = number_attribute(&element, "data-length").unwrap_or(60.0);
    let pointer = (f64::from(event.client_x()), f64::from(event.client_y()));
    // A visit keeps its offset to the pointer; an unscheduled job starts at the pointer.
    let grab_offset = if element.has_attribute("data-from") {
        let bounds = element.get_bounding_client_rect();
        let offset = if is_rtl(&element) {
            bounds.right() - pointer.0
        } else {
            pointer.0 - bounds.left()
        };
        (offset / bounds.width().max(1.0) * minutes).clamp(0.0, minutes)
    } else {
        0.0
    };
    let mut state = state.borrow_mut();
    state.suppress_click = false;
    state.drag = Some(Drag {
        target,
        minutes,
        grab_offset,
        grabbed_at: pointer,
        ghost: None,
        position: None,
    });
}

fn move_drag(state: &SharedState, document: &Document, event: &PointerEvent) {
    let pointer = (f64::from(event.client_x()), f64::from(event.client_y()));
    let mut borrowed = state.borrow_mut();
    let Some(drag) = borrowed.drag.as_mut() else {
        return;
    };
    if drag.ghost.is_none() {
        if (pointer.0 - drag.grabbed_at.0).hypot(pointer.1 - drag.grabbed_at.1) < DRAG_THRESHOLD_PX {
            return;
        }
        drag.ghost = create_ghost(document);
    }
    event.prevent_default();
    if let Some(ghost) = &drag.ghost {
        place_ghost(document, ghost, pointer);
    }
    let below = document.element_from_point(pointer.0 as f32, pointer.1 as f32);
    let track = below.and_then(|below| below.closest("[data-track]").ok().flatten());
    let position = track
        .as_ref()
        .and_then(|track| drop_position(track, pointer.0, drag.minutes, drag.grab_offset));
    if let Some(track) = &track {
        scroll_along(track, pointer.0);
    }
    scroll_page(pointer.1);
    if position == drag.position {
        return;
    }
    drag.position.clone_from(&position);
    let (ghost, target, minutes) = (drag.ghost.clone(), drag.target.clone(), drag.minutes);
    let Some(ghost) = ghost else {
        return;
    };
    remove_drop_preview(document);
    let (Some(position), Some(track)) = (position, track) else {
        ghost.set_inner_html("");
        let _ = ghost.class_list().add_1("ghost-nowhere");
        return;
    };
    let _ = ghost.class_list().remove_1("ghost-nowhere");
    show_drop_preview(document, &track, &position, minutes);
    borrowed.back = board(document)
        .and_then(|board| board.get_attribute("data-back"))
        .unwrap_or_default();
    let dialog_path = move_dialog_path(&target, &position, &borrowed.back);
    if let Some(summary) = borrowed.summaries.get(&dialog_path) {
        ghost.set_inner_html(summary);
        return;
    }
    ghost.set_text_content(Some(&borrowed.loading));
    drop(borrowed);
    leptos::task::spawn_local(load_summary(state.clone(), ghost, position, dialog_path));
}

/// Places the ghost next to the pointer on the side with more room, because its content grows.
fn place_ghost(document: &Document, ghost: &HtmlElement, pointer: (f64, f64)) {
    let viewport_width = document.document_element().map_or(0, |root| root.client_width());
    let x = if pointer.0 > f64::from(viewport_width) / 2.0 {
        format!("calc({}px - 100%)", pointer.0 - 14.0)
    } else {
        format!("{}px", pointer.0 + 14.0)
    };
    let at = format!("translate({x}, {}px)", pointer.1 + 14.0);
    let _ = ghost.style().set_property("transform", &at);
}

/// Shows the conflicts at a position in the ghost once the pointer has rested there.
async fn load_summary(state: SharedState, ghost: HtmlElement, position: DropPosition, dialog_path: String) {
    sleep(QUERY_DELAY_MS).await;
    let is_current = |state: &SharedState| {
        let borrowed = state.borrow();
        borrowed
            .drag
            .as_ref()
            .is_some_and(|drag| drag.position.as_ref() == Some(&position))
    };
    if !is_current(&state) {
        return;
    }
    let Ok(page) = read_page(&dialog_path).await else {
        return;
    };
    let summary = page.get_element_by_id("move-summary").map(|found| found.inner_html());
    let summary = summary.unwrap_or_default();
    if is_current(&state) {
        ghost.set_inner_html(&summary);
    }
    state.borrow_mut().summaries.insert(dialog_path, summary);
}

fn board(document: &Document) -> Option<Element> {
    document.query_selector(".board").ok().flatten()
}

/// Returns the drop position under the pointer.
fn drop_position(track: &Element, x: f64, minutes: f64, grab_offset: f64) -> Option<DropPosition> {
    let board = track.closest(".board").ok().flatten()?;
    let (board_start, hours) = (
        number_attribute(&board, "data-from")?,
        number_attribute(&board, "data-hours")?,
    );
    let bounds = track.get_bounding_client_rect();
    let offset = if is_rtl(track) {
        bounds.right() - x
    } else {
        x - bounds.left()
    };
    let board_minutes = hours * 60.0;
    let start = offset / bounds.width().max(1.0) * board_minutes - grab_offset;
    let start = ((start / SNAP_MINUTES).round() * SNAP_MINUTES).clamp(0.0, (board_minutes - minutes).max(0.0));
    Some(DropPosition {
        technician: track.get_attribute("data-track")?,
        at: (board_start + start * 60.0) as i64,
    })
}

fn scroll_along(track: &Element, x: f64) {
    let Some(frame) = track.closest(".board-frame").ok().flatten() else {
        return;
    };
    let bounds = frame.get_bounding_client_rect();
    if x < bounds.left() + SCROLL_EDGE_PX {
        frame.set_scroll_left(frame.scroll_left() - SCROLL_STEP_PX);
    } else if x > bounds.right() - SCROLL_EDGE_PX {
        frame.set_scroll_left(frame.scroll_left() + SCROLL_STEP_PX);
    }
}

/// Scrolls the page while the pointer is near its upper or lower edge, to reach technicians outside the viewport.
fn scroll_page(y: f64) {
    let Some(window) = web_sys::window() else {
        return;
    };
    let viewport_height = window
        .inner_height()
        .ok()
        .and_then(|viewport_height| viewport_height.as_f64())
        .unwrap_or_default();
    if y < SCROLL_EDGE_PX {
        window.scroll_by_with_x_and_y(0.0, -f64::from(SCROLL_STEP_PX));
    } else if y > viewport_height - SCROLL_EDGE_PX {
        window.scroll_by_with_x_and_y(0.0, f64::from(SCROLL_STEP_PX));
    }
}

fn create_ghost(document: &Document) -> Option<HtmlElement> {
    let ghost = document.create_element("div").ok()?.dyn_into::<HtmlElement>().ok()?;
    ghost.set_class_name("ghost ghost-nowhere");
    let _ = ghost.set_attribute("role", "status");
    let body = document.body()?;
    let _ = body.class_list().add_1("dragging");
    body.append_child(&ghost).ok()?;
    Some(ghost)
}

fn show_drop_preview(document: &Document, track: &Element, position: &DropPosition, minutes: f64) {
    let board = track.closest(".board").ok().flatten();
    let Some(board_start) = board.and_then(|board| number_attribute(&board, "data-from")) else {
        return;
    };
    let Ok(preview) = document.create_element("li") else {
        return;
    };
    let first = ((position.at as f64 - board_start) / 60.0 / f64::from(SLOT_MINUTES)) as i64;
    let length = ((minutes / f64::from(SLOT_MINUTES)) as i64).max(1);
    preview.set_class_name(&format!("board-drop at-{first} for-{length}"));
    let _ = preview.set_attribute("aria-hidden", "true");
    let _ = track.append_child(&preview);
}

fn remove_drop_preview(document: &Document) {
    if let Ok(Some(preview)) = document.query_selector(".board-drop") {
        preview.remove();
    }
}

/// Ends the drag; returns the job and where it was dropped.
fn end_drag(state: &SharedState, document: &Document) -> Option<(String, DropPosition)> {
    let drag = state.borrow_mut().drag.take()?;
    remove_drop_preview(document);
    if let Some(body) = document.body() {
        let _ = body.class_list().remove_1("dragging");
    }
    let ghost = drag.ghost?;
    ghost.remove();
    state.borrow_mut().suppress_click = true;
    Some((drag.target, drag.position?))
}

fn finish_drag(state: &SharedState, document: &Document) {
    let Some((target, position)) = end_drag(state, document) else {
        return;
    };
    let dialog_path = move_dialog_path(&target, &position, &state.borrow().back);
    // The schedule may have changed before the next drag.
    state.borrow_mut().summaries.clear();
    let document = document.clone();
    leptos::task::spawn_local(async move { move_dialog::open(&document, &dialog_path).await });
}

fn handle_click(state: &SharedState, document: &Document, event: &MouseEvent) {
    if std::mem::take(&mut state.borrow_mut().suppress_click) && closest(event.target(), "[data-drag]").is_some() {
        event.prevent_default();
        return;
    }
    if event.ctrl_key() || event.meta_key() || event.shift_key() || event.button() != 0 {
        return;
    }
    if closest(event.target(), ".move-dialog [data-close]").is_some() {
        event.prevent_default();
        move_dialog::close(document);
        return;
    }
    let link = closest(event.target(), "#board .stop-move").and_then(|link| link.get_attribute("href"));
    if let Some(href) = link {
        event.prevent_default();
        let document = document.clone();
        leptos::task::spawn_local(async move { move_dialog::open(&document, &href).await });
    }
}

fn move_dialog_path(target: &str, position: &DropPosition, back: &str) -> String {
    let back = web_sys::js_sys::encode_uri_component(back);
    format!(
        "/app/board/move?target={target}&technician={}&at={}&back={back}",
        position.technician, position.at
    )
}

async fn sleep(milliseconds: i32) {
    let promise = web_sys::js_sys::Promise::new(&mut |resolve, _| {
        if let Some(window) = web_sys::window() {
            let _ = window.set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, milliseconds);
        }
    });
    let _ = wasm_bindgen_futures::JsFuture::from(promise).await;
}
