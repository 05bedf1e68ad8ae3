//! Shows similar records while a new one is typed.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_sys::{Document, Event, HtmlInputElement};

use super::{listen, read_page};

/// How long typing pauses before similar records are looked up.
const PAUSE: Duration = Duration::from_millis(350);
/// The region with the similar records.
const REGION: &str = "similar";

/// Loads the page with what is typed, and shows the region with the similar records of the answer.
#[island]
pub fn SimilarWhileTyping(
    page: String,
    /// The fields that similar records are searched by, separated by spaces.
    fields: String,
) -> impl IntoView {
    Effect::new(move |_| {
        let Some(document) = super::document() else { return };
        let (page, fields) = (page.clone(), fields.clone());
        // Only the answer to what was typed last is shown.
        let last = Rc::new(Cell::new(0_u32));
        let body = document.clone();
        listen(&body, "input", move |event: Event| {
            let input = event
                .target()
                .and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
            if !input.is_some_and(|input| fields.split(' ').any(|field| input.name() == field)) {
                return;
            }
            let number = last.get().wrapping_add(1);
            last.set(number);
            let (document, page, fields, last) = (document.clone(), page.clone(), fields.clone(), last.clone());
            set_timeout(
                move || {
                    if last.get() != number {
                        return;
                    }
                    leptos::task::spawn_local(async move {
                        let Ok(found) = read_page(&address(&document, &page, &fields)).await else {
                            return;
                        };
                        let (old, new) = (document.get_element_by_id(REGION), found.get_element_by_id(REGION));
                        if let Some((old, new)) = old.zip(new).filter(|_| last.get() == number) {
                            old.set_inner_html(&new.inner_html());
                        }
                    });
                },
                PAUSE,
            );
        });
    });
}

/// Returns the address of the page with what is typed.
fn address(document: &Document, page: &str, fields: &str) -> String {
    let mut address = format!("{page}?typed=1&");
    for field in fields.split(' ') {
        let input = document.query_selector(&format!("input[name={field}]")).ok().flatten();
        let value = input.and_then(|input| input.dyn_into::<HtmlInputElement>().ok());
        let value = value.map(|input| input.value()).unwrap_or_default();
        let value = web_sys::js_sys::encode_uri_component(&value);
        address.push_str(&format!("{field}={value}&"));
    }
    address
}
