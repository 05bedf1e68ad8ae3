//! Forgotten passwords of staff and partners: the page that sends a link, and the page of the link. Opening the link changes
//! nothing, because mail programs also open links; its form does.

use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::identity::password_links;
use ordinavo_core::identity::sessions::Realm;
use serde::{Deserialize, Serialize};

use crate::actions::{Redirect, submit_public};
use crate::components::SuccessNotice;
use crate::drafts::owned;
use crate::forms::{ErrorSummary, FormState, TextField};
use crate::i18n::shared;
use crate::islands::SubmitOnce;
use crate::page::page;
use crate::realm::prefix;
use crate::sign_in_flow::{self, InRealm, LanguageRow, RealmForm, client_network, sign_in_path};
use crate::title::Title;
use crate::word;

/// The name of the app above the form.
type Brand = fn(Locale) -> String;

/// Returns the path of the page that sends a link.
pub fn forgot_path(realm: Realm) -> String {
    format!("{}/sign-in/password", prefix(realm))
}

#[component]
fn BrandLine(text: String) -> impl IntoView {
    view! { <p class="brand"><span class="brand-mark" aria-hidden="true"></span>{text}</p> }
}

/// The page that sends a link by email.
#[component]
pub fn ForgotPasswordPage(realm: Realm, brand: Brand) -> impl IntoView {
    page(move |request| async move {
        let locale = request.viewer.locale;
        let form = FormState::new(ForgotForm::NAME, locale, request.flash.as_ref());
        let cannot_send = !request.core.sends_mail();
        let is_sent = !cannot_send && request.flash.as_ref().is_some_and(|flash| flash.done.is_some());
        let prefix = prefix(realm);
        Ok(view! {
            <Title text=word!(locale, "forgot-password-title")/>
            <main class="door" id="main">
                <form class="card" method="post" action=owned(format!("{prefix}/fn/request-password-link"))>
                    <BrandLine text=brand(locale)/>
                    <h1>{word!(locale, "forgot-password-title")}</h1>
                    {is_sent.then(|| view! { <SuccessNotice text=word!(locale, "forgot-password-sent")/> })}
                    {cannot_send.then(|| view! { <p class="notice notice-warn" role="note" data-testid="no-mail-server">{word!(locale, "forgot-password-no-server")}</p> })}
                    <p class="quiet">{word!(locale, "forgot-password-text")}</p>
                    <ErrorSummary form=form.clone()/>
                    <TextField form field="email" label=shared::email(locale) kind="email" autocomplete="username"/>
                    <button class="button button-primary" type="submit">{word!(locale, "forgot-password-send")}</button>
                    <p><a href=sign_in_path(realm)>{word!(locale, "return-to-sign-in")}</a></p>
                </form>
                <LanguageRow locale action=format!("{prefix}/fn/language") back=forgot_path(realm)/>
            </main>
        }
        .into_any())
    })
}

/// The page of a link: sets a new password.
#[component]
pub fn NewPasswordPage(realm: Realm) -> impl IntoView {
    page(move |request| async move {
        let locale = request.viewer.locale;
        let token: String = request.id("token")?;
        let form = FormState::new(NewPasswordForm::NAME, locale, request.flash.as_ref());
        // The holder of an expired link is told more than "not found".
        let Ok(found) = password_links::find(&request.core, realm, &token).await else {
            return Ok(view! { <LinkInvalid realm locale/> }.into_any());
        };
        let (prefix, back) = (prefix(realm), link_path(realm, &token));
        let (title, text) = if found.has_password {
            (word!(locale, "forgot-password-title"), None)
        } else {
            (
                word!(locale, "first-password-title"),
                Some(word!(locale, "first-password-text")),
            )
        };
        Ok(view! {
            <Title text=title.clone()/>
            <main class="door" id="main">
                <SubmitOnce>
                <form class="card" method="post" action=owned(format!("{prefix}/fn/set-password"))>
                    <p class="brand"><span class="brand-mark" aria-hidden="true"></span><bdi>{found.tenant_name}</bdi></p>

                    <h1>{title}</h1>
                    {text.map(|text| view! { <p class="quiet">{text}</p> })}
                    <ErrorSummary form=form.clone()/>
                    <input type="hidden" name="token" value=token/>
                    <TextField form=form.clone() field="email" label=shared::email(locale) kind="email" value=found.email autocomplete="username" readonly=true/>
                    <TextField form field="password" label=word!(locale, "forgot-password-new") kind="password" autocomplete="new-password" help=word!(locale, "forgot-password-help")/>
                    <button class="button button-primary" type="submit">{word!(locale, "forgot-password-set")}</button>
                </form>
                </SubmitOnce>
                <LanguageRow locale action=format!("{prefix}/fn/language") back/>
            </main>
        }
        .into_any())
    })
}

/// The page of a link that was used, has expired, or never existed.
#[component]
pub(crate) fn LinkInvalid(realm: Realm, locale: Locale) -> impl IntoView {
    view! {
        <Title text=word!(locale, "forgot-password-invalid")/>
        <main class="door" id="main">
            <div class="card">
                <h1>{word!(locale, "forgot-password-invalid")}</h1>
                <p>{word!(locale, "forgot-password-invalid-text")}</p>
                <p><a class="button button-primary" href=forgot_path(realm)>{word!(locale, "forgot-password-again")}</a></p>
            </div>
        </main>
    }
}

/// Returns the page of a link. Text that is not a token leads to the sign-in page, which prevents redirects to other pages.
fn link_path(realm: Realm, token: &str) -> String {
    let is_token = token.len() == 27
        && token
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if is_token {
        format!("{}/password/{token}", prefix(realm))
    } else {
        sign_in_path(realm)
    }
}

/// The form that requests a link.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ForgotForm {
    email: String,
}

impl RealmForm for ForgotForm {
    const NAME: &'static str = "password-link";

    fn back(&self, realm: Realm) -> String {
        forgot_path(realm)
    }
}

/// Requests a link; the answer is the same whether or not the address has an account.
///
/// # Errors
/// Only for callers that do not accept HTML.
pub async fn request_link(realm: Realm, form: ForgotForm) -> Result<(), ServerFnError> {
    submit_public(InRealm { realm, form }, async |core: Core, InRealm { form, .. }| {
        password_links::request(&core, realm, &form.email, client_network()).await?;
        Ok(Redirect::to(forgot_path(realm), "done-password-link-sent"))
    })
    .await
}

/// The form that sets a new password.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NewPasswordForm {
    token: String,
    password: String,
}

impl RealmForm for NewPasswordForm {
    const NAME: &'static str = "new-password";
    const TRANSIENT_FIELDS: &'static [&'static str] = &["token", "password"];

    fn back(&self, realm: Realm) -> String {
        link_path(realm, &self.token)
    }
}

/// Sets a new password with a link and signs in.
///
/// # Errors
/// Only for callers that do not accept HTML.
pub async fn set_password(realm: Realm, form: NewPasswordForm) -> Result<(), ServerFnError> {
    submit_public(InRealm { realm, form }, async |core: Core, InRealm { form, .. }| {
        let is_first = password_links::find(&core, realm, &form.token)
            .await
            .is_ok_and(|found| !found.has_password);
        let account = password_links::set_password(&core, realm, &form.token, &form.password.into()).await?;
        let done = if is_first {
            "done-first-password"
        } else {
            "done-password"
        };
        sign_in_flow::enter(&core, realm, account, done, None).await
    })
    .await
}
