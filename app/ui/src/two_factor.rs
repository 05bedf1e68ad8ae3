//! Two-factor authentication in every app: the page that asks for a code at sign-in, and the section that turns it on and off.

use domain::fields::FieldCode;
use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::identity::account::AccountHolder;
use ordinavo_core::identity::actors::Author;
use ordinavo_core::identity::email_change;
use ordinavo_core::identity::own_account;
use ordinavo_core::identity::sessions::Realm;
use ordinavo_core::identity::two_factor;
use ordinavo_core::identity::two_factor::TwoFactorStatus;
use ordinavo_core::{Core, CoreError, CoreResult};
use serde::{Deserialize, Serialize};

use crate::actions::{Redirect, submit};
use crate::components::{ConfirmAction, Fact, ProblemNotice, SuccessNotice};
use crate::drafts::owned;
use crate::email_change::EmailSection;
use crate::flash::{self, Flash};
use crate::forms::{ErrorSummary, FormState, TextField};
use crate::islands::SubmitOnce;
use crate::own_account::{AccountNotice, PasswordSection, SessionSection};
use crate::page::{PageRequest, page};
use crate::passkeys;
use crate::passkeys::{PasskeyNotice, PasskeySection};
use crate::qr;
use crate::realm::prefix;
use crate::sign_in_flow::{self, InRealm, LanguageRow, RealmForm, sign_in_path};
use crate::title::Title;
use crate::word;

/// Returns the path of the page with the section.
pub const fn settings_path(realm: Realm) -> &'static str {
    match realm {
        Realm::Staff => "/app/security",
        Realm::Portal => "/portal/profile",
        Realm::Partner => "/partner/security",
    }
}

/// Returns the path of the section.
fn section_path(realm: Realm) -> String {
    format!("{}#second-step", settings_path(realm))
}

/// The page that asks for a code after the password.
#[component]
pub fn CodePage(
    realm: Realm,
    /// Renders the name or the logo above the title.
    brand: fn(Locale) -> AnyView,
) -> impl IntoView {
    let session = sign_in_flow::request_session();
    page(move |request| async move {
        let locale = request.viewer.locale;
        if !sign_in_flow::is_code_pending(&request.core, session.as_ref()).await {
            return Err(CoreError::not_found());
        }
        let form = FormState::new("code", locale, request.flash.as_ref());
        let prefix = prefix(realm);
        let help = if realm == Realm::Portal {
            word!(locale, "two-factor-code-help")
        } else {
            word!(locale, "two-factor-code-help-staff")
        };
        Ok(view! {
            <Title text=word!(locale, "two-factor-code-title")/>
            <main class="door" id="main">
                <SubmitOnce>
                <form class="card" method="post" action=owned(format!("{prefix}/fn/verify-code"))>
                    {brand(locale)}
                    <h1>{word!(locale, "two-factor-code-title")}</h1>
                    <p class="quiet">{word!(locale, "two-factor-code-text")}</p>
                    <ErrorSummary form=form.clone()/>
                    <TextField form field="code" label=word!(locale, "two-factor-code") autocomplete="one-time-code" help/>
                    <button class="button button-primary" type="submit">{word!(locale, "two-factor-code-submit")}</button>
                    <p><a href=sign_in_path(realm)>{word!(locale, "return-to-sign-in")}</a></p>
                </form>
                </SubmitOnce>
                <LanguageRow locale action=format!("{prefix}/fn/language") back=format!("{prefix}/sign-in/code")/>
            </main>
        }
        .into_any())
    })
}

/// The page of the own account in the apps of staff and partners.
///
/// # Errors
/// The account cannot be read.
pub async fn security_page(
    request: PageRequest,
    realm: Realm,
    holder: &impl AccountHolder,
    must_set_up: bool,
) -> CoreResult<AnyView> {
    let locale = request.viewer.locale;
    let state = two_factor::status(&request.core, holder).await?;
    let codes = flash_recovery_codes(&request.core, holder, request.flash.as_ref());
    let passkeys = passkeys::state(&request.core, holder, request.flash.as_ref()).await?;
    let session = sign_in_flow::request_session().and_then(|session| session.id());
    let sessions = own_account::sessions(&request.core, holder, session).await?;
    let email = email_change::own_email(&request.core, holder).await?;
    let [_, _, zone] = holder.names();
    let zone = zone.to_owned();
    Ok(view! {
        <Title text=word!(locale, "security-title")/>
        <h1>{word!(locale, "security-title")}</h1>
        <TwoFactorNotice locale flash=request.flash.clone()/>
        <PasskeyNotice locale flash=request.flash.clone()/>
        <AccountNotice locale flash=request.flash.clone()/>
        <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
        {must_set_up.then(|| view! { <p class="notice notice-warn">{word!(locale, "two-factor-must-set-up")}</p> })}
        <TwoFactorSection realm state locale flash=request.flash.clone() codes has_password=true instead=None/>
        <PasskeySection realm state=passkeys locale zone=zone.clone() flash=request.flash.clone() has_password=true instead=None/>
        <PasswordSection realm locale flash=request.flash.clone()/>
        <EmailSection realm email locale flash=request.flash/>
        <SessionSection realm sessions locale zone/>
    }
    .into_any())
}

/// The section of the own account.
#[component]
pub fn TwoFactorSection(
    realm: Realm,
    state: TwoFactorStatus,
    locale: Locale,
    flash: Option<Flash>,
    /// The recovery codes to show once.
    codes: Option<Vec<String>>,
    /// Whether the setup asks for the current password.
    has_password: bool,
    /// What stands in for the setup form, if it cannot be used yet.
    instead: Option<AnyView>,
) -> impl IntoView {
    let form_state = |form: &'static str| FormState::new(form, locale, flash.as_ref());
    let content = match (state, instead) {
        (TwoFactorStatus::Off, Some(instead)) => {
            view! { <p>{word!(locale, "two-factor-text")}</p>{instead} }.into_any()
        }
        (TwoFactorStatus::Off, None) => view! { <Off realm form=form_state(BeginForm::NAME) has_password/> }.into_any(),
        (TwoFactorStatus::Pending { address, secret }, _) => {
            view! { <Pending realm address secret form=form_state(ConfirmForm::NAME)/> }.into_any()
        }
        (
            TwoFactorStatus::On {
                codes: left,
                is_required,
            },
            _,
        ) => view! { <On realm left is_required codes form=form_state(ChangeForm::NAME)/> }.into_any(),
    };
    view! { <section class="card" id="second-step"><h2>{word!(locale, "two-factor-title")}</h2>{content}</section> }
}

#[component]
fn Off(realm: Realm, form: FormState, has_password: bool) -> impl IntoView {
    let locale = form.locale;
    view! {
        <p>{word!(locale, "two-factor-text")}</p>
        <SubmitOnce>
        <form method="post" action=owned(format!("{}/fn/begin-two-factor", prefix(realm)))>
            <ErrorSummary form=form.clone()/>
            {has_password.then(|| view! { <TextField form=form.clone() field="current" label=word!(locale, "two-factor-current-password") kind="password" autocomplete="current-password"/> })}
            <button class="button" type="submit">{word!(locale, "two-factor-set-up")}</button>
        </form>
        </SubmitOnce>
    }
}

/// A new secret that must be confirmed with a first code.
#[component]
fn Pending(realm: Realm, address: String, secret: String, form: FormState) -> impl IntoView {
    let (locale, prefix) = (form.locale, prefix(realm));
    let picture = qr::render_svg(&address, 180);
    let secret_groups: Vec<String> = secret
        .as_bytes()
        .chunks(4)
        .map(|group| String::from_utf8_lossy(group).into_owned())
        .collect();
    view! {
        <ol class="setup">
            <li>{word!(locale, "two-factor-scan")}
                <div class="qr" role="img" aria-label=word!(locale, "two-factor-qr-code") inner_html=picture></div>
                <dl class="facts"><Fact name=word!(locale, "two-factor-secret")><bdi class="mono" dir="ltr">{secret_groups.join(" ")}</bdi></Fact></dl></li>
            <li>{word!(locale, "two-factor-confirm-text")}</li>
        </ol>
        <SubmitOnce>
        <form method="post" action=owned(format!("{prefix}/fn/confirm-two-factor"))>
            <ErrorSummary form=form.clone()/>
            <TextField form field="code" label=word!(locale, "two-factor-code") autocomplete="one-time-code" inputmode="numeric"/>
            <button class="button button-primary" type="submit">{word!(locale, "two-factor-turn-on")}</button>
        </form>
        </SubmitOnce>
        <form method="post" action=owned(format!("{prefix}/fn/cancel-two-factor"))><button class="button button-quiet" type="submit">{word!(locale, "two-factor-cancel")}</button></form>
    }
}

/// Two-factor authentication is on: recovery codes, and how to turn it off.
#[component]
fn On(realm: Realm, left: i64, is_required: bool, codes: Option<Vec<String>>, form: FormState) -> impl IntoView {
    let locale = form.locale;
    let is_rejected = form.was_rejected();
    view! {
        {codes.map(|codes| view! { <Codes codes locale/> })}
        <p>{word!(locale, "two-factor-is-on")}" "{word!(locale, "recovery-codes-left", count = left)}</p>
        {is_required.then(|| view! { <p class="quiet">{word!(locale, "two-factor-required")}</p> })}
        <ConfirmAction label=word!(locale, "two-factor-change") consequence=word!(locale, "two-factor-change-text") open=is_rejected>
            <SubmitOnce>
            <form method="post" action=owned(format!("{}/fn/change-two-factor", prefix(realm)))>
                <ErrorSummary form=form.clone()/>
                <TextField form field="code" label=word!(locale, "two-factor-code") autocomplete="one-time-code" help=word!(locale, "two-factor-change-help")/>
                <div class="actions"><button class="button" type="submit" name="to" value="codes">{word!(locale, "recovery-codes-create")}</button>
                {(!is_required).then(|| view! { <button class="button button-bad" type="submit" name="to" value="off">{word!(locale, "two-factor-turn-off")}</button> })}</div>
            </form>
            </SubmitOnce>
        </ConfirmAction>
    }
}

/// Recovery codes, shown only once.
#[component]
fn Codes(codes: Vec<String>, locale: Locale) -> impl IntoView {
    view! {
        <div class="notice notice-warn" role="group" aria-labelledby="recovery">
            <h3 id="recovery">{word!(locale, "recovery-codes")}</h3><p>{word!(locale, "recovery-codes-text")}</p>
            <ul class="recovery mono" dir="ltr">{codes.into_iter().map(|code| view! { <li>{code}</li> }).collect_view()}</ul>
        </div>
    }
}

/// Opens the sealed recovery codes of the flash message.
pub fn flash_recovery_codes(core: &Core, holder: &impl AccountHolder, left: Option<&Flash>) -> Option<Vec<String>> {
    let sealed = left?.values.get(flash::SHOWN_ONCE)?;
    two_factor::unseal(core, holder, sealed)
}

/// The success message of the section.
#[component]
pub fn TwoFactorNotice(locale: Locale, flash: Option<Flash>) -> impl IntoView {
    let text = match flash.and_then(|flash| flash.done).as_deref() {
        Some("done-two-factor-on") => Some(word!(locale, "done-two-factor-on")),
        Some("done-two-factor-off") => Some(word!(locale, "done-two-factor-off")),
        Some("done-recovery-codes-created") => Some(word!(locale, "done-recovery-codes-created")),
        _ => None,
    };
    text.map(|text| view! { <SuccessNotice text/> })
}

fn with_codes(realm: Realm, sealed: String, done: &'static str) -> Redirect {
    Redirect {
        shown_once: Some(sealed),
        ..Redirect::to(section_path(realm), done)
    }
}

/// The form that starts the setup.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BeginForm {
    /// The current password, if the account has one.
    current: String,
}

impl RealmForm for BeginForm {
    const NAME: &'static str = "begin-step";
    const TRANSIENT_FIELDS: &'static [&'static str] = &["current"];

    fn back(&self, realm: Realm) -> String {
        section_path(realm)
    }
}

/// Starts the setup.
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
            two_factor::start_setup(&core, &holder, &form.current.into()).await?;
            Ok(Redirect::without_message(section_path(realm)))
        },
    )
    .await
}

/// The button that cancels the setup.
#[derive(Serialize)]
struct CancelButton {}

impl RealmForm for CancelButton {
    fn back(&self, realm: Realm) -> String {
        section_path(realm)
    }
}

/// Cancels the setup.
///
/// # Errors
/// Only for callers that do not accept HTML.
pub async fn cancel<H: AccountHolder + Author + Clone + 'static>(realm: Realm) -> Result<(), ServerFnError> {
    let form = CancelButton {};
    submit(InRealm { realm, form }, async |core: Core, holder: H, _| {
        two_factor::cancel_setup(&core, &holder).await?;
        Ok(Redirect::without_message(settings_path(realm)))
    })
    .await
}

/// The form that completes the setup with a first code.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ConfirmForm {
    code: String,
}

impl RealmForm for ConfirmForm {
    const NAME: &'static str = "confirm-step";
    const TRANSIENT_FIELDS: &'static [&'static str] = &["code"];

    fn back(&self, realm: Realm) -> String {
        section_path(realm)
    }
}

/// Turns two-factor authentication on.
///
/// # Errors
/// Only for callers that do not accept HTML.
pub async fn confirm<H: AccountHolder + Author + Clone + 'static>(
    realm: Realm,
    form: ConfirmForm,
) -> Result<(), ServerFnError> {
    let locale = crate::shell::locale();
    submit(
        InRealm { realm, form },
        async |core: Core, holder: H, InRealm { form, .. }: InRealm<ConfirmForm>| {
            let sealed = two_factor::turn_on(&core, &holder, locale, &form.code).await?;
            Ok(with_codes(realm, sealed, "done-two-factor-on"))
        },
    )
    .await
}

/// The form that creates new recovery codes or turns two-factor authentication off.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ChangeForm {
    code: String,
    /// `codes` or `off`.
    to: String,
}

impl RealmForm for ChangeForm {
    const NAME: &'static str = "change-step";
    const TRANSIENT_FIELDS: &'static [&'static str] = &["code"];

    fn back(&self, realm: Realm) -> String {
        section_path(realm)
    }
}

/// Creates new recovery codes or turns two-factor authentication off.
///
/// # Errors
/// Only for callers that do not accept HTML.
pub async fn change<H: AccountHolder + Author + Clone + 'static>(
    realm: Realm,
    form: ChangeForm,
) -> Result<(), ServerFnError> {
    let locale = crate::shell::locale();
    submit(
        InRealm { realm, form },
        async |core: Core, holder: H, InRealm { form, .. }: InRealm<ChangeForm>| match form.to.as_str() {
            "off" => {
                two_factor::turn_off(&core, &holder, locale, &form.code).await?;
                Ok(Redirect::to(settings_path(realm), "done-two-factor-off"))
            }
            "codes" => {
                let sealed = two_factor::renew_codes(&core, &holder, &form.code).await?;
                Ok(with_codes(realm, sealed, "done-recovery-codes-created"))
            }
            _ => Err(CoreError::field("to", FieldCode::Required)),
        },
    )
    .await
}
