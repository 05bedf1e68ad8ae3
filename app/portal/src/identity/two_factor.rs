//! Two-factor authentication: the page that asks for a code at sign-in, and the actions of the profile.

use leptos::prelude::*;
use ordinavo_core::identity::actors::Contact;
use ordinavo_core::identity::sessions::Realm;
use ui::sign_in_flow::{self, CodeForm};
use ui::two_factor;
use ui::two_factor::{BeginForm, ChangeForm, ConfirmForm};

use crate::shell::DoorBrand;
use crate::t;

#[component]
pub fn CodePage() -> impl IntoView {
    view! { <two_factor::CodePage realm=Realm::Portal brand=|locale| view! { <DoorBrand otherwise=t!(locale, "portal")/> }.into_any()/> }
}

#[server(prefix = "/portal/fn", endpoint = "verify-code")]
pub async fn verify_code(#[server(flatten)] form: CodeForm) -> Result<(), ServerFnError> {
    sign_in_flow::verify_code(Realm::Portal, form).await
}

#[server(prefix = "/portal/fn", endpoint = "begin-two-factor")]
pub async fn begin_two_factor(#[server(flatten)] form: BeginForm) -> Result<(), ServerFnError> {
    two_factor::begin::<Contact>(Realm::Portal, form).await
}

#[server(prefix = "/portal/fn", endpoint = "cancel-two-factor")]
pub async fn cancel_two_factor() -> Result<(), ServerFnError> {
    two_factor::cancel::<Contact>(Realm::Portal).await
}

#[server(prefix = "/portal/fn", endpoint = "confirm-two-factor")]
pub async fn confirm_two_factor(#[server(flatten)] form: ConfirmForm) -> Result<(), ServerFnError> {
    two_factor::confirm::<Contact>(Realm::Portal, form).await
}

#[server(prefix = "/portal/fn", endpoint = "change-two-factor")]
pub async fn change_two_factor(#[server(flatten)] form: ChangeForm) -> Result<(), ServerFnError> {
    two_factor::change::<Contact>(Realm::Portal, form).await
}
