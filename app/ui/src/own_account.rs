//! Password and sessions of the own account, as sections that the apps share.

use domain::locale::Locale;
use domain::public_language::Tone;
use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::identity::account::AccountHolder;
use ordinavo_core::identity::actors::Author;
use ordinavo_core::identity::own_account;
use ordinavo_core::identity::own_account::SessionSummary;
use ordinavo_core::identity::sessions::Realm;
use serde::{Deserialize, Serialize};

use crate::actions::{Redirect, submit};
use crate::components::{Chip, ConfirmAction, SuccessNotice};
use crate::drafts::owned;
use crate::flash::Flash;
use crate::format;
use crate::forms::{ErrorSummary, FormState, TextField};
use crate::islands::SubmitOnce;
use crate::realm::prefix;
use crate::sign_in_flow::{self, InRealm, RealmForm, sign_in_path};
use crate::two_factor::settings_path;
use crate::word;

/// The section that changes the password of a staff or partner account.
#[component]
pub fn PasswordSection(realm: Realm, locale: Locale, flash: Option<Flash>) -> impl IntoView {
    let form = FormState::new(PasswordForm::NAME, locale, flash.as_ref());
    view! {
        <section class="card" id="password"><h2>{word!(locale, "own-password")}</h2>
            <SubmitOnce>
            <form method="post" action=owned(format!("{}/fn/change-password", prefix(realm)))>
                <ErrorSummary form=form.clone()/>
                <TextField form=form.clone() field="current" label=word!(locale, "two-factor-current-password") kind="password" autocomplete="current-password"/>
                <TextField form field="password" label=word!(locale, "new-password") kind="password" autocomplete="new-password" help=word!(locale, "own-password-help")/>
                <button class="button" type="submit">{word!(locale, "own-password")}</button>
            </form>
            </SubmitOnce>
        </section>
    }
}

/// The section that lists the open sessions and ends them.
#[component]
pub fn SessionSection(
    realm: Realm,
    sessions: Vec<SessionSummary>,
    locale: Locale,
    #[prop(into)] zone: String,
) -> impl IntoView {
    let prefix = prefix(realm);
    view! {
        <section class="card" id="sessions"><h2>{word!(locale, "own-sessions")}</h2>
            <ul class="lines lines-tall">{sessions.into_iter().map(|session| {
                let is_current = session.is_current;
                let since = word!(locale, "session-since", moment = format::moment(locale, session.signed_in_at, &zone));
                let seen = word!(locale, "session-seen", moment = format::moment(locale, session.last_seen_at, &zone));
                view! {
                    <li data-testid="session"><span><strong><bdi>{browser_name(&session.agent).unwrap_or_else(|| word!(locale, "session-unknown"))}</bdi></strong>" "{is_current.then(|| view! { <Chip label=word!(locale, "session-this") tone=Tone::Good/> })}</span>
                        <span class="quiet">{since}" · "{seen}</span>
                        {(!is_current).then(|| view! { <form method="post" action=owned(format!("{prefix}/fn/end-session"))><input type="hidden" name="session" value=session.reference.clone()/><button class="button button-quiet" type="submit">{word!(locale, "session-end")}</button></form> })}</li>
                }
            }).collect_view()}</ul>
            <ConfirmAction label=word!(locale, "sign-out-everywhere") consequence=word!(locale, "sign-out-everywhere-consequence")>
                <form method="post" action=owned(format!("{prefix}/fn/end-sessions"))><button class="button button-bad" type="submit">{word!(locale, "sign-out-everywhere")}</button></form>
            </ConfirmAction>
        </section>
    }
}

/// Returns browser and system, for example "Edge, Windows". User agents name other browsers too, so the order matters.
fn browser_name(agent: &str) -> Option<String> {
    let first = |names: &[(&str, &'static str)]| {
        names
            .iter()
            .find(|(token, _)| agent.contains(token))
            .map(|(_, name)| *name)
    };
    let browser = first(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser", "Samsung Internet"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ])?;
    let system = first(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS", "Mac"),
        ("Linux", "Linux"),
    ]);
    Some(system.map_or_else(|| browser.to_owned(), |system| format!("{browser}, {system}")))
}

/// The success message of the sections.
#[component]
pub fn AccountNotice(locale: Locale, flash: Option<Flash>) -> impl IntoView {
    let text = match flash.and_then(|flash| flash.done).as_deref() {
        Some("done-own-password") => Some(word!(locale, "done-own-password")),
        Some("done-email-requested") => Some(word!(locale, "done-email-requested")),
        Some("done-session-ended") => Some(word!(locale, "done-session-ended")),
        _ => None,
    };
    text.map(|text| view! { <SuccessNotice text/> })
}

/// The form that changes the password.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PasswordForm {
    current: String,
    password: String,
}

impl RealmForm for PasswordForm {
    const NAME: &'static str = "own-password";
    const TRANSIENT_FIELDS: &'static [&'static str] = &["current", "password"];

    fn back(&self, realm: Realm) -> String {
        settings_path(realm).to_owned()
    }
}

/// Changes the password and signs in again.
///
/// # Errors
/// Only for callers that do not accept HTML.
pub async fn change_password<H: AccountHolder + Author + Clone + 'static>(
    realm: Realm,
    form: PasswordForm,
) -> Result<(), ServerFnError> {
    let locale = crate::shell::locale();
    submit(
        InRealm { realm, form },
        async |core: Core, holder: H, InRealm { form, .. }: InRealm<PasswordForm>| {
            let (current, new) = (form.current.into(), form.password.into());
            let account = own_account::change_password(&core, &holder, locale, &current, &new).await?;
            sign_in_flow::enter(&core, realm, account, "done-own-password", Some(settings_path(realm))).await
        },
    )
    .await
}

/// The button that ends one session.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionButton {
    session: String,
}

impl RealmForm for SessionButton {
    fn back(&self, realm: Realm) -> String {
        settings_path(realm).to_owned()
    }
}

/// Ends one session of the own account.
///
/// # Errors
/// Only for callers that do not accept HTML.
pub async fn end_session<H: AccountHolder + Author + Clone + 'static>(
    realm: Realm,
    form: SessionButton,
) -> Result<(), ServerFnError> {
    submit(
        InRealm { realm, form },
        async |core: Core, holder: H, InRealm { form, .. }: InRealm<SessionButton>| {
            own_account::end_session(&core, &holder, &form.session).await?;
            Ok(Redirect::to(settings_path(realm), "done-session-ended"))
        },
    )
    .await
}

/// The button that ends all sessions.
#[derive(Serialize)]
struct AllSessionsButton {}

impl RealmForm for AllSessionsButton {
    fn back(&self, realm: Realm) -> String {
        settings_path(realm).to_owned()
    }
}

/// Signs out everywhere.
///
/// # Errors
/// Only for callers that do not accept HTML.
pub async fn end_all_sessions<H: AccountHolder + Author + Clone + 'static>(realm: Realm) -> Result<(), ServerFnError> {
    let form = AllSessionsButton {};
    submit(InRealm { realm, form }, async |core: Core, holder: H, _| {
        own_account::end_all_sessions(&core, &holder).await?;
        Ok(Redirect::without_message(sign_in_path(realm)))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browser_name_agent_naming_other_browsers_returns_actual_browser() {
        for (agent, expected) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36 Edg/143.0",
                Some("Edge, Windows"),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1",
                Some("Safari, iPhone"),
            ),
            (
                "Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Mobile Safari/537.36",
                Some("Chrome, Android"),
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
                Some("Firefox, Linux"),
            ),
            ("curl/8.5", None),
            ("", None),
        ] {
            assert_eq!(browser_name(agent).as_deref(), expected, "{agent}");
        }
    }
}
