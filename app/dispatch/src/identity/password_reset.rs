//! Forgotten passwords.

use leptos::prelude::*;
use ordinavo_core::identity::sessions::Realm;
use ui::password_reset;
use ui::password_reset::{ForgotForm, NewPasswordForm};

#[component]
pub fn ForgotPasswordPage() -> impl IntoView {
    view! { <password_reset::ForgotPasswordPage realm=Realm::Staff brand=|_| "Ordinavo".to_owned()/> }
}

#[component]
pub fn NewPasswordPage() -> impl IntoView {
    view! { <password_reset::NewPasswordPage realm=Realm::Staff/> }
}

#[server(prefix = "/app/fn", endpoint = "request-password-link")]
pub async fn request_password_link(#[server(flatten)] form: ForgotForm) -> Result<(), ServerFnError> {
    password_reset::request_link(Realm::Staff, form).await
}

#[server(prefix = "/app/fn", endpoint = "set-password")]
pub async fn set_password(#[server(flatten)] form: NewPasswordForm) -> Result<(), ServerFnError> {
    password_reset::set_password(Realm::Staff, form).await
}
