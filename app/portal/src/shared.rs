//! Components and helpers that several slices of the portal use.

use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::identity::actors::Contact;
use ordinavo_core::{CoreError, CoreResult};
use ui::components::{RefusedFiles, SuccessNotice};
use ui::flash::Flash;

use crate::i18n::by_key;

/// Returns the signed-in portal user; the middleware in front of the pages guarantees one.
pub(crate) fn viewer_contact() -> CoreResult<Contact> {
    use_context::<Contact>().ok_or_else(CoreError::not_found)
}

/// The success message above the page.
#[component]
pub(crate) fn DoneNotice(locale: Locale, flash: Option<Flash>) -> impl IntoView {
    flash
        .and_then(|flash| Some((flash.done?, flash.errors)))
        .map(|(done, refused)| {
            view! {
                <SuccessNotice text=by_key(locale, &done) key=done/>
                <RefusedFiles locale refused/>
            }
        })
}
