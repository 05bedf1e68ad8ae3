//! The sign-in pages of all apps. An app adds its brand, its title and what is specific to it.

use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::identity::passkeys;
use ordinavo_core::identity::sessions::Realm;

use crate::components::SuccessNotice;
use crate::drafts::owned;
use crate::forms::{ErrorSummary, FormState, TextField};
use crate::page::{PageRequest, page};
use crate::passkeys::{SIGN_IN_FORM, SignInButton};
use crate::realm::prefix;
use crate::sign_in_flow::{self, LanguageRow, PasskeyForm, RealmForm as _};
use crate::title::Title;
use crate::word;

/// The content of an app's sign-in page.
#[component]
pub fn SignIn(
    realm: Realm,
    request: PageRequest,
    /// The name or the logo above the title.
    brand: AnyView,
    #[prop(into)] title: String,
    #[prop(into)] text: String,
    /// Returns the message of the previous page, such as of an accepted invitation.
    by_key: fn(Locale, &str) -> String,
    /// Other ways to sign in.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let locale = request.viewer.locale;
    let prefix = prefix(realm);
    let form = FormState::new("sign-in", locale, request.flash.as_ref());
    let next = request.query("next");
    let is_kept = !request.query("kept").is_empty();
    let passkey = FormState::new(PasskeyForm::NAME, locale, request.flash.as_ref());
    let challenge = passkeys::sign_in_challenge(&request.core, realm).ok().flatten();
    let options = challenge.as_ref().map(|challenge| challenge.options.clone());
    let done = request.flash.and_then(|flash| flash.done);
    view! {
        <Title text=title.clone()/>
        <main class="door" id="main">
            <form class="card" method="post" action=owned(format!("{prefix}/fn/sign-in"))>
                {brand}
                <h1>{title}</h1>
                {done.map(|done| view! { <SuccessNotice text=by_key(locale, &done) key=done/> })}
                {is_kept.then(|| view! { <p class="notice" role="status" data-testid="kept">{word!(locale, "sign-in-kept")}</p> })}
                <p class="quiet">{text}</p>
                <ErrorSummary form=passkey/>
                <ErrorSummary form=form.clone()/>
                <input type="hidden" name="next" value=next.clone()/>
                <TextField form=form.clone() field="email" label=word!(locale, "email") kind="email" autocomplete="username"/>
                <TextField form field="password" label=word!(locale, "password") kind="password" autocomplete="current-password"/>
                <button class="button button-primary" type="submit">{word!(locale, "sign-in")}</button>
                {options.map(|options| view! { <SignInButton locale options/> })}
                {children.map(|children| children())}
            </form>
            {challenge.map(|challenge| view! {
                <form method="post" id=SIGN_IN_FORM action=owned(format!("{prefix}/fn/passkey-sign-in")) hidden>
                    <input type="hidden" name="next" value=next/>
                    <input type="hidden" name="challenge" value=challenge.state/>
                    <input type="hidden" name="credential" value=""/>
                </form>
            })}
            <LanguageRow locale action=format!("{prefix}/fn/language") back=format!("{prefix}/sign-in")/>
        </main>
    }
}

/// The page on which a person with accounts in several organizations chooses one.
#[component]
pub fn ChooseOrganizationPage(realm: Realm) -> impl IntoView {
    let session = sign_in_flow::request_session();
    page(move |request| async move {
        let locale = request.viewer.locale;
        let choices = sign_in_flow::tenant_choices(&request.core, session).await?;
        let action = format!("{}/fn/choose-organization", prefix(realm));
        Ok(view! {
            <Title text=word!(locale, "choose-organization")/>
            <main class="door" id="main">
                <div class="card">
                    <h1>{word!(locale, "choose-organization")}</h1>
                    <p class="quiet">{word!(locale, "choose-organization-text")}</p>
                    {choices.into_iter().enumerate().map(|(index, name)| view! {
                        <form method="post" action=action.clone()>
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
