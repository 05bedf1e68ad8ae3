//! The invitation of a partner user: sets a password, then leads to sign-in.

use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::identity::partner_accounts;
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, Redirect, submit_public};
use ui::forms::{ErrorSummary, FormState, TextField};
use ui::i18n::shared;
use ui::page::page;
use ui::title::Title;

use crate::t;

#[component]
pub fn InvitationPage() -> impl IntoView {
    page(|request| async move {
        let locale = request.viewer.locale;
        let link: String = request.id("link")?;
        let found = partner_accounts::invitation(&request.core, &link).await?;
        let form = FormState::new("invitation", locale, request.flash.as_ref());
        Ok(view! {
            <Title text=t!(locale, "invitation-title")/>
            <main class="door" id="main">
                <form class="card" method="post" action="/partner/fn/accept-invitation">
                    <p class="brand"><span class="brand-mark" aria-hidden="true"></span><bdi>{found.tenant_name}</bdi></p>
                    <h1>{t!(locale, "invitation-title")}</h1>
                    <p>{t!(locale, "invitation-text", name = found.display_name)}" "<bdi class="mono">{found.source_key}</bdi></p>
                    <ErrorSummary form=form.clone()/>
                    <input type="hidden" name="link" value=link/>
                    <TextField form=form.clone() field="email" label=shared::email(locale) kind="email" value=found.email autocomplete="username" readonly=true/>
                    <TextField form field="password" label=shared::password(locale) kind="password" autocomplete="new-password" help=t!(locale, "password-help")/>
                    <button class="button button-primary" type="submit">{t!(locale, "invitation-accept")}</button>
                </form>
            </main>
        }
        .into_any())
    })
}

/// The form that sets the password of an invited user.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct InvitationForm {
    link: String,
    password: String,
}

impl ActionForm for InvitationForm {
    const NAME: &'static str = "invitation";
    const TRANSIENT_FIELDS: &'static [&'static str] = &["link", "password"];

    /// Text that is not a link token leads to the sign-in page, which prevents redirects to other pages.
    fn back(&self) -> String {
        let link = &self.link;
        let is_link = !link.is_empty() && link.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_link {
            format!("/partner/invitation/{link}")
        } else {
            "/partner/sign-in".to_owned()
        }
    }
}

#[server(prefix = "/partner/fn", endpoint = "accept-invitation")]
pub async fn accept_invitation(#[server(flatten)] form: InvitationForm) -> Result<(), ServerFnError> {
    submit_public(form, async |core: Core, form: InvitationForm| {
        partner_accounts::accept(&core, &form.link, &form.password.into()).await?;
        Ok(Redirect::to("/partner/sign-in", "done-invitation"))
    })
    .await
}
