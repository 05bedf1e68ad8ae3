//! The second step of signing in: the page that asks for the code, and the part of the profile that turns it on and off.

use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::identity::actors::Contact;
use ordinavo_core::identity::sessions::Door;
use ordinavo_core::identity::two_factor;
use ordinavo_core::identity::two_factor::SecondFactor;
use ordinavo_core::{Core, CoreError};
use ui::acts::{Next, Sent, act};
use ui::door::{self, LanguageRow};
use ui::forms::{ErrorSummary, FormState, TextField};
use ui::islands::SendOnce;
use ui::load::page;
use ui::parts::{Fact, Weighty};
use ui::title::Title;
use ui::{flash, qr};

use super::DoneNotice;
use crate::shell::BrandName;
use crate::t;

const PROFILE: &str = "/portal/profile";

/// `/portal/sign-in/code`.
#[component]
pub fn CodePage() -> impl IntoView {
    let session = door::request_session();
    page(move |request| async move {
        let locale = request.viewer.locale;
        if !door::waits_for_code(&request.core, session.as_ref()).await {
            return Err(CoreError::not_found());
        }
        let form = FormState::new("code", locale, request.flash.as_ref());
        let brand = view! { <BrandName otherwise=t!(locale, "portal")/> };
        Ok(view! {
            <Title text=t!(locale, "two-factor-code-title")/>
            <main class="door" id="main">
                <SendOnce>
                <form class="card" method="post" action="/portal/fn/give-code">
                    {brand}
                    <h1>{t!(locale, "two-factor-code-title")}</h1>
                    <DoneNotice locale flash=request.flash.clone()/>
                    <p class="quiet">{t!(locale, "two-factor-code-text")}</p>
                    <ErrorSummary form=form.clone()/>
                    <TextField form field="code" label=t!(locale, "two-factor-code") autocomplete="one-time-code" help=t!(locale, "two-factor-code-help")/>
                    <button class="button button-primary" type="submit">{t!(locale, "two-factor-code-submit")}</button>
                    <p><a href="/portal/sign-in">{t!(locale, "back-to-sign-in")}</a></p>
                </form>
                </SendOnce>
                <LanguageRow locale action="/portal/fn/language" back="/portal/sign-in/code"/>
            </main>
        }
        .into_any())
    })
}

/// The part of the profile about the second step.
#[component]
pub fn SecondStep(
    state: SecondFactor,
    has_password: bool,
    codes: Option<Vec<String>>,
    begin: FormState,
    confirm: FormState,
    off: FormState,
) -> impl IntoView {
    let locale = begin.locale;
    let content = match state {
        SecondFactor::Off => view! {
            <p>{t!(locale, "two-factor-text")}</p>
            <SendOnce>
            <form method="post" action="/portal/fn/begin-second-step">
                <ErrorSummary form=begin.clone()/>
                {has_password.then(|| view! { <TextField form=begin.clone() field="current" label=t!(locale, "current-password") kind="password" autocomplete="current-password"/> })}
                <button class="button" type="submit">{t!(locale, "two-factor-set-up")}</button>
            </form>
            </SendOnce>
        }
        .into_any(),
        SecondFactor::Pending { address, secret } => view! { <Pending address secret form=confirm/> }.into_any(),
        SecondFactor::On { codes: left } => view! { <On left codes form=off/> }.into_any(),
    };
    view! { <section class="card" id="second-step"><h2>{t!(locale, "two-factor-title")}</h2>{content}</section> }
}

/// A secret that waits for its first code.
#[component]
fn Pending(address: String, secret: String, form: FormState) -> impl IntoView {
    let locale = form.locale;
    let picture = qr::picture(&address, 180);
    let groups: Vec<String> = secret
        .as_bytes()
        .chunks(4)
        .map(|group| String::from_utf8_lossy(group).into_owned())
        .collect();
    view! {
        <ol class="setup">
            <li>{t!(locale, "two-factor-scan")}
                <div class="qr" role="img" aria-label=t!(locale, "two-factor-qr-code") inner_html=picture></div>
                <dl class="facts"><Fact name=t!(locale, "two-factor-secret")><bdi class="mono" dir="ltr">{groups.join(" ")}</bdi></Fact></dl></li>
            <li>{t!(locale, "two-factor-confirm-text")}</li>
        </ol>
        <SendOnce>
        <form method="post" action="/portal/fn/confirm-second-step">
            <ErrorSummary form=form.clone()/>
            <TextField form field="code" label=t!(locale, "two-factor-code") autocomplete="one-time-code" inputmode="numeric"/>
            <button class="button button-primary" type="submit">{t!(locale, "two-factor-turn-on")}</button>
        </form>
        </SendOnce>
        <form method="post" action="/portal/fn/cancel-second-step"><button class="button button-quiet" type="submit">{t!(locale, "two-factor-cancel")}</button></form>
    }
}

/// It is on: recovery codes, and how to turn it off.
#[component]
fn On(left: i64, codes: Option<Vec<String>>, form: FormState) -> impl IntoView {
    let locale = form.locale;
    let wrong = form.came_back();
    view! {
        {codes.map(|codes| view! { <Codes codes locale/> })}
        <p>{t!(locale, "two-factor-is-on")}" "{t!(locale, "recovery-codes-left", count = left)}</p>
        <Weighty label=t!(locale, "two-factor-change") consequence=t!(locale, "two-factor-change-text") open=wrong>
            <SendOnce>
            <form method="post" action="/portal/fn/change-second-step">
                <ErrorSummary form=form.clone()/>
                <TextField form field="code" label=t!(locale, "two-factor-code") autocomplete="one-time-code" help=t!(locale, "two-factor-code-help")/>
                <div class="actions"><button class="button" type="submit" name="to" value="codes">{t!(locale, "recovery-codes-create")}</button>
                <button class="button button-bad" type="submit" name="to" value="off">{t!(locale, "two-factor-turn-off")}</button></div>
            </form>
            </SendOnce>
        </Weighty>
    }
}

/// Recovery codes, on the one page that shows them.
#[component]
fn Codes(codes: Vec<String>, locale: Locale) -> impl IntoView {
    view! {
        <div class="notice notice-warn" role="group" aria-labelledby="recovery">
            <h3 id="recovery">{t!(locale, "recovery-codes")}</h3><p>{t!(locale, "recovery-codes-text")}</p>
            <ul class="recovery mono" dir="ltr">{codes.into_iter().map(|code| view! { <li>{code}</li> }).collect_view()}</ul>
        </div>
    }
}

/// What the flash carries for this page, opened.
pub fn codes_of(core: &Core, contact: &Contact, left: Option<&flash::Flash>) -> Option<Vec<String>> {
    let sealed = left?.values.get(flash::SHOWN_ONCE)?;
    two_factor::unseal(core, contact, sealed)
}

fn with_codes(sealed: String, done: &'static str) -> Next {
    Next {
        to: format!("{PROFILE}#second-step"),
        done: Some(done),
        shown_once: Some(sealed),
        undo: None,
    }
}

fn sent(form: &'static str) -> Sent<'static> {
    Sent {
        form,
        values: &[],
        back: format!("{PROFILE}#second-step"),
    }
}

#[server(prefix = "/portal/fn", endpoint = "give-code")]
pub async fn give_code(#[server(default)] code: String) -> Result<(), ServerFnError> {
    door::give_code(Door::Portal, &code).await
}

#[server(prefix = "/portal/fn", endpoint = "begin-second-step")]
pub async fn begin_second_step(#[server(default)] current: String) -> Result<(), ServerFnError> {
    act(sent("begin-step"), async |core: Core, contact: Contact| {
        two_factor::begin(&core, &contact, &current.into()).await?;
        Ok(Next {
            to: format!("{PROFILE}#second-step"),
            done: None,
            shown_once: None,
            undo: None,
        })
    })
    .await
}

#[server(prefix = "/portal/fn", endpoint = "cancel-second-step")]
pub async fn cancel_second_step() -> Result<(), ServerFnError> {
    act(sent(""), async |core: Core, contact: Contact| {
        two_factor::cancel(&core, &contact).await?;
        Ok(Next {
            to: PROFILE.to_owned(),
            done: None,
            shown_once: None,
            undo: None,
        })
    })
    .await
}

#[server(prefix = "/portal/fn", endpoint = "confirm-second-step")]
pub async fn confirm_second_step(#[server(default)] code: String) -> Result<(), ServerFnError> {
    let locale = ui::shell::locale();
    act(sent("confirm-step"), async |core: Core, contact: Contact| {
        let sealed = two_factor::turn_on(&core, &contact, locale, &code).await?;
        Ok(with_codes(sealed, "done-two-factor-on"))
    })
    .await
}

#[server(prefix = "/portal/fn", endpoint = "change-second-step")]
pub async fn change_second_step(
    #[server(default)] code: String,
    #[server(default)] to: String,
) -> Result<(), ServerFnError> {
    let locale = ui::shell::locale();
    act(sent("change-step"), async |core: Core, contact: Contact| {
        match to.as_str() {
            "off" => {
                two_factor::turn_off(&core, &contact, locale, &code).await?;
                Ok(Next::to(PROFILE, "done-two-factor-off"))
            }
            "codes" => {
                let sealed = two_factor::renew_codes(&core, &contact, &code).await?;
                Ok(with_codes(sealed, "done-recovery-codes-created"))
            }
            _ => Err(CoreError::field("to", "required", "Choose what to change.")),
        }
    })
    .await
}
