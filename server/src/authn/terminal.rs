//! The device token of a terminal, in a cookie limited to the terminal pages.

use axum::http::{HeaderMap, HeaderValue};
use domain::intake::form::FormSettings;
use ordinavo_core::CoreResult;
use ordinavo_core::identity::actors::Terminal;
use ordinavo_core::identity::authentication;

use crate::cookies;
use crate::serve::AppState;

const COOKIE_NAME: &str = "ordinavo_terminal";
/// 400 days, the maximum that browsers allow. Every page view renews it.
const MAX_AGE_SECONDS: u32 = 400 * 24 * 60 * 60;

fn token(headers: &HeaderMap) -> Option<&str> {
    cookies::value(headers, COOKIE_NAME).filter(|token| (20..=100).contains(&token.len()))
}

/// Returns the authenticated terminal and the settings of its form; `None` if the device is not paired.
///
/// # Errors
/// Returns an error on the field `form` if the form is closed.
pub async fn terminal(state: &AppState, headers: &HeaderMap) -> CoreResult<Option<(Terminal, FormSettings)>> {
    match token(headers) {
        Some(token) => authentication::terminal(&state.core, token).await,
        None => Ok(None),
    }
}

/// Returns the `Set-Cookie` header for a device token.
pub fn cookie(state: &AppState, token: &str) -> Option<HeaderValue> {
    let secure = if state.config.is_https() { "; Secure" } else { "" };
    let text =
        format!("{COOKIE_NAME}={token}; Path=/terminal; Max-Age={MAX_AGE_SECONDS}; HttpOnly; SameSite=Strict{secure}");
    HeaderValue::from_str(&text).ok()
}

/// Returns the cookie of the request with a new lifetime, so that a terminal in use stays paired.
pub fn renewed_cookie(state: &AppState, headers: &HeaderMap) -> Option<HeaderValue> {
    cookie(state, token(headers)?)
}
