//! The command palette, and the menu with what can be created.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_sys::{Document, Element, Event, HtmlElement, KeyboardEvent, MouseEvent};

use super::{elements, is_typing, latin_key, listen, read_page};

/// How long typing pauses before it is searched for.
const PAUSE: Duration = Duration::from_millis(120);
/// For how many milliseconds after `g` another letter opens a page.
const LEADER_PAUSE: f64 = 600.0;
/// The shortest text that is searched for.
const MIN_CHARS: usize = 2;
/// The region of the search page that is shown.
const REGION: &str = "found";
const PAGES: &str = "#palette-pages li";

/// The command palette: `Ctrl K`, `⌘ K` or the search field opens it. Typing filters the pages and actions, which are its
/// children, and searches records. Arrow keys move through the links, Enter follows the first. `n` opens the menu with what can
/// be created; `g` and a letter open a page.
#[island]
pub fn Palette(
    /// The label of the search field.
    label: String,
    /// The URL of the search page; empty if the reader has none.
    search: String,
    has_shortcuts: bool,
    children: Children,
) -> impl IntoView {
    let dialog: NodeRef<html::Dialog> = NodeRef::new();
    let input: NodeRef<html::Input> = NodeRef::new();
    let found: NodeRef<html::Div> = NodeRef::new();
    // The text whose results are shown.
    let loaded = Rc::new(RefCell::new(String::new()));
    let typed = Rc::new(Cell::new(0_u32));
    let open = move || {
        let (Some(dialog), Some(input), Some(found)) =
            (dialog.get_untracked(), input.get_untracked(), found.get_untracked())
        else {
            return;
        };
        if dialog.open() {
            dialog.close();
            return;
        }
        input.set_value("");
        found.set_inner_html("");
        filter_pages("");
        let _ = dialog.show_modal();
        choose_first();
    };
    Effect::new(move |_| {
        let Some(document) = super::document() else { return };
        let page = document.clone();
        let leader = Cell::new(f64::NEG_INFINITY);
        listen(&document, "keydown", move |event: KeyboardEvent| {
            if latin_key(&event).eq_ignore_ascii_case("k") && (event.ctrl_key() || event.meta_key()) {
                event.prevent_default();
                open();
            } else if event.key() == "Escape" && !has_open_dialog(&page) {
                close_menus(&page);
            } else if has_shortcuts && !is_taken(&page, &event) && !go_to_page(&page, &event, &leader) {
                open_menu(&page, &event);
            }
        });
        let page = document.clone();
        listen(&document, "click", move |event: MouseEvent| {
            let clicked = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            let is_inside = |area: &str| {
                let clicked = clicked.as_ref();
                clicked.is_some_and(|element| element.closest(area).is_ok_and(|found| found.is_some()))
            };
            if is_inside("[data-palette]") {
                event.prevent_default();
                // When the palette closes, the focus must not return to a field, where letters are typed.
                if let Some(field) = clicked.as_ref().and_then(|element| element.dyn_ref::<HtmlElement>()) {
                    let _ = field.blur();
                }
                open();
            }
            if !is_inside("details.menu") {
                close_menus(&page);
            }
        });
    });
    let prefix = search.clone();
    let results_of = loaded.clone();
    let type_in = move |event: Event| {
        let text = event_target_value(&event).trim().to_owned();
        let number = typed.get().wrapping_add(1);
        typed.set(number);
        filter_pages(&text);
        choose_first();
        if prefix.is_empty() || text.chars().count() < MIN_CHARS {
            if let Some(found) = found.get_untracked() {
                found.set_inner_html("");
            }
            choose_first();
            return;
        }
        let (typed, loaded, address) = (typed.clone(), results_of.clone(), address(&prefix, &text));
        set_timeout(
            move || {
                if typed.get() != number {
                    return;
                }
                leptos::task::spawn_local(async move {
                    let Ok(page) = read_page(&address).await else { return };
                    let results = page.get_element_by_id(REGION);
                    if let Some((found, results)) = found.get_untracked().zip(results).filter(|_| typed.get() == number)
                    {
                        found.set_inner_html(&results.inner_html());
                        *loaded.borrow_mut() = text;
                        choose_first();
                    }
                });
            },
            PAUSE,
        );
    };
    let go = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let text = input
            .get_untracked()
            .map(|input| input.value().trim().to_owned())
            .unwrap_or_default();
        let Some(document) = super::document() else { return };
        let links = links(&document);
        let is_complete = *loaded.borrow() == text || text.chars().count() < MIN_CHARS;
        let is_page = |link: &&HtmlElement| link.closest(PAGES).is_ok_and(|found| found.is_some());
        match links.first().filter(|link| is_complete || is_page(link)) {
            Some(link) => link.click(),
            None if !search.is_empty() && !text.is_empty() => {
                if let Some(window) = web_sys::window() {
                    let _ = window.location().set_href(&address(&search, &text));
                }
            }
            None => {}
        }
    };
    let move_in_list = move |event: KeyboardEvent| {
        let (Some(document), Some(input)) = (super::document(), input.get_untracked()) else {
            return;
        };
        move_focus(&document, &input, &event);
    };
    view! {
        <dialog class="palette" node_ref=dialog aria-labelledby="palette-label" on:keydown=move_in_list>
            <form on:submit=go>
                <label id="palette-label" class="hidden" for="palette-text">{label}</label>
                <input id="palette-text" node_ref=input type="text" autocomplete="off" maxlength="200" on:input=type_in/>
                <div class="palette-list">{children()}<div class="found" node_ref=found></div></div>
            </form>
        </dialog>
    }
}

fn address(search: &str, text: &str) -> String {
    format!("{search}{}", web_sys::js_sys::encode_uri_component(text))
}

/// Shows the pages and actions with a word that begins with the text.
fn filter_pages(text: &str) {
    let Some(document) = super::document() else { return };
    let text = text.to_lowercase();
    for row in elements(&document, PAGES) {
        let name = row.text_content().unwrap_or_default().trim().to_lowercase();
        let is_shown = name.starts_with(&text) || name.contains(&format!(" {text}"));
        let _ = row.toggle_attribute_with_force("hidden", !is_shown);
    }
}

/// Returns the shown links of the palette.
fn links(document: &Document) -> Vec<HtmlElement> {
    elements(document, "dialog.palette a")
        .into_iter()
        .filter(|link| link.offset_parent().is_some())
        .collect()
}

/// Marks the link that Enter follows.
fn choose_first() {
    let Some(document) = super::document() else { return };
    for chosen in elements(&document, "dialog.palette a[data-chosen]") {
        let _ = chosen.remove_attribute("data-chosen");
    }
    if let Some(first) = links(&document).first() {
        let _ = first.set_attribute("data-chosen", "");
    }
}

/// Arrow keys move through the links; the first is already chosen while the text field has the focus. Any other character goes on
/// typing.
fn move_focus(document: &Document, input: &HtmlElement, event: &KeyboardEvent) {
    let offset = match event.key().as_str() {
        "ArrowDown" => 1,
        "ArrowUp" => -1,
        key => {
            if key.chars().count() == 1 && !event.ctrl_key() && !event.meta_key() {
                let _ = input.focus();
            }
            return;
        }
    };
    let links = links(document);
    let active = document.active_element();
    let at = links.iter().position(|link| active.as_deref() == Some(link));
    let next = at.unwrap_or(0).checked_add_signed(offset);
    event.prevent_default();
    let _ = match next.map(|next| next.min(links.len().saturating_sub(1))) {
        Some(next) if !links.is_empty() => links[next].focus(),
        _ => input.focus(),
    };
}

fn has_open_dialog(document: &Document) -> bool {
    document
        .query_selector("dialog[open]")
        .is_ok_and(|found| found.is_some())
}

/// Returns whether a key belongs to a field, a dialog or the browser.
fn is_taken(document: &Document, event: &KeyboardEvent) -> bool {
    let has_modifier = event.ctrl_key() || event.meta_key() || event.alt_key();
    has_open_dialog(document) || has_modifier || event.repeat() || is_typing(document)
}

/// Opens the page of a letter that follows `g`, if the reader has it; `?` opens the list of shortcuts, where the page has none.
/// `leader` is when `g` was pressed.
fn go_to_page(document: &Document, event: &KeyboardEvent, leader: &Cell<f64>) -> bool {
    let key = latin_key(event);
    let now = event.time_stamp();
    let is_second = now - leader.get() < LEADER_PAUSE;
    leader.set(if key == "g" { now } else { f64::NEG_INFINITY });
    let path = match key.as_str() {
        "?" if !document
            .query_selector("[data-key='?']")
            .is_ok_and(|found| found.is_some()) =>
        {
            "/app/help"
        }
        "t" if is_second => "/app/today",
        "i" if is_second => "/app/inbox",
        "b" if is_second => "/app/board",
        "r" if is_second => "/app/reports",
        "j" if is_second => "/app/jobs",
        "c" if is_second => "/app/customers",
        _ => return false,
    };
    let link = document
        .query_selector(&format!(".side a[href='{path}']"))
        .ok()
        .flatten();
    let Some(link) = link.and_then(|link| link.dyn_into::<HtmlElement>().ok()) else {
        return false;
    };
    event.prevent_default();
    link.click();
    true
}

/// Opens the menu with what can be created.
fn open_menu(document: &Document, event: &KeyboardEvent) {
    if event.default_prevented() {
        return;
    }
    if latin_key(event) != "n" {
        return;
    }
    let Some(menu) = document.query_selector("details.new-menu").ok().flatten() else {
        return;
    };
    let _ = menu.set_attribute("open", "");
    let first = menu.query_selector("a").ok().flatten();
    if let Some(first) = first.and_then(|first| first.dyn_into::<HtmlElement>().ok()) {
        event.prevent_default();
        let _ = first.focus();
    }
}

fn close_menus(document: &Document) {
    for menu in elements(document, "details.menu[open]") {
        let _ = menu.remove_attribute("open");
    }
}
