//! What a change to the sign-in settings asks for: the current password, or a new link in an email for accounts without one.

use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::identity::actors::Contact;
use ordinavo_core::portal_access::profile;
use ordinavo_core::portal_access::profile::Proof;
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, Redirect, submit};
use ui::components::NoMailServer;
use ui::drafts::owned;
use ui::forms::{FormState, TextField};

use crate::t;

/// The field for the current password, if the account has one.
#[component]
pub fn CurrentPassword(form: FormState, proof: Proof) -> impl IntoView {
    let locale = form.locale;
    (proof == Proof::Password).then(|| view! { <TextField form field="current" label=t!(locale, "current-password") kind="password" autocomplete="current-password"/> })
}

/// Stands in for a form that needs a new link first.
#[component]
pub fn NewLink(locale: Locale, #[prop(optional)] page: &'static str) -> impl IntoView {
    view! {
        <NoMailServer locale/>
        <p class="quiet">{t!(locale, "new-link-text")}</p>
        <form method="post" action=owned("/portal/fn/request-own-link")>
            <input type="hidden" name="page" value=page/>
            <button class="button" type="submit">{t!(locale, "new-link-send")}</button>
        </form>
    }
}

/// The button that requests a link to the own address.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NewLinkButton {
    /// `appointments`, or the profile.
    page: String,
}

impl ActionForm for NewLinkButton {
    fn back(&self) -> String {
        match self.page.as_str() {
            "appointments" => "/portal/appointments",
            _ => "/portal/profile",
        }
        .to_owned()
    }
}

#[server(prefix = "/portal/fn", endpoint = "request-own-link")]
pub async fn request_own_link(#[server(flatten)] form: NewLinkButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, contact: Contact, form: NewLinkButton| {
        profile::request_link(&core, &contact).await?;
        Ok(Redirect::to(form.back(), "done-new-link-sent"))
    })
    .await
}
