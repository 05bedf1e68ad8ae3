//! Sign-in, choice of an organization, sign-out and language.

use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::identity::sessions::Realm;
use ordinavo_core::identity::staff_settings;
use ui::i18n::shared;
use ui::page::page;
use ui::password_reset;
use ui::sign_in_flow::{self, LanguageForm, SignInForm, TenantButton};
use ui::sign_in_pages::SignIn;

use crate::i18n::by_key;
use crate::t;

#[component]
pub fn SignInPage() -> impl IntoView {
    page(|request| async move {
        let locale = request.viewer.locale;
        let brand =
            view! { <p class="brand"><span class="brand-mark" aria-hidden="true"></span>"Ordinavo"</p> }.into_any();
        let (title, text) = (t!(locale, "sign-in-title"), t!(locale, "sign-in-text"));
        Ok(view! {
            <SignIn realm=Realm::Staff request brand title text by_key>
                <p><a href=password_reset::forgot_path(Realm::Staff)>{shared::forgot_password(locale)}</a></p>
            </SignIn>
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
