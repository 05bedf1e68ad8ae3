//! Sign-in, choice of an organization, sign-out and language.

use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::identity::actors::Contact;
use ordinavo_core::identity::sessions::Realm;
use ordinavo_core::portal_access::pages;
use ui::page::page;
use ui::sign_in_flow::{self, LanguageForm, SignInForm, TenantButton};
use ui::sign_in_pages::SignIn;

use crate::i18n::by_key;
use crate::shell::DoorBrand;
use crate::t;

#[component]
pub fn SignInPage() -> impl IntoView {
    page(|request| async move {
        let locale = request.viewer.locale;
        let brand = view! { <DoorBrand otherwise=t!(locale, "portal")/> }.into_any();
        let (title, text) = (t!(locale, "sign-in-title"), t!(locale, "sign-in-text"));
        Ok(view! {
            <SignIn realm=Realm::Portal request brand title text by_key>
                <p><a href="/portal/sign-in/link">{t!(locale, "email-link")}</a></p>
            </SignIn>
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
