//! Passkeys in every app: the way to sign in with one, and the section of the own account that adds and removes them.

use domain::identity::passkeys::MAX_NAME_CHARS;
use domain::ids::PasskeyId;
use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::identity::account::AccountHolder;
use ordinavo_core::identity::actors::Author;
use ordinavo_core::identity::passkeys;
use ordinavo_core::identity::passkeys::{Challenge, PasskeySummary};
use ordinavo_core::identity::sessions::Realm;
use ordinavo_core::{Core, CoreResult};
use passkey_button::PasskeyButton;
use serde::{Deserialize, Serialize};

use crate::actions::{FormId, Redirect, submit};
use crate::components::{ConfirmAction, SuccessNotice};
use crate::drafts::owned;
use crate::flash;
use crate::flash::Flash;
use crate::format;
use crate::forms::{ErrorSummary, FormState, TextField};
use crate::islands::SubmitOnce;
use crate::realm::prefix;
use crate::sign_in_flow::{InRealm, RealmForm};
use crate::two_factor::settings_path;
use crate::word;

/// The form that sends the answer of a new passkey.
const ADD_FORM: &str = "add-passkey";

fn section_path(realm: Realm) -> String {
    format!("{}#passkeys", settings_path(realm))
}

/// The passkeys of the own account, as the section shows them.
pub struct PasskeyState {
    passkeys: Vec<PasskeySummary>,
    are_available: bool,
    /// The challenge of a passkey whose name and password were accepted on the page before.
    setup: Option<Challenge>,
}

/// Reads what the section shows.
///
/// # Errors
/// The passkeys cannot be read.
pub async fn state(core: &Core, holder: &impl AccountHolder, left: Option<&Flash>) -> CoreResult<PasskeyState> {
    let sealed = left.and_then(|flash| flash.values.get(flash::SHOWN_ONCE));
    Ok(PasskeyState {
        passkeys: passkeys::list(core, holder).await?,
        are_available: passkeys::are_available(core),
        setup: sealed.and_then(|sealed| passkeys::pending_setup(core, holder, sealed)),
    })
}

/// The section of the own account.
#[component]
pub fn PasskeySection(
    realm: Realm,
    state: PasskeyState,
    locale: Locale,
    #[prop(into)] zone: String,
    flash: Option<Flash>,
    /// Whether adding one asks for the current password.
    has_password: bool,
    /// What stands in for the form, if it cannot be used yet.
    instead: Option<AnyView>,
) -> impl IntoView {
    let form = FormState::new(BeginForm::NAME, locale, flash.as_ref());
    let next = match (state.setup, instead) {
        _ if !state.are_available => view! { <p class="quiet">{word!(locale, "passkeys-unavailable")}</p> }.into_any(),
        (Some(challenge), _) => view! { <Create realm locale challenge/> }.into_any(),
        (None, Some(instead)) => instead,
        (None, None) => view! { <Begin realm form has_password/> }.into_any(),
    };
    view! {
        <section class="card" id="passkeys"><h2>{word!(locale, "passkeys-title")}</h2>
            <p>{word!(locale, "passkeys-text")}</p>
            <List realm locale zone passkeys=state.passkeys/>
            {next}
        </section>
    }
}

#[component]
fn List(realm: Realm, locale: Locale, zone: String, passkeys: Vec<PasskeySummary>) -> impl IntoView {
    if passkeys.is_empty() {
        return ().into_any();
    }
    view! {
        <ul class="lines lines-tall">{passkeys.into_iter().map(|passkey| {
            let added = word!(locale, "passkey-added", moment = format::moment(locale, passkey.created_at, &zone));
            let used = match passkey.last_used_at {
                Some(moment) => word!(locale, "passkey-used", moment = format::moment(locale, moment, &zone)),
                None => word!(locale, "passkey-never-used"),
            };
            let consequence = word!(locale, "passkey-remove-text", name = passkey.name.clone());
            view! {
                <li data-testid="passkey"><span><strong><bdi>{passkey.name}</bdi></strong></span>
                    <span class="quiet">{added}" · "{used}</span>
                    <ConfirmAction label=word!(locale, "passkey-remove") consequence>
                        <form method="post" action=owned(format!("{}/fn/remove-passkey", prefix(realm)))>
                            <input type="hidden" name="passkey" value=passkey.id.to_string()/>
                            <button class="button button-bad" type="submit">{word!(locale, "passkey-remove-now")}</button>
                        </form>
                    </ConfirmAction></li>
            }
        }).collect_view()}</ul>
    }
    .into_any()
}

/// Asks for the name and the password; the device is asked on the next page.
#[component]
fn Begin(realm: Realm, form: FormState, has_password: bool) -> impl IntoView {
    let locale = form.locale;
    view! {
        <SubmitOnce>
        <form method="post" action=owned(format!("{}/fn/begin-passkey", prefix(realm)))>
            <ErrorSummary form=form.clone()/>
            <TextField form=form.clone() field="name" label=word!(locale, "passkey-name") help=word!(locale, "passkey-name-help") max_length=MAX_NAME_CHARS/>
            {has_password.then(|| view! { <TextField form field="current" label=word!(locale, "two-factor-current-password") kind="password" autocomplete="current-password"/> })}
            <button class="button" type="submit">{word!(locale, "passkey-set-up")}</button>
        </form>
        </SubmitOnce>
    }
}

#[component]
fn Create(realm: Realm, locale: Locale, challenge: Challenge) -> impl IntoView {
    view! {
        <form method="post" id=ADD_FORM action=owned(format!("{}/fn/add-passkey", prefix(realm)))>
            <p>{word!(locale, "passkey-create-text", name = challenge.name)}</p>
            <input type="hidden" name="challenge" value=challenge.state/>
            <input type="hidden" name="credential" value=""/>
            <PasskeyButton is_new=true form=ADD_FORM.to_owned() options=challenge.options label=word!(locale, "passkey-create")
                failed=word!(locale, "passkey-failed") unsupported=word!(locale, "passkey-unsupported")/>
        </form>
    }
}

/// The form of a sign-in page that sends the answer of a passkey. It shows nothing; the button is in the page's card.
pub(crate) const SIGN_IN_FORM: &str = "passkey-sign-in";

/// The button of a sign-in page; hidden in browsers without passkeys.
#[component]
pub(crate) fn SignInButton(locale: Locale, options: String) -> impl IntoView {
    view! {
        <PasskeyButton is_new=false form=SIGN_IN_FORM.to_owned() options label=word!(locale, "passkey-sign-in")
            failed=word!(locale, "passkey-failed") unsupported=String::new()/>
    }
}

/// The success message of the section.
#[component]
pub fn PasskeyNotice(locale: Locale, flash: Option<Flash>) -> impl IntoView {
    let text = match flash.and_then(|flash| flash.done).as_deref() {
        Some("done-passkey-added") => Some(word!(locale, "done-passkey-added")),
        Some("done-passkey-removed") => Some(word!(locale, "done-passkey-removed")),
        _ => None,
    };
    text.map(|text| view! { <SuccessNotice text/> })
}

/// The form that starts to add a passkey.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BeginForm {
    name: String,
    /// The current password, if the account has one.
    current: String,
}

impl RealmForm for BeginForm {
    const NAME: &'static str = "begin-passkey";
    const TRANSIENT_FIELDS: &'static [&'static str] = &["current"];

    fn back(&self, realm: Realm) -> String {
        section_path(realm)
    }
}

/// Starts to add a passkey.
///
/// # Errors
/// Only for callers that do not accept HTML.
pub async fn begin<H: AccountHolder + Author + Clone + 'static>(
    realm: Realm,
    form: BeginForm,
) -> Result<(), ServerFnError> {
    submit(
        InRealm { realm, form },
        async |core: Core, holder: H, InRealm { form, .. }: InRealm<BeginForm>| {
            let sealed = passkeys::start_setup(&core, &holder, &form.name, &form.current.into()).await?;
            Ok(Redirect {
                shown_once: Some(sealed),
                ..Redirect::without_message(section_path(realm))
            })
        },
    )
    .await
}

/// The form that sends the new passkey.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AddForm {
    challenge: String,
    credential: String,
}

impl RealmForm for AddForm {
    fn back(&self, realm: Realm) -> String {
        section_path(realm)
    }
}

/// Adds the passkey that the browser has created.
///
/// # Errors
/// Only for callers that do not accept HTML.
pub async fn add<H: AccountHolder + Author + Clone + 'static>(
    realm: Realm,
    form: AddForm,
) -> Result<(), ServerFnError> {
    let locale = crate::shell::locale();
    submit(
        InRealm { realm, form },
        async |core: Core, holder: H, InRealm { form, .. }: InRealm<AddForm>| {
            passkeys::add(&core, &holder, locale, &form.challenge, &form.credential).await?;
            Ok(Redirect::to(section_path(realm), "done-passkey-added"))
        },
    )
    .await
}

/// The button that removes a passkey.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RemoveForm {
    passkey: FormId<PasskeyId>,
}

impl RealmForm for RemoveForm {
    fn back(&self, realm: Realm) -> String {
        section_path(realm)
    }
}

/// Removes a passkey.
///
/// # Errors
/// Only for callers that do not accept HTML.
pub async fn remove<H: AccountHolder + Author + Clone + 'static>(
    realm: Realm,
    form: RemoveForm,
) -> Result<(), ServerFnError> {
    let locale = crate::shell::locale();
    submit(
        InRealm { realm, form },
        async |core: Core, holder: H, InRealm { form, .. }: InRealm<RemoveForm>| {
            passkeys::remove(&core, &holder, locale, form.passkey.get()?).await?;
            Ok(Redirect::to(section_path(realm), "done-passkey-removed"))
        },
    )
    .await
}
