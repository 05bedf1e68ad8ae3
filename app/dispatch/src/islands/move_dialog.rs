//! The scheduling dialog of the board: the page of a rescheduling, shown in place.

use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{Document, HtmlDialogElement, HtmlElement};

use crate::islands::read_page_for;

/// Closes the dialog if it is open.
pub(super) fn close(document: &Document) {
    let dialog = document.query_selector(".move-dialog").ok().flatten();
    if let Some(dialog) = dialog.and_then(|found| found.dyn_into::<HtmlDialogElement>().ok()) {
        dialog.close();
        dialog.remove();
    }
}

/// Opens the scheduling dialog, or its page if the dialog cannot be shown.
pub(super) async fn open(document: &Document, dialog_path: &str) {
    if try_open(document, dialog_path).await.is_err()
        && let Some(window) = web_sys::window()
    {
        let _ = window.location().set_href(dialog_path);
    }
}

async fn try_open(document: &Document, dialog_path: &str) -> Result<(), JsValue> {
    let page = read_page_for(dialog_path, "dialog").await?;
    let content = page.get_element_by_id("move").ok_or(JsValue::NULL)?;
    close(document);
    let dialog: HtmlDialogElement = document.create_element("dialog")?.dyn_into()?;
    dialog.set_class_name("move-dialog");
    dialog.set_attribute("aria-labelledby", "move-title")?;
    dialog.append_child(&content)?;
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
