//! Passkeys: signing in with one, and adding and removing them.

use leptos::prelude::*;
use ordinavo_core::identity::actors::Contact;
use ordinavo_core::identity::sessions::Realm;
use ui::passkeys;
use ui::passkeys::{AddForm, BeginForm, RemoveForm};
use ui::sign_in_flow::{self, PasskeyForm};

#[server(prefix = "/portal/fn", endpoint = "passkey-sign-in")]
pub async fn sign_in_with_passkey(#[server(flatten)] form: PasskeyForm) -> Result<(), ServerFnError> {
    sign_in_flow::sign_in_with_passkey(Realm::Portal, form).await
}

#[server(prefix = "/portal/fn", endpoint = "begin-passkey")]
pub async fn begin_passkey(#[server(flatten)] form: BeginForm) -> Result<(), ServerFnError> {
    passkeys::begin::<Contact>(Realm::Portal, form).await
}

#[server(prefix = "/portal/fn", endpoint = "add-passkey")]
pub async fn add_passkey(#[server(flatten)] form: AddForm) -> Result<(), ServerFnError> {
    passkeys::add::<Contact>(Realm::Portal, form).await
}

#[server(prefix = "/portal/fn", endpoint = "remove-passkey")]
pub async fn remove_passkey(#[server(flatten)] form: RemoveForm) -> Result<(), ServerFnError> {
    passkeys::remove::<Contact>(Realm::Portal, form).await
}
