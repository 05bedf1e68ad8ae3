//! Sign-in, choice of an organization, language, test mode and sign-out.

use leptos::prelude::*;
use ordinavo_core::identity::actors::Partner;
use ordinavo_core::identity::sessions;
use ordinavo_core::identity::sessions::Realm;
use ordinavo_core::integrations::partner_console;
use ordinavo_core::{Core, CoreError};
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, Redirect, submit};
use ui::components::SuccessNotice;
use ui::forms::{ErrorSummary, FormState, TextField};
use ui::i18n::shared;
use ui::page::page;
use ui::sign_in_flow::{self, LanguageForm, LanguageRow, SignInForm, TenantButton};
use ui::title::Title;

use crate::i18n::by_key;
use crate::t;

#[component]
pub fn SignInPage() -> impl IntoView {
    page(|request| async move {
        let locale = request.viewer.locale;
        let form = FormState::new("sign-in", locale, request.flash.as_ref());
        let done = request.flash.as_ref().and_then(|flash| flash.done.clone());
        let next = request.query("next");
        Ok(view! {
            <Title text=t!(locale, "sign-in-title")/>
            <main class="door" id="main">
                <form class="card" method="post" action="/partner/fn/sign-in">
                    <p class="brand"><span class="brand-mark" aria-hidden="true"></span>{t!(locale, "console")}</p>
                    <h1>{t!(locale, "sign-in-title")}</h1>
                    <p class="quiet">{t!(locale, "sign-in-text")}</p>
                    {done.map(|done| view! { <SuccessNotice text=by_key(locale, &done)/> })}
                    <ErrorSummary form=form.clone()/>
                    <input type="hidden" name="next" value=next/>
                    <TextField form=form.clone() field="email" label=shared::email(locale) kind="email" autocomplete="username"/>
                    <TextField form field="password" label=shared::password(locale) kind="password" autocomplete="current-password"/>
                    <button class="button button-primary" type="submit">{shared::sign_in(locale)}</button>
                </form>
                <LanguageRow locale action="/partner/fn/language" back="/partner/sign-in"/>
            </main>
        }
        .into_any())
    })
}

#[component]
pub fn ChooseOrganizationPage() -> impl IntoView {
    let session = sign_in_flow::request_session();
    page(move |request| async move {
        let locale = request.viewer.locale;
        let choices = sign_in_flow::tenant_choices(&request.core, session).await?;
        Ok(view! {
            <Title text=t!(locale, "choose-title")/>
            <main class="door" id="main">
                <div class="card">
                    <h1>{t!(locale, "choose-title")}</h1>
                    {choices.into_iter().enumerate().map(|(index, name)| view! {
                        <form method="post" action="/partner/fn/choose-organization">
                            <input type="hidden" name="choice" value=index.to_string()/>
                            <button class="button" type="submit"><bdi>{name}</bdi></button>
                        </form>
                    }).collect_view()}
                </div>
            </main>
        }
        .into_any())
    })
}

#[server(prefix = "/partner/fn", endpoint = "sign-in")]
pub async fn sign_in(#[server(flatten)] form: SignInForm) -> Result<(), ServerFnError> {
    sign_in_flow::sign_in(Realm::Partner, form).await
}

#[server(prefix = "/partner/fn", endpoint = "choose-organization")]
pub async fn choose_organization(#[server(flatten)] form: TenantButton) -> Result<(), ServerFnError> {
    sign_in_flow::choose_organization(Realm::Partner, form).await
}

#[server(prefix = "/partner/fn", endpoint = "sign-out")]
pub async fn sign_out() -> Result<(), ServerFnError> {
    sign_in_flow::sign_out(Realm::Partner).await
}

#[server(prefix = "/partner/fn", endpoint = "language")]
pub async fn choose_language(#[server(flatten)] form: LanguageForm) -> Result<(), ServerFnError> {
    let account = use_context::<Core>().zip(use_context::<Partner>());
    sign_in_flow::choose_language(Realm::Partner, form, async |locale| match account {
        Some((core, actor)) => partner_console::set_locale(&core, &actor, locale).await,
        None => Ok(()),
    })
    .await
}

/// The button that turns the test mode on or off.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TestModeButton {
    /// Empty turns the test mode off.
    on: String,
}

impl ActionForm for TestModeButton {
    fn back(&self) -> String {
        "/partner".to_owned()
    }
}

#[server(prefix = "/partner/fn", endpoint = "set-test-mode")]
pub async fn set_test_mode(#[server(flatten)] form: TestModeButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, partner: Partner, form: TestModeButton| {
        let session = sign_in_flow::request_session().ok_or_else(CoreError::not_found)?;
        sessions::set_partner_test_mode(&core, &session, &partner, !form.on.is_empty()).await?;
        Ok(Redirect::without_message(form.back()))
    })
    .await
}
