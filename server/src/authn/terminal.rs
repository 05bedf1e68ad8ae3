//! The device token of a terminal, in a cookie that only its own pages get.

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use domain::intake::form::FormSettings;
use ordinavo_core::CoreResult;
use ordinavo_core::identity::actors::Terminal;
use ordinavo_core::identity::authentication;

use crate::serve::AppState;

const NAME: &str = "ordinavo_terminal";
/// The longest time that browsers keep a cookie: 400 days. Every visit of the page begins it anew.
const LIVES: u32 = 400 * 24 * 60 * 60;

fn token(headers: &HeaderMap) -> Option<&str> {
    headers
        .get(COOKIE)?
        .to_str()
        .ok()?
        .split(';')
        .find_map(|pair| pair.trim().strip_prefix(NAME)?.strip_prefix('='))
        .filter(|token| (20..=100).contains(&token.len()))
}

/// The terminal that asks, with the settings of its form; `None` if the device is not paired.
///
/// # Errors
/// The database does not answer; field `form` if its form was closed.
pub async fn terminal(state: &AppState, headers: &HeaderMap) -> CoreResult<Option<(Terminal, FormSettings)>> {
    match token(headers) {
        Some(token) => authentication::terminal(&state.core, token).await,
        None => Ok(None),
    }
}

/// The cookie that keeps a token, or keeps it longer.
pub fn cookie(state: &AppState, token: &str) -> Option<HeaderValue> {
    let secure = if state.config.is_https() { "; Secure" } else { "" };
    let text = format!("{NAME}={token}; Path=/terminal; Max-Age={LIVES}; HttpOnly; SameSite=Strict{secure}");
    HeaderValue::from_str(&text).ok()
}

/// The same cookie again, so that a terminal in use never loses it.
pub fn renewed(state: &AppState, headers: &HeaderMap) -> Option<HeaderValue> {
    cookie(state, token(headers)?)
}
