//! A new email address of a staff or partner account: the section that asks for it, and the page of the link that was sent to it.
//! Opening the link changes nothing, because mail programs also open links; its form does.

use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::identity::account::AccountHolder;
use ordinavo_core::identity::actors::Author;
use ordinavo_core::identity::email_change;
use ordinavo_core::identity::sessions::Realm;
use serde::{Deserialize, Serialize};

use crate::actions::{Redirect, submit, submit_public};
use crate::components::NoMailServer;
use crate::drafts::owned;
use crate::flash::Flash;
use crate::forms::{ErrorSummary, FormState, TextField};
use crate::islands::SubmitOnce;
use crate::page::page;
use crate::password_reset::LinkInvalid;
use crate::realm::prefix;
use crate::sign_in_flow::{InRealm, LanguageRow, RealmForm, sign_in_path};
use crate::title::Title;
use crate::two_factor::settings_path;
use crate::word;

/// The section that asks for a new address.
#[component]
pub fn EmailSection(realm: Realm, email: String, locale: Locale, flash: Option<Flash>) -> impl IntoView {
    let form = FormState::new(EmailForm::NAME, locale, flash.as_ref());
    view! {
        <section class="card" id="email"><h2>{word!(locale, "own-email")}</h2>
            <p>{word!(locale, "own-email-text", email = email)}</p>
            <NoMailServer locale/>
            <SubmitOnce>
            <form method="post" action=owned(format!("{}/fn/change-email", prefix(realm)))>
                <ErrorSummary form=form.clone()/>
                <TextField form=form.clone() field="email" label=word!(locale, "own-email-new") kind="email" autocomplete="email" max_length=254 help=word!(locale, "own-email-help")/>
                <TextField form field="current" label=word!(locale, "two-factor-current-password") kind="password" autocomplete="current-password"/>
                <button class="button" type="submit">{word!(locale, "own-email-change")}</button>
            </form>
            </SubmitOnce>
        </section>
    }
}

/// The page of a link.
#[component]
pub fn ConfirmEmailPage(realm: Realm) -> impl IntoView {
    page(move |request| async move {
        let locale = request.viewer.locale;
        let token: String = request.id("token")?;
        let form = FormState::new(ConfirmEmailForm::NAME, locale, request.flash.as_ref());
        let Ok(found) = email_change::find(&request.core, realm, &token).await else {
            return Ok(view! { <LinkInvalid realm locale/> }.into_any());
        };
        let (prefix, back) = (prefix(realm), link_path(realm, &token));
        Ok(view! {
            <Title text=word!(locale, "confirm-email-title")/>
            <main class="door" id="main">
                <SubmitOnce>
                <form class="card" method="post" action=owned(format!("{prefix}/fn/confirm-email"))>
                    <p class="brand"><span class="brand-mark" aria-hidden="true"></span><bdi>{found.tenant_name}</bdi></p>
                    <h1>{word!(locale, "confirm-email-title")}</h1>
                    <ErrorSummary form/>
                    <p>{word!(locale, "confirm-email-text", email = found.new_email, former = found.email)}</p>
                    <input type="hidden" name="token" value=token/>
                    <button class="button button-primary" type="submit">{word!(locale, "confirm-email-submit")}</button>
                </form>
                </SubmitOnce>
                <LanguageRow locale action=format!("{prefix}/fn/language") back/>
            </main>
        }
        .into_any())
    })
}

/// Returns the page of a link; a text that is no token leads to the sign-in page, which prevents redirects to other pages.
fn link_path(realm: Realm, token: &str) -> String {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !token.is_empty() && token.bytes().all(is_part) {
        format!("{}/email/{token}", prefix(realm))
    } else {
        sign_in_path(realm)
    }
}

/// The form that asks for a new address.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct EmailForm {
    email: String,
    current: String,
}

impl RealmForm for EmailForm {
    const NAME: &'static str = "own-email";
    const TRANSIENT_FIELDS: &'static [&'static str] = &["current"];

    fn back(&self, realm: Realm) -> String {
        settings_path(realm).to_owned()
    }
}

/// Sends a link to the new address.
///
/// # Errors
/// Only for callers that do not accept HTML.
pub async fn change_email<H: AccountHolder + Author + Clone + 'static>(
    realm: Realm,
    form: EmailForm,
) -> Result<(), ServerFnError> {
    let locale = crate::shell::locale();
    submit(
        InRealm { realm, form },
        async |core: Core, holder: H, InRealm { form, .. }: InRealm<EmailForm>| {
            email_change::request(&core, &holder, locale, &form.current.into(), &form.email).await?;
            Ok(Redirect::to(settings_path(realm), "done-email-requested"))
        },
    )
    .await
}

/// The form on the page of a link.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ConfirmEmailForm {
    token: String,
}

impl RealmForm for ConfirmEmailForm {
    const NAME: &'static str = "confirm-email";
    const TRANSIENT_FIELDS: &'static [&'static str] = &["token"];

    fn back(&self, realm: Realm) -> String {
        link_path(realm, &self.token)
    }
}

/// Sets the address of a link.
///
/// # Errors
/// Only for callers that do not accept HTML.
pub async fn confirm_email(realm: Realm, form: ConfirmEmailForm) -> Result<(), ServerFnError> {
    submit_public(InRealm { realm, form }, async |core: Core, InRealm { form, .. }| {
        email_change::confirm(&core, realm, &form.token).await?;
        Ok(Redirect::to(sign_in_path(realm), "done-email-changed"))
    })
    .await
}
