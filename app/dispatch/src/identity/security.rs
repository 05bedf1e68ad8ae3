//! The own account: two-factor authentication with the page that asks for a code at sign-in, password and sessions.

use leptos::prelude::*;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::identity::sessions::Realm;
use ui::email_change;
use ui::email_change::{ConfirmEmailForm, EmailForm};
use ui::own_account;
use ui::own_account::{PasswordForm, SessionButton};
use ui::page::page;
use ui::sign_in_flow::{self, CodeForm};
use ui::two_factor;
use ui::two_factor::{BeginForm, ChangeForm, ConfirmForm};

use crate::identity::settings_pages::SettingsFrame;
use crate::shared::viewer_staff;

const PAGE: &str = two_factor::settings_path(Realm::Staff);

#[component]
pub fn CodePage() -> impl IntoView {
    view! { <two_factor::CodePage realm=Realm::Staff brand=|_| view! { <p class="brand"><span class="brand-mark" aria-hidden="true"></span>"Ordinavo"</p> }.into_any()/> }
}

#[component]
pub fn SecurityPage() -> impl IntoView {
    let viewer = viewer_staff();
    let content = page(|request| async move {
        let viewer = viewer?;
        let must_set_up = viewer.must_set_up_two_factor();
        two_factor::security_page(request, Realm::Staff, &viewer, must_set_up).await
    });
    view! { <SettingsFrame current=PAGE>{content}</SettingsFrame> }
}

#[server(prefix = "/app/fn", endpoint = "verify-code")]
pub async fn verify_code(#[server(flatten)] form: CodeForm) -> Result<(), ServerFnError> {
    sign_in_flow::verify_code(Realm::Staff, form).await
}

#[server(prefix = "/app/fn", endpoint = "begin-two-factor")]
pub async fn begin_two_factor(#[server(flatten)] form: BeginForm) -> Result<(), ServerFnError> {
    two_factor::begin::<Staff>(Realm::Staff, form).await
}

#[server(prefix = "/app/fn", endpoint = "cancel-two-factor")]
pub async fn cancel_two_factor() -> Result<(), ServerFnError> {
    two_factor::cancel::<Staff>(Realm::Staff).await
}

#[server(prefix = "/app/fn", endpoint = "confirm-two-factor")]
pub async fn confirm_two_factor(#[server(flatten)] form: ConfirmForm) -> Result<(), ServerFnError> {
    two_factor::confirm::<Staff>(Realm::Staff, form).await
}

#[server(prefix = "/app/fn", endpoint = "change-two-factor")]
pub async fn change_two_factor(#[server(flatten)] form: ChangeForm) -> Result<(), ServerFnError> {
    two_factor::change::<Staff>(Realm::Staff, form).await
}

#[server(prefix = "/app/fn", endpoint = "change-password")]
pub async fn change_password(#[server(flatten)] form: PasswordForm) -> Result<(), ServerFnError> {
    own_account::change_password::<Staff>(Realm::Staff, form).await
}

#[server(prefix = "/app/fn", endpoint = "end-session")]
pub async fn end_session(#[server(flatten)] form: SessionButton) -> Result<(), ServerFnError> {
    own_account::end_session::<Staff>(Realm::Staff, form).await
}

#[server(prefix = "/app/fn", endpoint = "end-sessions")]
pub async fn end_all_sessions() -> Result<(), ServerFnError> {
    own_account::end_all_sessions::<Staff>(Realm::Staff).await
}

#[component]
pub fn ConfirmEmailPage() -> impl IntoView {
    view! { <email_change::ConfirmEmailPage realm=Realm::Staff/> }
}

#[server(prefix = "/app/fn", endpoint = "change-email")]
pub async fn change_email(#[server(flatten)] form: EmailForm) -> Result<(), ServerFnError> {
    email_change::change_email::<Staff>(Realm::Staff, form).await
}

#[server(prefix = "/app/fn", endpoint = "confirm-email")]
pub async fn confirm_email(#[server(flatten)] form: ConfirmEmailForm) -> Result<(), ServerFnError> {
    email_change::confirm_email(Realm::Staff, form).await
}
