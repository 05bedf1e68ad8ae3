//! Sign-in, choice of an organization, sign-out and language.

use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::identity::actors::Contact;
use ordinavo_core::identity::sessions::Realm;
use ordinavo_core::portal_access::pages;
use ui::forms::{ErrorSummary, FormState, TextField};
use ui::i18n::shared;
use ui::page::page;
use ui::sign_in_flow::{self, LanguageForm, LanguageRow, SignInForm, TenantButton};
use ui::title::Title;

use crate::shared::DoneNotice;
use crate::shell::BrandName;
use crate::t;

#[component]
pub fn SignInPage() -> impl IntoView {
    page(|request| async move {
        let locale = request.viewer.locale;
        let form = FormState::new("sign-in", locale, request.flash.as_ref());
        let next = request.query("next");
        let brand = view! { <BrandName otherwise=t!(locale, "portal")/> };
        Ok(view! {
            <Title text=t!(locale, "sign-in-title")/>
            <main class="door" id="main">
                <form class="card" method="post" action="/portal/fn/sign-in">
                    {brand}
                    <h1>{t!(locale, "sign-in-title")}</h1>
                    <DoneNotice locale flash=request.flash.clone()/>
                    <p class="quiet">{t!(locale, "sign-in-text")}</p>
                    <ErrorSummary form=form.clone()/>
                    <input type="hidden" name="next" value=next/>
                    <TextField form=form.clone() field="email" label=shared::email(locale) kind="email" autocomplete="username"/>
                    <TextField form field="password" label=shared::password(locale) kind="password" autocomplete="current-password"/>
                    <button class="button button-primary" type="submit">{shared::sign_in(locale)}</button>
                    <p><a href="/portal/sign-in/link">{t!(locale, "email-link")}</a></p>
                </form>
                <LanguageRow locale action="/portal/fn/language" back="/portal/sign-in"/>
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
                        <form method="post" action="/portal/fn/choose-organization">
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

#[server(prefix = "/portal/fn", endpoint = "sign-in")]
pub async fn sign_in(#[server(flatten)] form: SignInForm) -> Result<(), ServerFnError> {
    sign_in_flow::sign_in(Realm::Portal, form).await
}

#[server(prefix = "/portal/fn", endpoint = "choose-organization")]
pub async fn choose_organization(#[server(flatten)] form: TenantButton) -> Result<(), ServerFnError> {
    sign_in_flow::choose_organization(Realm::Portal, form).await
}

#[server(prefix = "/portal/fn", endpoint = "sign-out")]
pub async fn sign_out() -> Result<(), ServerFnError> {
    sign_in_flow::sign_out(Realm::Portal).await
}

#[server(prefix = "/portal/fn", endpoint = "language")]
pub async fn choose_language(#[server(flatten)] form: LanguageForm) -> Result<(), ServerFnError> {
    let account = use_context::<Core>().zip(use_context::<Contact>());
    sign_in_flow::choose_language(Realm::Portal, form, async |locale| match account {
        Some((core, actor)) => pages::set_locale(&core, &actor, locale).await,
        None => Ok(()),
    })
    .await
}
