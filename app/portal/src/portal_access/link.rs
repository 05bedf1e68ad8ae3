//! Links in emails: invitation, sign-in, new password, new email address. Opening the page changes nothing, because
//! mail programs also open links; its button does.

use domain::portal_access::LinkPurpose;
use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::identity::sessions::Realm;
use ordinavo_core::portal_access::links;
use ordinavo_core::portal_access::links::LinkPage as Found;
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, Redirect, submit_public};
use ui::components::{NoMailServer, SuccessNotice};
use ui::forms::{ErrorSummary, FormState, TextField};
use ui::i18n::shared;
use ui::islands::SubmitOnce;
use ui::page::page;
use ui::sign_in_flow::{self, LanguageRow, client_network};
use ui::title::Title;

use crate::shell::DoorBrand;
use crate::t;

#[component]
pub fn LinkPage() -> impl IntoView {
    page(|request| async move {
        let locale = request.viewer.locale;
        let token: String = request.id("token")?;
        let found = match links::find(&request.core, &token).await {
            Ok(found) => found,
            // The holder of an expired link is told more than "not found".
            Err(_) => return Ok(view! { <LinkInvalid locale/> }.into_any()),
        };
        let form = FormState::new("link", locale, request.flash.as_ref());
        let back = format!("/portal/link/{token}");
        let tenant = found.tenant_name.clone();
        let content = match found.purpose {
            LinkPurpose::Invitation => view! { <Invitation found token form/> }.into_any(),
            LinkPurpose::Password => view! { <NewPassword found token form/> }.into_any(),
            LinkPurpose::SignIn => view! { <Confirm found token form title=t!(locale, "link-sign-in-title") button=t!(locale, "link-sign-in")/> }.into_any(),
            LinkPurpose::ViewAs => {
                let title = t!(locale, "view-as-title", name = found.display_name.clone());
                view! { <Confirm found token form title button=t!(locale, "view-as-start")/> }.into_any()
            }
            LinkPurpose::Email => view! { <Confirm found token form title=t!(locale, "link-email-title") button=t!(locale, "link-email")/> }.into_any(),
        };
        Ok(view! {
            <main class="door" id="main">
                <div class="card">
                    <DoorBrand otherwise=tenant/>
                    {content}
                </div>
                <LanguageRow locale action="/portal/fn/language" back/>
            </main>
        }
        .into_any())
    })
}

#[component]
fn LinkInvalid(locale: domain::locale::Locale) -> impl IntoView {
    view! {
        <Title text=t!(locale, "link-invalid")/>
        <main class="door" id="main">
            <div class="card">
                <DoorBrand otherwise=t!(locale, "portal")/>
                <h1>{t!(locale, "link-invalid")}</h1>
                <p>{t!(locale, "link-invalid-text")}</p>
                <p><a class="button button-primary" href="/portal/sign-in">{shared::sign_in(locale)}</a></p>
            </div>
            <LanguageRow locale action="/portal/fn/language" back="/portal/sign-in"/>
        </main>
    }
}

#[component]
fn Invitation(found: Found, token: String, form: FormState) -> impl IntoView {
    let locale = form.locale;
    let token_without_password = token.clone();
    view! {
        <Title text=t!(locale, "invitation-title")/>
        <h1>{t!(locale, "invitation-title")}</h1>
        <p>{t!(locale, "invitation-text", name = found.display_name)}</p>
        <SubmitOnce>
        <form method="post" action="/portal/fn/accept-invitation">
            <ErrorSummary form=form.clone()/>
            <input type="hidden" name="token" value=token/>
            <TextField form=form.clone() field="email" label=shared::email(locale) kind="email" value=found.email autocomplete="username" readonly=true/>
            <TextField form field="password" label=t!(locale, "new-password") kind="password" autocomplete="new-password" help=t!(locale, "password-help")/>
            <button class="button button-primary" type="submit">{t!(locale, "invitation-accept")}</button>
        </form>
        <form method="post" action="/portal/fn/accept-invitation">
            <input type="hidden" name="token" value=token_without_password/><input type="hidden" name="without" value="on"/>
            <p class="quiet">{t!(locale, "invitation-no-password-text")}</p>
            <button class="button" type="submit">{t!(locale, "invitation-no-password")}</button>
        </form>
        </SubmitOnce>
    }
}

#[component]
fn NewPassword(found: Found, token: String, form: FormState) -> impl IntoView {
    let locale = form.locale;
    view! {
        <Title text=t!(locale, "link-password-title")/>
        <h1>{t!(locale, "link-password-title")}</h1>
        <SubmitOnce>
        <form method="post" action="/portal/fn/set-password">
            <ErrorSummary form=form.clone()/>
            <input type="hidden" name="token" value=token/>
            <TextField form=form.clone() field="email" label=shared::email(locale) kind="email" value=found.email autocomplete="username" readonly=true/>
            <TextField form field="password" label=t!(locale, "new-password") kind="password" autocomplete="new-password" help=t!(locale, "password-help")/>
            <button class="button button-primary" type="submit">{t!(locale, "link-password")}</button>
        </form>
        </SubmitOnce>
    }
}

/// A link that only needs confirmation.
#[component]
fn Confirm(found: Found, token: String, form: FormState, title: String, button: String) -> impl IntoView {
    view! {
        <Title text=title.clone()/>
        <h1>{title}</h1>
        <p><bdi dir="ltr">{found.email}</bdi></p>
        <SubmitOnce>
        <form method="post" action="/portal/fn/open-link">
            <ErrorSummary form/>
            <input type="hidden" name="token" value=token/>
            <button class="button button-primary" type="submit">{button}</button>
        </form>
        </SubmitOnce>
    }
}

/// Requests a sign-in link by email.
#[component]
pub fn EmailLinkPage() -> impl IntoView {
    page(|request| async move {
        let locale = request.viewer.locale;
        let form = FormState::new("email-link", locale, request.flash.as_ref());
        let is_sent = request.flash.as_ref().is_some_and(|flash| flash.done.is_some());
        Ok(view! {
            <Title text=t!(locale, "email-link-title")/>
            <main class="door" id="main">
                <form class="card" method="post" action="/portal/fn/request-sign-in-link">
                    <DoorBrand otherwise=t!(locale, "portal")/>
                    <h1>{t!(locale, "email-link-title")}</h1>
                    {is_sent.then(|| view! { <SuccessNotice text=t!(locale, "done-email-link-sent")/> })}
                    <NoMailServer locale/>
                    <p class="quiet">{t!(locale, "email-link-text")}</p>
                    <ErrorSummary form=form.clone()/>
                    <TextField form field="email" label=shared::email(locale) kind="email" autocomplete="username"/>
                    <button class="button button-primary" type="submit" name="purpose" value="sign_in">{t!(locale, "email-link-sign-in")}</button>
                    <button class="button" type="submit" name="purpose" value="password">{t!(locale, "email-link-password")}</button>
                    <p><a href="/portal/sign-in">{t!(locale, "back-to-sign-in")}</a></p>
                </form>
                <LanguageRow locale action="/portal/fn/language" back="/portal/sign-in/link"/>
            </main>
        }
        .into_any())
    })
}

/// Returns the page of a link. Text that is not a token leads to the sign-in page, which prevents redirects to other
/// pages.
fn link_page(token: &str) -> String {
    let is_token = token.len() == 27
        && token
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if is_token {
        format!("/portal/link/{token}")
    } else {
        "/portal/sign-in".to_owned()
    }
}

/// The forms on the page of a link.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LinkForm {
    token: String,
    /// The new password, if the link asks for one.
    password: String,
    /// Accepts an invitation without a password unless empty.
    without: String,
}

impl ActionForm for LinkForm {
    const NAME: &'static str = "link";
    const TRANSIENT_FIELDS: &'static [&'static str] = &["token", "password"];

    fn back(&self) -> String {
        link_page(&self.token)
    }
}

#[server(prefix = "/portal/fn", endpoint = "accept-invitation")]
pub async fn accept_invitation(#[server(flatten)] form: LinkForm) -> Result<(), ServerFnError> {
    submit_public(form, async |core: Core, form: LinkForm| {
        let password = form.without.is_empty().then(|| form.password.into());
        let account = links::accept_invitation(&core, &form.token, password.as_ref()).await?;
        sign_in_flow::enter(&core, Realm::Portal, account, "done-invitation-accepted", None).await
    })
    .await
}

#[server(prefix = "/portal/fn", endpoint = "set-password")]
pub async fn set_password(#[server(flatten)] form: LinkForm) -> Result<(), ServerFnError> {
    submit_public(form, async |core: Core, form: LinkForm| {
        let account = links::set_password(&core, &form.token, &form.password.into()).await?;
        sign_in_flow::enter(&core, Realm::Portal, account, "done-password", None).await
    })
    .await
}

#[server(prefix = "/portal/fn", endpoint = "open-link")]
pub async fn use_link(#[server(flatten)] form: LinkForm) -> Result<(), ServerFnError> {
    submit_public(form, async |core: Core, form: LinkForm| {
        let token = &form.token;
        match links::find(&core, token).await?.purpose {
            LinkPurpose::ViewAs => {
                let admission = links::open_view_as_link(&core, token).await?;
                sign_in_flow::enter_view_as(&core, admission, "/portal").await
            }
            LinkPurpose::Email => {
                links::confirm_email(&core, token).await?;
                Ok(Redirect::to("/portal/sign-in", "done-email-confirmed"))
            }
            LinkPurpose::SignIn | LinkPurpose::Invitation | LinkPurpose::Password => {
                let account = links::sign_in(&core, token).await?;
                sign_in_flow::enter(&core, Realm::Portal, account, "done-signed-in", None).await
            }
        }
    })
    .await
}

/// The page that sends links by email.
const EMAIL_LINK_PAGE: &str = "/portal/sign-in/link";

/// The form that requests a link by email.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct EmailLinkForm {
    email: String,
    purpose: String,
}

impl ActionForm for EmailLinkForm {
    const NAME: &'static str = "email-link";

    fn back(&self) -> String {
        EMAIL_LINK_PAGE.to_owned()
    }
}

#[server(prefix = "/portal/fn", endpoint = "request-sign-in-link")]
pub async fn request_link(#[server(flatten)] form: EmailLinkForm) -> Result<(), ServerFnError> {
    submit_public(form, async |core: Core, form: EmailLinkForm| {
        let purpose = LinkPurpose::from_name(&form.purpose).unwrap_or(LinkPurpose::SignIn);
        links::request_link(&core, &form.email, purpose, client_network()).await?;
        Ok(Redirect::to(EMAIL_LINK_PAGE, "done-email-link-sent"))
    })
    .await
}
