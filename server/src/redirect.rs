//! The second listener, which sends browsers from plain HTTP to the public address and answers challenges of ACME.

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::http::header::HOST;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Redirect;
use axum::routing::get;
use tokio::net::TcpListener;

use crate::config::Config;
use crate::connections;
use crate::connections::Listening;
use crate::connections::acme::Challenges;
use crate::serve::AppState;

/// Listens on the address of the setting `redirect_listen`; `None` without it.
///
/// # Errors
/// Fails if the address is in use.
pub async fn listen(config: &Config) -> Result<Option<TcpListener>, String> {
    let Some(address) = config.redirect_listen else {
        return Ok(None);
    };
    let listener = TcpListener::bind(address).await;
    listener
        .map(Some)
        .map_err(|error| format!("setting redirect_listen: {address}: {error}"))
}

/// Redirects every request until the server stops.
pub async fn serve(listener: Option<TcpListener>, state: &AppState, listening: Listening, challenges: Challenges) {
    let Some(listener) = listener else { return };
    // A host that the client names could be anybody's: it only chooses between the two of the settings.
    let target: Arc<str> = state.config.public_url.as_str().into();
    let portal: Arc<str> = state.config.portal_url().into();
    let portal_host = state.config.portal_host().map(str::to_owned);
    let answer = get(async move |Path(token): Path<String>| challenges.answer(&token).ok_or(StatusCode::NOT_FOUND));
    let routes = Router::new()
        .route("/.well-known/acme-challenge/{token}", answer)
        .fallback(async move |headers: HeaderMap, uri: Uri| {
            let host = headers
                .get(HOST)
                .and_then(|host| host.to_str().ok())
                .unwrap_or_default();
            let host = host.split(':').next();
            let is_portal = portal_host
                .as_deref()
                .is_some_and(|portal| portal.split(':').next() == host);
            let target = if is_portal { &portal } else { &target };
            let path = uri.path_and_query().map_or("/", |path| path.as_str());
            Redirect::permanent(&format!("{target}{path}"))
        });
    connections::serve(listener, None, routes, listening).await;
}
