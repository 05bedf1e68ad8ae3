//! The second listener, which sends browsers from plain HTTP to the public address and answers challenges of ACME.

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, Uri};
use axum::response::Redirect;
use axum::routing::get;
use tokio::net::TcpListener;

use crate::config::Config;
use crate::connections;
use crate::connections::ConnectionLimits;
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
pub async fn serve(listener: Option<TcpListener>, state: &AppState, limits: ConnectionLimits, challenges: Challenges) {
    let Some(listener) = listener else { return };
    let target: Arc<str> = state.config.public_url.as_str().into();
    // The path only: a host that the client names could be anybody's.
    let answer = get(async move |Path(token): Path<String>| challenges.answer(&token).ok_or(StatusCode::NOT_FOUND));
    let routes = Router::new()
        .route("/.well-known/acme-challenge/{token}", answer)
        .fallback(async move |uri: Uri| {
            let path = uri.path_and_query().map_or("/", |path| path.as_str());
            Redirect::permanent(&format!("{target}{path}"))
        });
    let (proxies, stopping) = (state.trusted_proxies.clone(), state.stopping.subscribe());
    connections::serve(listener, None, routes, limits, proxies, stopping).await;
}
