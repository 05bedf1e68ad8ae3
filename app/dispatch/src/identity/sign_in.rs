//! Sign-in, choice of an organization, sign-out and language.

use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::identity::sessions::Realm;
use ordinavo_core::identity::staff_settings;
use ui::forms::{ErrorSummary, FormState, TextField};
use ui::i18n::shared;
use ui::page::page;
use ui::sign_in_flow::{self, LanguageForm, LanguageRow, SignInForm, TenantButton};
use ui::title::Title;

use crate::t;

#[component]
pub fn SignInPage() -> impl IntoView {
    page(|request| async move {
        let locale = request.viewer.locale;
        let form = FormState::new("sign-in", locale, request.flash.as_ref());
        let next = request.query("next");
        Ok(view! {
            <Title text=t!(locale, "sign-in-title")/>
            <main class="door" id="main">
                <form class="card" method="post" action="/app/fn/sign-in">
                    <p class="brand"><span class="brand-mark" aria-hidden="true"></span>"Ordinavo"</p>
                    <h1>{t!(locale, "sign-in-title")}</h1>
                    <p class="quiet">{t!(locale, "sign-in-text")}</p>
                    <ErrorSummary form=form.clone()/>
                    <input type="hidden" name="next" value=next/>
                    <TextField form=form.clone() field="email" label=shared::email(locale) kind="email" autocomplete="username"/>
                    <TextField form field="password" label=shared::password(locale) kind="password" autocomplete="current-password"/>
                    <button class="button button-primary" type="submit">{shared::sign_in(locale)}</button>
                </form>
                <LanguageRow locale action="/app/fn/language" back="/app/sign-in"/>
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
                    <p class="quiet">{t!(locale, "choose-text")}</p>
                    {choices.into_iter().enumerate().map(|(index, name)| view! {
                        <form method="post" action="/app/fn/choose-organization">
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

#[server(prefix = "/app/fn", endpoint = "sign-in")]
pub async fn sign_in(#[server(flatten)] form: SignInForm) -> Result<(), ServerFnError> {
    sign_in_flow::sign_in(Realm::Staff, form).await
}

#[server(prefix = "/app/fn", endpoint = "choose-organization")]
pub async fn choose_organization(#[server(flatten)] form: TenantButton) -> Result<(), ServerFnError> {
    sign_in_flow::choose_organization(Realm::Staff, form).await
}

#[server(prefix = "/app/fn", endpoint = "sign-out")]
pub async fn sign_out() -> Result<(), ServerFnError> {
    sign_in_flow::sign_out(Realm::Staff).await
}

#[server(prefix = "/app/fn", endpoint = "language")]
pub async fn choose_language(#[server(flatten)] form: LanguageForm) -> Result<(), ServerFnError> {
    let account = use_context::<Core>().zip(use_context::<Staff>());
    sign_in_flow::choose_language(Realm::Staff, form, async |locale| match account {
        Some((core, actor)) => staff_settings::set_locale(&core, &actor, locale).await,
        None => Ok(()),
    })
    .await
}
