//! Pages, each with the acts of its forms.

pub mod appointments;
pub mod colleagues;
pub mod home;
pub mod link;
pub mod open_work;
pub mod profile;
pub mod reports;
pub mod requests;
pub mod second_step;
pub mod sign_in;
pub mod timeline;

use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::identity::actors::Contact;
use ordinavo_core::{CoreError, CoreResult};
use ui::flash::Flash;
use ui::parts::Done;

use crate::words::by_key;

/// The portal user who looks at a page; the gate before the pages has made sure that there is one.
fn viewer_contact() -> CoreResult<Contact> {
    use_context::<Contact>().ok_or_else(CoreError::not_found)
}

/// What was just done, above the page.
#[component]
fn DoneNotice(locale: Locale, flash: Option<Flash>) -> impl IntoView {
    flash
        .and_then(|flash| flash.done)
        .map(|done| view! { <Done text=by_key(locale, &done)/> })
}
