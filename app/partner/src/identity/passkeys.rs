//! Passkeys: signing in with one, and adding and removing them.

use leptos::prelude::*;
use ordinavo_core::identity::actors::Partner;
use ordinavo_core::identity::sessions::Realm;
use ui::passkeys;
use ui::passkeys::{AddForm, BeginForm, RemoveForm};
use ui::sign_in_flow::{self, PasskeyForm};

#[server(prefix = "/partner/fn", endpoint = "passkey-sign-in")]
pub async fn sign_in_with_passkey(#[server(flatten)] form: PasskeyForm) -> Result<(), ServerFnError> {
    sign_in_flow::sign_in_with_passkey(Realm::Partner, form).await
}

#[server(prefix = "/partner/fn", endpoint = "begin-passkey")]
pub async fn begin_passkey(#[server(flatten)] form: BeginForm) -> Result<(), ServerFnError> {
    passkeys::begin::<Partner>(Realm::Partner, form).await
}

#[server(prefix = "/partner/fn", endpoint = "add-passkey")]
pub async fn add_passkey(#[server(flatten)] form: AddForm) -> Result<(), ServerFnError> {
    passkeys::add::<Partner>(Realm::Partner, form).await
}

#[server(prefix = "/partner/fn", endpoint = "remove-passkey")]
pub async fn remove_passkey(#[server(flatten)] form: RemoveForm) -> Result<(), ServerFnError> {
    passkeys::remove::<Partner>(Realm::Partner, form).await
}
