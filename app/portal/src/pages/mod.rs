//! The pages of the portal, each with the actions of its forms.

pub mod appointments;
pub mod colleagues;
pub mod home;
pub mod link;
pub mod open_work;
pub mod profile;
pub mod reports;
pub mod requests;
pub mod sign_in;
pub mod timeline;
pub mod two_factor_pages;

use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::identity::actors::Contact;
use ordinavo_core::{CoreError, CoreResult};
use ui::components::SuccessNotice;
use ui::flash::Flash;

use crate::i18n::by_key;

/// Returns the signed-in portal user; the middleware in front of the pages guarantees one.
fn viewer_contact() -> CoreResult<Contact> {
    use_context::<Contact>().ok_or_else(CoreError::not_found)
}

/// The success message above the page.
#[component]
fn DoneNotice(locale: Locale, flash: Option<Flash>) -> impl IntoView {
    flash
        .and_then(|flash| flash.done)
        .map(|done| view! { <SuccessNotice text=by_key(locale, &done)/> })
}
