//! The user's own account: sign-in methods, sessions and permissions.

use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::identity::actors::Contact;
use ordinavo_core::identity::sessions::Realm;
use ordinavo_core::portal_access::model::GrantSummary;
use ordinavo_core::portal_access::profile;
use ordinavo_core::portal_access::profile::Proof;
use serde::{Deserialize, Serialize};
use ui::access::capability_line;
use ui::actions::{ActionForm, Redirect, submit};
use ui::components::{Fact, NoMailServer, ProblemNotice};
use ui::drafts::owned;
use ui::format;
use ui::forms::{ErrorSummary, FormState, TextField};
use ui::i18n::shared;
use ui::islands::SubmitOnce;
use ui::own_account::{SessionButton, SessionSection};
use ui::page::page;
use ui::passkeys;
use ui::passkeys::PasskeySection;
use ui::sign_in_flow;
use ui::title::Title;
use ui::two_factor::{TwoFactorSection, flash_recovery_codes};

use crate::identity::notifications::NotificationSection;
use crate::identity::proof::{CurrentPassword, NewLink};
use crate::shared::{DoneNotice, viewer_contact};
use crate::shell::AppFrame;
use crate::t;

const PAGE: &str = "/portal/profile";

#[component]
pub fn ProfilePage() -> impl IntoView {
    let contact = viewer_contact();
    let session = sign_in_flow::request_session().and_then(|session| session.id());
    let content = page(move |request| async move {
        let contact = contact?;
        let locale = request.viewer.locale;
        let found = profile::profile(&request.core, &contact, session).await?;
        let form_state = |form: &'static str| FormState::new(form, locale, request.flash.as_ref());
        let (password, email) = (form_state("password"), form_state("email"));
        let codes = flash_recovery_codes(&request.core, &contact, request.flash.as_ref());
        let proof = found.proof;
        let has_password = proof == Proof::Password;
        let passkeys = passkeys::state(&request.core, &contact, request.flash.as_ref()).await?;
        let instead = || (proof == Proof::Link).then(|| view! { <NewLink locale/> }.into_any());
        let (instead_of_factor, instead_of_passkey) = (instead(), instead());
        let may_manage = found.grants.iter().any(|grant| grant.may.all().manage);
        let zone = contact.zone().to_owned();
        Ok(view! {
            <Title text=t!(locale, "profile-title")/>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <h1>{t!(locale, "profile-title")}</h1>
            <section class="card">
                <dl class="facts">
                    <Fact name=t!(locale, "profile-name")><bdi>{contact.display_name().to_owned()}</bdi></Fact>
                    <Fact name=shared::email(locale)><bdi dir="ltr">{found.email}</bdi></Fact>
                </dl>
                <h2>{t!(locale, "profile-grants")}</h2>
                <Grants grants=found.grants locale zone=zone.clone()/>
                {may_manage.then(|| view! { <p><a class="button" href="/portal/colleagues">{t!(locale, "colleagues-title")}</a></p> })}
            </section>
            <NotificationSection muted=found.muted locale/>
            <PasswordSection form=password proof/>
            <EmailSection form=email proof/>
            <TwoFactorSection realm=Realm::Portal state=found.second_factor locale flash=request.flash.clone() codes has_password instead=instead_of_factor/>
            <PasskeySection realm=Realm::Portal state=passkeys locale zone=zone.clone() flash=request.flash.clone() has_password instead=instead_of_passkey/>
            <SessionSection realm=Realm::Portal sessions=found.sessions locale zone/>
        }
        .into_any())
    });
    view! { <AppFrame current=PAGE>{content}</AppFrame> }
}

#[component]
fn PasswordSection(form: FormState, proof: Proof) -> impl IntoView {
    let locale = form.locale;
    let title = if proof == Proof::Password {
        t!(locale, "profile-password")
    } else {
        t!(locale, "profile-first-password")
    };
    let button = title.clone();
    let content = match proof {
        Proof::Link => view! { <NewLink locale/> }.into_any(),
        Proof::Password | Proof::Shown => view! {
            <SubmitOnce>
            <form method="post" action=owned("/portal/fn/change-password")>
                <ErrorSummary form=form.clone()/>
                <CurrentPassword form=form.clone() proof/>
                <TextField form field="password" label=t!(locale, "new-password") kind="password" autocomplete="new-password" help=t!(locale, "password-help")/>
                <p class="help">{t!(locale, "profile-password-help")}</p>
                <button class="button" type="submit">{button}</button>
            </form>
            </SubmitOnce>
        }
        .into_any(),
    };
    view! { <section class="card"><h2>{title}</h2>{content}</section> }
}

#[component]
fn EmailSection(form: FormState, proof: Proof) -> impl IntoView {
    let locale = form.locale;
    let content = match proof {
        Proof::Link => view! { <NewLink locale/> }.into_any(),
        Proof::Password | Proof::Shown => view! {
            <NoMailServer locale/>
            <SubmitOnce>
            <form method="post" action=owned("/portal/fn/change-email")>
                <ErrorSummary form=form.clone()/>
                <TextField form=form.clone() field="email" label=t!(locale, "new-email") kind="email" autocomplete="email" help=t!(locale, "new-email-help")/>
                <CurrentPassword form proof/>
                <button class="button" type="submit">{t!(locale, "profile-email")}</button>
            </form>
            </SubmitOnce>
        }
        .into_any(),
    };
    view! { <section class="card"><h2>{t!(locale, "profile-email")}</h2>{content}</section> }
}

#[component]
fn Grants(grants: Vec<GrantSummary>, locale: Locale, zone: String) -> impl IntoView {
    let none = grants.is_empty();
    view! {
        {none.then(|| view! { <p class="quiet">{t!(locale, "profile-no-grants")}</p> })}
        <ul class="lines lines-tall">{grants.into_iter().map(|grant| {
            let until = grant.valid_until.map(|until| t!(locale, "profile-until", moment = format::last_day(locale, until, &zone)));
            view! {
                <li><span><strong><bdi>{grant.customer_name}</bdi></strong>" · "<bdi>{grant.location_name.unwrap_or_else(|| t!(locale, "all-locations"))}</bdi></span>
                    <span class="quiet">{capability_line(locale, &grant.may.all().list())}</span>{until.map(|until| view! { <span class="quiet">{until}</span> })}</li>
            }
        }).collect_view()}</ul>
    }
}

/// The form that changes the password.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PasswordForm {
    /// The current password, if the account has one.
    current: String,
    password: String,
}

impl ActionForm for PasswordForm {
    const NAME: &'static str = "password";
    const TRANSIENT_FIELDS: &'static [&'static str] = &["current", "password"];

    fn back(&self) -> String {
        PAGE.to_owned()
    }
}

#[server(prefix = "/portal/fn", endpoint = "change-password")]
pub async fn change_password(#[server(flatten)] form: PasswordForm) -> Result<(), ServerFnError> {
    let locale = ui::shell::locale();
    submit(form, async |core: Core, contact: Contact, form: PasswordForm| {
        let (current, new) = (form.current.into(), form.password.into());
        let account = profile::change_password(&core, &contact, locale, &current, &new).await?;
        sign_in_flow::enter(&core, Realm::Portal, account, "done-password", Some(PAGE)).await
    })
    .await
}

/// The form that changes the email address.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct EmailForm {
    email: String,
    /// The current password, if the account has one.
    current: String,
}

impl ActionForm for EmailForm {
    const NAME: &'static str = "email";
    const TRANSIENT_FIELDS: &'static [&'static str] = &["current"];

    fn back(&self) -> String {
        PAGE.to_owned()
    }
}

#[server(prefix = "/portal/fn", endpoint = "change-email")]
pub async fn change_email(#[server(flatten)] form: EmailForm) -> Result<(), ServerFnError> {
    let locale = ui::shell::locale();
    submit(form, async |core: Core, contact: Contact, form: EmailForm| {
        profile::change_email(&core, &contact, locale, &form.current.into(), &form.email).await?;
        Ok(Redirect::to(PAGE, "done-email-change-requested"))
    })
    .await
}

#[server(prefix = "/portal/fn", endpoint = "end-session")]
pub async fn end_session(#[server(flatten)] form: SessionButton) -> Result<(), ServerFnError> {
    ui::own_account::end_session::<Contact>(Realm::Portal, form).await
}

/// The button that ends all sessions.
#[derive(Serialize)]
struct AllSessionsButton {}

impl ActionForm for AllSessionsButton {
    fn back(&self) -> String {
        PAGE.to_owned()
    }
}

#[server(prefix = "/portal/fn", endpoint = "end-sessions")]
pub async fn end_sessions() -> Result<(), ServerFnError> {
    submit(AllSessionsButton {}, async |core: Core, contact: Contact, _| {
        profile::revoke_all_sessions(&core, &contact).await?;
        Ok(Redirect::without_message("/portal/sign-in"))
    })
    .await
}
