//! Two-factor authentication: the page that asks for a code at sign-in, and the section of the profile that turns it on
//! and off.

use domain::fields::FieldCode;
use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::identity::actors::Contact;
use ordinavo_core::identity::sessions::Realm;
use ordinavo_core::identity::two_factor;
use ordinavo_core::identity::two_factor::TwoFactorStatus;
use ordinavo_core::portal_access::profile::Proof;
use ordinavo_core::{Core, CoreError};
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, Redirect, submit};
use ui::components::{ConfirmAction, Fact};
use ui::forms::{ErrorSummary, FormState, TextField};
use ui::islands::SubmitOnce;
use ui::page::page;
use ui::sign_in_flow::{self, CodeForm, LanguageRow};
use ui::title::Title;
use ui::{flash, qr};

use crate::identity::proof::{CurrentPassword, NewLink};
use crate::shared::DoneNotice;
use crate::shell::BrandName;
use crate::t;

const PROFILE: &str = "/portal/profile";

#[component]
pub fn CodePage() -> impl IntoView {
    let session = sign_in_flow::request_session();
    page(move |request| async move {
        let locale = request.viewer.locale;
        if !sign_in_flow::is_code_pending(&request.core, session.as_ref()).await {
            return Err(CoreError::not_found());
        }
        let form = FormState::new("code", locale, request.flash.as_ref());
        let brand = view! { <BrandName otherwise=t!(locale, "portal")/> };
        Ok(view! {
            <Title text=t!(locale, "two-factor-code-title")/>
            <main class="door" id="main">
                <SubmitOnce>
                <form class="card" method="post" action="/portal/fn/verify-code">
                    {brand}
                    <h1>{t!(locale, "two-factor-code-title")}</h1>
                    <DoneNotice locale flash=request.flash.clone()/>
                    <p class="quiet">{t!(locale, "two-factor-code-text")}</p>
                    <ErrorSummary form=form.clone()/>
                    <TextField form field="code" label=t!(locale, "two-factor-code") autocomplete="one-time-code" help=t!(locale, "two-factor-code-help")/>
                    <button class="button button-primary" type="submit">{t!(locale, "two-factor-code-submit")}</button>
                    <p><a href="/portal/sign-in">{t!(locale, "back-to-sign-in")}</a></p>
                </form>
                </SubmitOnce>
                <LanguageRow locale action="/portal/fn/language" back="/portal/sign-in/code"/>
            </main>
        }
        .into_any())
    })
}

/// The two-factor section of the profile.
#[component]
pub fn TwoFactorSection(
    state: TwoFactorStatus,
    proof: Proof,
    codes: Option<Vec<String>>,
    begin: FormState,
    confirm: FormState,
    disable: FormState,
) -> impl IntoView {
    let locale = begin.locale;
    let content = match state {
        TwoFactorStatus::Off if proof == Proof::Link => view! {
            <p>{t!(locale, "two-factor-text")}</p>
            <NewLink locale/>
        }
        .into_any(),
        TwoFactorStatus::Off => view! {
            <p>{t!(locale, "two-factor-text")}</p>
            <SubmitOnce>
            <form method="post" action="/portal/fn/begin-two-factor">
                <ErrorSummary form=begin.clone()/>
                <CurrentPassword form=begin.clone() proof/>
                <button class="button" type="submit">{t!(locale, "two-factor-set-up")}</button>
            </form>
            </SubmitOnce>
        }
        .into_any(),
        TwoFactorStatus::Pending { address, secret } => view! { <Pending address secret form=confirm/> }.into_any(),
        TwoFactorStatus::On { codes: left } => view! { <On left codes form=disable/> }.into_any(),
    };
    view! { <section class="card" id="second-step"><h2>{t!(locale, "two-factor-title")}</h2>{content}</section> }
}

/// A new secret that must be confirmed with a first code.
#[component]
fn Pending(address: String, secret: String, form: FormState) -> impl IntoView {
    let locale = form.locale;
    let picture = qr::render_svg(&address, 180);
    let secret_groups: Vec<String> = secret
        .as_bytes()
        .chunks(4)
        .map(|group| String::from_utf8_lossy(group).into_owned())
        .collect();
    view! {
        <ol class="setup">
            <li>{t!(locale, "two-factor-scan")}
                <div class="qr" role="img" aria-label=t!(locale, "two-factor-qr-code") inner_html=picture></div>
                <dl class="facts"><Fact name=t!(locale, "two-factor-secret")><bdi class="mono" dir="ltr">{secret_groups.join(" ")}</bdi></Fact></dl></li>
            <li>{t!(locale, "two-factor-confirm-text")}</li>
        </ol>
        <SubmitOnce>
        <form method="post" action="/portal/fn/confirm-two-factor">
            <ErrorSummary form=form.clone()/>
            <TextField form field="code" label=t!(locale, "two-factor-code") autocomplete="one-time-code" inputmode="numeric"/>
            <button class="button button-primary" type="submit">{t!(locale, "two-factor-turn-on")}</button>
        </form>
        </SubmitOnce>
        <form method="post" action="/portal/fn/cancel-two-factor"><button class="button button-quiet" type="submit">{t!(locale, "two-factor-cancel")}</button></form>
    }
}

/// Two-factor authentication is on: recovery codes, and how to turn it off.
#[component]
fn On(left: i64, codes: Option<Vec<String>>, form: FormState) -> impl IntoView {
    let locale = form.locale;
    let is_rejected = form.was_rejected();
    view! {
        {codes.map(|codes| view! { <Codes codes locale/> })}
        <p>{t!(locale, "two-factor-is-on")}" "{t!(locale, "recovery-codes-left", count = left)}</p>
        <ConfirmAction label=t!(locale, "two-factor-change") consequence=t!(locale, "two-factor-change-text") open=is_rejected>
            <SubmitOnce>
            <form method="post" action="/portal/fn/change-two-factor">
                <ErrorSummary form=form.clone()/>
                <TextField form field="code" label=t!(locale, "two-factor-code") autocomplete="one-time-code" help=t!(locale, "two-factor-code-help")/>
                <div class="actions"><button class="button" type="submit" name="to" value="codes">{t!(locale, "recovery-codes-create")}</button>
                <button class="button button-bad" type="submit" name="to" value="off">{t!(locale, "two-factor-turn-off")}</button></div>
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
            <h3 id="recovery">{t!(locale, "recovery-codes")}</h3><p>{t!(locale, "recovery-codes-text")}</p>
            <ul class="recovery mono" dir="ltr">{codes.into_iter().map(|code| view! { <li>{code}</li> }).collect_view()}</ul>
        </div>
    }
}

/// Opens the sealed recovery codes of the flash message.
pub fn flash_recovery_codes(core: &Core, contact: &Contact, left: Option<&flash::Flash>) -> Option<Vec<String>> {
    let sealed = left?.values.get(flash::SHOWN_ONCE)?;
    two_factor::unseal(core, contact, sealed)
}

/// Returns the path of the section of the profile.
fn section_path() -> String {
    format!("{PROFILE}#second-step")
}

fn with_codes(sealed: String, done: &'static str) -> Redirect {
    Redirect {
        shown_once: Some(sealed),
        ..Redirect::to(section_path(), done)
    }
}

#[server(prefix = "/portal/fn", endpoint = "verify-code")]
pub async fn verify_code(#[server(flatten)] form: CodeForm) -> Result<(), ServerFnError> {
    sign_in_flow::verify_code(Realm::Portal, form).await
}

/// The form that starts the setup.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BeginForm {
    /// The current password, if the account has one.
    current: String,
}

impl ActionForm for BeginForm {
    const NAME: &'static str = "begin-step";
    const TRANSIENT_FIELDS: &'static [&'static str] = &["current"];

    fn back(&self) -> String {
        section_path()
    }
}

#[server(prefix = "/portal/fn", endpoint = "begin-two-factor")]
pub async fn begin_two_factor(#[server(flatten)] form: BeginForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, contact: Contact, form: BeginForm| {
        two_factor::start_setup(&core, &contact, &form.current.into()).await?;
        Ok(Redirect::without_message(section_path()))
    })
    .await
}

/// The button that cancels the setup.
#[derive(Serialize)]
struct CancelButton {}

impl ActionForm for CancelButton {
    fn back(&self) -> String {
        section_path()
    }
}

#[server(prefix = "/portal/fn", endpoint = "cancel-two-factor")]
pub async fn cancel_two_factor() -> Result<(), ServerFnError> {
    submit(CancelButton {}, async |core: Core, contact: Contact, _| {
        two_factor::cancel_setup(&core, &contact).await?;
        Ok(Redirect::without_message(PROFILE))
    })
    .await
}

/// The form that completes the setup with a first code.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ConfirmForm {
    code: String,
}

impl ActionForm for ConfirmForm {
    const NAME: &'static str = "confirm-step";
    const TRANSIENT_FIELDS: &'static [&'static str] = &["code"];

    fn back(&self) -> String {
        section_path()
    }
}

#[server(prefix = "/portal/fn", endpoint = "confirm-two-factor")]
pub async fn confirm_two_factor(#[server(flatten)] form: ConfirmForm) -> Result<(), ServerFnError> {
    let locale = ui::shell::locale();
    submit(form, async |core: Core, contact: Contact, form: ConfirmForm| {
        let sealed = two_factor::turn_on(&core, &contact, locale, &form.code).await?;
        Ok(with_codes(sealed, "done-two-factor-on"))
    })
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

impl ActionForm for ChangeForm {
    const NAME: &'static str = "change-step";
    const TRANSIENT_FIELDS: &'static [&'static str] = &["code"];

    fn back(&self) -> String {
        section_path()
    }
}

#[server(prefix = "/portal/fn", endpoint = "change-two-factor")]
pub async fn change_two_factor(#[server(flatten)] form: ChangeForm) -> Result<(), ServerFnError> {
    let locale = ui::shell::locale();
    submit(
        form,
        async |core: Core, contact: Contact, form: ChangeForm| match form.to.as_str() {
            "off" => {
                two_factor::turn_off(&core, &contact, locale, &form.code).await?;
                Ok(Redirect::to(PROFILE, "done-two-factor-off"))
            }
            "codes" => {
                let sealed = two_factor::renew_codes(&core, &contact, &form.code).await?;
                Ok(with_codes(sealed, "done-recovery-codes-created"))
            }
            _ => Err(CoreError::field("to", FieldCode::Required)),
        },
    )
    .await
}
