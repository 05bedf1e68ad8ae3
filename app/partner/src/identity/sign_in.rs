//! Sign-in, choice of an organization, language, test mode and sign-out.

use leptos::prelude::*;
use ordinavo_core::identity::actors::Partner;
use ordinavo_core::identity::sessions;
use ordinavo_core::identity::sessions::Realm;
use ordinavo_core::integrations::partner_console;
use ordinavo_core::{Core, CoreError};
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, Redirect, submit};
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
            view! { <p class="brand"><span class="brand-mark" aria-hidden="true"></span>{t!(locale, "console")}</p> }
                .into_any();
        let (title, text) = (t!(locale, "sign-in-title"), t!(locale, "sign-in-text"));
        Ok(view! {
            <SignIn realm=Realm::Partner request brand title text by_key>
                <p><a href=password_reset::forgot_path(Realm::Partner)>{shared::forgot_password(locale)}</a></p>
            </SignIn>
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
