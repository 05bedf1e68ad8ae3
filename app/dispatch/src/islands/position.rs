//! Keeps the position on a page after an action: its scroll position, that of its lists, and the focus. The page is loaded
//! again after every action, and would otherwise begin at the top.

use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_sys::{Document, Event, HtmlElement, HtmlFormElement, Window};

use super::listen;

/// The entry of the session storage. It is used by the next page of the tab only.
const KEY: &str = "position";
/// The parts of a page that scroll on their own.
const AREAS: [&str; 6] = [
    ".board-pool",
    ".board-frame",
    ".split-detail",
    ".review-main",
    ".review-side",
    ".review-queue",
];
/// The list beside an open record. Its position survives every page that shows it with the same filters.
const LIST: &str = ".split-list";
const LIST_KEY: &str = "list-position";

/// Restores the position of the action that led to this page, and watches for the next one.
#[island]
pub fn KeepPosition() -> impl IntoView {
    Effect::new(move |_| {
        let Some(window) = web_sys::window() else { return };
        let Some(document) = window.document() else { return };
        let _ = restore(&window, &document);
        let _ = restore_list(&window, &document);
        let (leaving, left) = (window.clone(), document.clone());
        listen(&window, "pagehide", move |_: Event| {
            let _ = remember_list(&leaving, &left);
        });
        let page = document.clone();
        listen(&document, "submit", move |event: Event| {
            let _ = remember(&window, &page, &event);
        });
    });
}

/// Filters and scroll position of the list, one line each.
fn remember_list(window: &Window, document: &Document) -> Option<()> {
    let list = document.query_selector(LIST).ok()??;
    let entry = format!("{}\n{}", window.location().search().ok()?, list.scroll_top());
    window.session_storage().ok()??.set_item(LIST_KEY, &entry).ok()
}

fn restore_list(window: &Window, document: &Document) -> Option<()> {
    let list = document.query_selector(LIST).ok()??;
    let entry = window.session_storage().ok()??.get_item(LIST_KEY).ok()??;
    let (search, top) = entry.split_once('\n')?;
    if search == window.location().search().ok()? {
        list.set_scroll_top(top.parse().ok()?);
    }
    Some(())
}

/// Path, scroll position, action and number of the form, then the positions of the areas; one line each.
fn remember(window: &Window, document: &Document, event: &Event) -> Option<()> {
    let form = event.target()?.dyn_into::<HtmlFormElement>().ok()?;
    if form.method() != "post" {
        return None;
    }
    let action = action_path(&form);
    let number = forms(document, &action)
        .iter()
        .position(|other| *other == form)
        .unwrap_or_default();
    let path = window.location().pathname().ok()?;
    // Whole pixels: printing and reading fractions would be a third of the bundle.
    #[expect(clippy::cast_possible_truncation, reason = "a position on a page")]
    let y = window.scroll_y().ok()? as i32;
    let mut entry = format!("{path}\n{y}\n{action}\n{number}");
    for area in AREAS {
        let area = document.query_selector(area).ok().flatten();
        let (top, left) = area.map_or((0, 0), |area| (area.scroll_top(), area.scroll_left()));
        entry.push_str(&format!("\n{top} {left}"));
    }
    window.session_storage().ok()??.set_item(KEY, &entry).ok()
}

fn restore(window: &Window, document: &Document) -> Option<()> {
    let storage = window.session_storage().ok()??;
    let entry = storage.get_item(KEY).ok()??;
    storage.remove_item(KEY).ok()?;
    let mut lines = entry.lines();
    if lines.next()? != window.location().pathname().ok()? {
        return None;
    }
    let (y, action, number) = (lines.next()?, lines.next()?, lines.next()?);
    for (area, position) in AREAS.into_iter().zip(lines) {
        let area = document.query_selector(area).ok().flatten();
        let position = position
            .split_once(' ')
            .and_then(|(top, left)| Some((top.parse().ok()?, left.parse().ok()?)));
        if let (Some(area), Some((top, left))) = (area, position) {
            area.set_scroll_top(top);
            area.set_scroll_left(left);
        }
    }
    // What went wrong is at the top of its form, and has the focus there.
    let has_error = document.query_selector("[data-code]").ok().flatten().is_some();
    if has_error || !window.location().hash().ok()?.is_empty() {
        return None;
    }
    let forms = forms(document, action);
    let form = forms.get(number.parse::<usize>().ok()?).or_else(|| forms.last());
    if let Some(button) = form.and_then(|form| form.query_selector("[type=submit]").ok().flatten()) {
        button.dyn_into::<HtmlElement>().ok()?.focus().ok()?;
    }
    window.scroll_to_with_x_and_y(0.0, f64::from(y.parse::<i32>().ok()?));
    Some(())
}

/// Returns the path of the action of a form, without the token of its account.
fn action_path(form: &HtmlFormElement) -> String {
    let action = form.get_attribute("action").unwrap_or_default();
    action.split('?').next().unwrap_or_default().to_owned()
}

/// Returns the forms with an action.
fn forms(document: &Document, action: &str) -> Vec<HtmlFormElement> {
    let Ok(list) = document.query_selector_all("form[method=post]") else {
        return Vec::new();
    };
    (0..list.length())
        .filter_map(|index| list.get(index)?.dyn_into::<HtmlFormElement>().ok())
        .filter(|form| action_path(form) == action)
        .collect()
}
