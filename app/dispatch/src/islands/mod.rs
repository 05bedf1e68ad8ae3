//! Islands of the staff app. Everything they do is also possible with links and buttons.

pub mod board_drag;
mod fill_field;
mod filter_list;
mod move_dialog;
mod palette;
mod position;
pub mod signature;
mod similar;

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

pub use self::fill_field::FillField;
pub use self::filter_list::FilterList;
pub use self::palette::Palette;
pub use self::position::KeepPosition;
pub use self::similar::SimilarWhileTyping;
use leptos::prelude::*;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{Document, Element, Event, EventSource, HtmlElement, KeyboardEvent, MessageEvent};

/// How long a key that decides something waits for another key.
const TYPING_PAUSE: Duration = Duration::from_millis(250);
/// For how many milliseconds after a letter another one is a part of a word.
const WORD_PAUSE: f64 = 600.0;
/// The event of the document after regions of a page were refreshed.
const REFRESHED: &str = "refreshed";
/// The entry of the session storage that says that the row of the next page gets the focus.
const FOCUS_ROW: &str = "focus-row";

pub(crate) fn document() -> Option<Document> {
    web_sys::window()?.document()
}

/// Adds an event listener for the lifetime of the page.
pub(crate) fn listen<E: wasm_bindgen::convert::FromWasmAbi + 'static>(
    target: &web_sys::EventTarget,
    event: &str,
    listener: impl FnMut(E) + 'static,
) {
    let listener = Closure::<dyn FnMut(E)>::new(listener);
    let _ = target.add_event_listener_with_callback(event, listener.as_ref().unchecked_ref());
    listener.forget();
}

fn elements(root: &Document, selector: &str) -> Vec<HtmlElement> {
    let Ok(list) = root.query_selector_all(selector) else {
        return Vec::new();
    };
    (0..list.length())
        .filter_map(|index| list.get(index)?.dyn_into::<HtmlElement>().ok())
        .collect()
}

fn is_typing(document: &Document) -> bool {
    document.active_element().is_some_and(|element| {
        matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT") && !is_checkbox(&element)
    })
}

fn is_checkbox(element: &Element) -> bool {
    element.get_attribute("type").as_deref() == Some("checkbox")
}

/// Keyboard shortcuts. `j` and `k` move through the rows, `x` selects one; any other key acts on the element that has
/// it in `data-key`: a button is pressed, a field or disclosure receives the focus. `Escape` leaves a field.
///
/// Keys decide only about the item that has the focus: a row, or something inside the open item. A person who types a word without
/// noticing that no field has the focus must not decide anything.
#[island]
pub fn Hotkeys(
    /// The selector of the rows.
    rows: String,
) -> impl IntoView {
    Effect::new(move |_| {
        let (Some(document), rows) = (document(), rows.clone()) else {
            return;
        };
        keep_row_focus(&document, &rows);
        let page = document.clone();
        let presses = Rc::new(Cell::new(0_u64));
        let last_letter = Cell::new(f64::NEG_INFINITY);
        listen(&document, "keydown", move |event: KeyboardEvent| {
            presses.set(presses.get() + 1);
            let has_open_dialog = page.query_selector("dialog[open]").is_ok_and(|found| found.is_some());
            if has_open_dialog
                || event.repeat()
                || event.ctrl_key()
                || event.meta_key()
                || event.alt_key()
                || event.default_prevented()
            {
                return;
            }
            if is_typing(&page) {
                if event.key() == "Escape"
                    && let Some(active) = page
                        .active_element()
                        .and_then(|element| element.dyn_into::<HtmlElement>().ok())
                {
                    let _ = active.blur();
                }
                return;
            }
            // In an open menu, its own buttons are meant.
            if let Some(menu) = page.query_selector("details.pill[open]").ok().flatten() {
                if event.key() == "Escape"
                    && let Ok(menu) = menu.dyn_into::<HtmlElement>()
                {
                    let _ = menu.remove_attribute("open");
                    focus_inside(&menu, "summary");
                    event.prevent_default();
                }
                return;
            }
            let key = latin_key(&event);
            let is_letter = key.chars().count() == 1 && !matches!(key.as_str(), "j" | "k" | "x");
            let is_in_word = is_letter && event.time_stamp() - last_letter.get() < WORD_PAUSE;
            if is_letter {
                last_letter.set(event.time_stamp());
            }
            let done = match key.as_str() {
                "j" => move_focus(&page, &rows, 1),
                "k" => move_focus(&page, &rows, -1),
                "x" => select(&page, &rows),
                key if is_letter && is_pressing(&page, key) => {
                    if !is_in_word && may_press(&page, &rows, key) {
                        press_unless_typing(&page, key.to_owned(), &presses);
                    }
                    true
                }
                key if is_letter => activate(&page, key),
                _ => false,
            };
            if done {
                event.prevent_default();
            }
        });
    });
}

/// Returns the key of an event. Layouts without Latin letters use the key in the same place.
fn latin_key(event: &KeyboardEvent) -> String {
    let key = event.key();
    let is_foreign_letter = key.chars().count() == 1 && !key.is_ascii();
    match event.code().strip_prefix("Key") {
        Some(letter) if is_foreign_letter => letter.to_lowercase(),
        _ => key,
    }
}

/// Returns whether a key presses a button, which changes something.
fn is_pressing(document: &Document, key: &str) -> bool {
    target_of(document, key).is_some_and(|element| element.tag_name() == "BUTTON")
}

/// Returns whether the focus is on a row or inside the open item, or rows are selected. Undoing needs no focus.
fn may_press(document: &Document, rows: &str, key: &str) -> bool {
    let is_inside = |element: Option<Element>, area: &str| {
        element.is_some_and(|element| element.closest(area).is_ok_and(|found| found.is_some()))
    };
    is_inside(document.active_element(), &format!("{rows}, article, #bulk"))
        || is_inside(target_of(document, key).map(Into::into), ".undo")
        || has_selection(document)
}

fn session_storage() -> Option<web_sys::Storage> {
    web_sys::window()?.session_storage().ok().flatten()
}

/// Gives the focus to the row of an item that was opened from its row or decided about by a key, and watches for the next one.
fn keep_row_focus(document: &Document, rows: &str) {
    let storage = session_storage();
    let is_expected = storage
        .as_ref()
        .and_then(|storage| storage.get_item(FOCUS_ROW).ok().flatten())
        .is_some();
    if let Some(storage) = storage {
        let _ = storage.remove_item(FOCUS_ROW);
    }
    if is_expected {
        let (document, selector) = (document.clone(), rows.to_owned());
        // After the position of the page is restored, which may give the focus to the button of the last action.
        set_timeout(move || focus_current_row(&document, &selector), Duration::ZERO);
    }
    let selector = format!("{rows} a");
    listen(document, "click", move |event: Event| {
        let link = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        if link.is_some_and(|link| link.closest(&selector).is_ok_and(|found| found.is_some())) {
            expect_row_focus();
        }
    });
}

fn expect_row_focus() {
    if let Some(storage) = session_storage() {
        let _ = storage.set_item(FOCUS_ROW, "yes");
    }
}

fn focus_current_row(document: &Document, selector: &str) {
    let has_focus = document
        .active_element()
        .is_some_and(|active| active.tag_name() != "BODY");
    let rows = elements(document, selector);
    if let Some(at) = current_row(document, &rows).filter(|_| !has_focus) {
        focus_inside(&rows[at], "a");
    }
}

/// Presses a button unless another key follows at once. While a disclosure is open, its own buttons are meant, so keys press
/// nothing.
fn press_unless_typing(document: &Document, key: String, presses: &Rc<Cell<u64>>) {
    let has_open_disclosure = document
        .query_selector("details.weighty[open]")
        .is_ok_and(|found| found.is_some());
    if has_open_disclosure {
        return;
    }
    let (document, presses, expected) = (document.clone(), presses.clone(), presses.get());
    set_timeout(
        move || {
            if presses.get() == expected {
                expect_row_focus();
                activate(&document, &key);
            }
        },
        TYPING_PAUSE,
    );
}

/// Returns the row that has the focus, or else the row of the open page.
fn current_row(document: &Document, rows: &[HtmlElement]) -> Option<usize> {
    let active = document.active_element();
    rows.iter()
        .position(|row| active.as_ref().is_some_and(|active| row.contains(Some(active))))
        .or_else(|| {
            rows.iter()
                .position(|row| row.query_selector("[aria-current]").is_ok_and(|found| found.is_some()))
        })
}

fn move_focus(document: &Document, selector: &str, offset: isize) -> bool {
    let rows = elements(document, selector);
    if rows.is_empty() {
        return false;
    }
    let next = match current_row(document, &rows) {
        Some(at) => at.saturating_add_signed(offset).min(rows.len() - 1),
        None if offset > 0 => 0,
        None => rows.len() - 1,
    };
    focus_inside(&rows[next], "a")
}

fn focus_inside(element: &HtmlElement, selector: &str) -> bool {
    element
        .query_selector(selector)
        .ok()
        .flatten()
        .and_then(|found| found.dyn_into::<HtmlElement>().ok())
        .is_some_and(|found| found.focus().is_ok())
}

fn select(document: &Document, selector: &str) -> bool {
    let rows = elements(document, selector);
    let Some(at) = current_row(document, &rows) else {
        return false;
    };
    let found = rows[at].query_selector("input[type=checkbox]").ok().flatten();
    let Some(checkbox) = found.and_then(|found| found.dyn_into::<HtmlElement>().ok()) else {
        return false;
    };
    checkbox.click();
    true
}

/// Returns whether rows are selected; bulk actions then take precedence.
fn has_selection(document: &Document) -> bool {
    document
        .query_selector(".queue input[type=checkbox]:checked")
        .is_ok_and(|found| found.is_some())
}

/// Returns the element that a key acts on.
fn target_of(document: &Document, key: &str) -> Option<HtmlElement> {
    if key == "\"" || key == "\\" {
        return None;
    }
    let selector = format!("[data-key=\"{key}\"]");
    let all = elements(document, &selector);
    let is_bulk_action = |element: &HtmlElement| element.closest("#bulk").is_ok_and(|found| found.is_some());
    let selection = has_selection(document);
    all.iter()
        .find(|element| is_bulk_action(element) == selection)
        .or_else(|| all.iter().find(|element| !is_bulk_action(element)))
        .cloned()
}

fn activate(document: &Document, key: &str) -> bool {
    let Some(element) = target_of(document, key) else {
        return false;
    };
    match element.tag_name().as_str() {
        "BUTTON" | "A" => element.click(),
        "DETAILS" => toggle(&element),
        "SUMMARY" => {
            if let Some(details) = element
                .parent_element()
                .and_then(|parent| parent.dyn_into::<HtmlElement>().ok())
            {
                toggle(&details);
            }
        }
        "INPUT" | "SELECT" | "TEXTAREA" => drop(element.focus()),
        _ => return focus_inside(&element, "textarea, input:not([type=hidden]), select"),
    }
    true
}

fn toggle(details: &HtmlElement) {
    if details.has_attribute("open") {
        let _ = details.remove_attribute("open");
    } else {
        let _ = details.set_attribute("open", "");
        if !focus_inside(details, "textarea, input:not([type=hidden]), select")
            && !focus_inside(details, "button[aria-current]")
            && !focus_inside(details, ".menu-list button")
        {
            focus_inside(details, "summary");
        }
    }
}

/// Keeps regions of the page up to date: listens for change events, loads the page again and replaces the regions.
/// Focus and selection are preserved. Hidden pages do not listen.
#[island]
pub fn LivePage(
    /// The URL of the event stream.
    path: String,
    /// The element IDs of the regions, separated by spaces.
    regions: String,
) -> impl IntoView {
    Effect::new(move |_| {
        let (Some(document), path, regions) = (document(), path.clone(), regions.clone()) else {
            return;
        };
        let source: StoredValue<Option<EventSource>, LocalStorage> = StoredValue::new_local(None);
        let page = document.clone();
        let open = move || {
            if page.hidden() {
                if let Some(stream) = source.get_value() {
                    stream.close();
                }
                source.set_value(None);
                return;
            }
            if source.with_value(Option::is_some) {
                return;
            }
            let Ok(stream) = EventSource::new(&path) else {
                return;
            };
            let regions = regions.clone();
            listen(&stream, "changed", move |_: MessageEvent| {
                leptos::task::spawn_local(refresh(regions.clone()));
            });
            source.set_value(Some(stream));
        };
        open();
        listen(&document, "visibilitychange", move |_: Event| open());
    });
}

/// Loads a page of the app again without consuming its flash message.
pub(crate) async fn read_page(address: &str) -> Result<Document, JsValue> {
    read_page_for(address, "1").await
}

/// Loads a page as [`read_page`] does, with what its forms were left with if it is for a dialog.
pub(crate) async fn read_page_for(address: &str, purpose: &str) -> Result<Document, JsValue> {
    let window = web_sys::window().ok_or(JsValue::NULL)?;
    let request = web_sys::Request::new_with_str(address)?;
    request.headers().set("accept", "text/html")?;
    request.headers().set("x-refresh", purpose)?;
    let response: web_sys::Response = wasm_bindgen_futures::JsFuture::from(window.fetch_with_request(&request))
        .await?
        .dyn_into()?;
    if !response.ok() {
        return Err(JsValue::NULL);
    }
    let text = wasm_bindgen_futures::JsFuture::from(response.text()?).await?;
    let text = text.as_string().unwrap_or_default();
    web_sys::DomParser::new()?.parse_from_string(&text, web_sys::SupportedType::TextHtml)
}

async fn refresh(regions: String) {
    let _ = try_refresh(&regions).await;
}

/// An area that was scrolled: its class, its place among the areas of that class, and its position.
type ScrollPosition = (String, usize, i32, i32);

/// Returns the positions of the scrolled areas of a region.
fn scroll_positions(region: &Element) -> Vec<ScrollPosition> {
    let mut positions = Vec::new();
    let mut counts: HashMap<String, usize> = HashMap::new();
    for area in areas(region) {
        let class = area.class_name();
        let place = counts.entry(class.clone()).or_default();
        if area.scroll_top() != 0 || area.scroll_left() != 0 {
            positions.push((class, *place, area.scroll_top(), area.scroll_left()));
        }
        *place += 1;
    }
    positions
}

/// Scrolls the areas of a region to where they were.
fn restore_scroll(region: &Element, positions: &[ScrollPosition]) {
    for (class, place, top, left) in positions {
        let of_class = areas(region).into_iter().filter(|area| area.class_name() == *class);
        if let Some(area) = of_class.into_iter().nth(*place) {
            area.set_scroll_top(*top);
            area.set_scroll_left(*left);
        }
    }
}

/// Returns the elements that can be areas with a position of their own.
fn areas(region: &Element) -> Vec<Element> {
    let found = region.query_selector_all("div[class], section[class], ul[class], ol[class], aside[class]");
    let Ok(found) = found else { return Vec::new() };
    let nodes = (0..found.length()).filter_map(|index| found.get(index));
    nodes.filter_map(|node| node.dyn_into::<Element>().ok()).collect()
}

async fn try_refresh(regions: &str) -> Result<(), JsValue> {
    let window = web_sys::window().ok_or(JsValue::NULL)?;
    let document = window.document().ok_or(JsValue::NULL)?;
    let address = window.location().href()?;
    let new_page = read_page(&address).await?;
    let selected: Vec<String> = elements(&document, ".queue input[type=checkbox]:checked")
        .iter()
        .filter_map(|checkbox| checkbox.get_attribute("value"))
        .collect();
    for region in regions.split(' ') {
        let (Some(old), Some(new)) = (document.get_element_by_id(region), new_page.get_element_by_id(region)) else {
            continue;
        };
        let active = document.active_element().filter(|active| old.contains(Some(active)));
        let field = active.as_ref().map(Element::id).filter(|id| !id.is_empty());
        let focused = active.and_then(|active| active.get_attribute("href").or_else(|| active.get_attribute("value")));
        let positions = scroll_positions(&old);
        old.set_inner_html(&new.inner_html());
        restore_scroll(&old, &positions);
        let field = field.and_then(|id| document.get_element_by_id(&id)?.dyn_into::<HtmlElement>().ok());
        if let Some(field) = field {
            let _ = field.focus();
            continue;
        }
        if let Some(focused) = focused {
            let replacement = elements(&document, &format!("#{region} a, #{region} input"))
                .into_iter()
                .find(|element| {
                    [element.get_attribute("href"), element.get_attribute("value")].contains(&Some(focused.clone()))
                });
            if let Some(replacement) = replacement {
                let _ = replacement.focus();
            }
        }
    }
    if let Ok(event) = Event::new(REFRESHED) {
        let _ = document.dispatch_event(&event);
    }
    for checkbox in elements(&document, ".queue input[type=checkbox]") {
        if checkbox
            .get_attribute("value")
            .is_some_and(|value| selected.contains(&value))
        {
            checkbox.click();
        }
    }
    Ok(())
}
