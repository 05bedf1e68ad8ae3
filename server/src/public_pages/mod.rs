//! Pages without an account that do something: public forms, terminals and the tracking page.

pub mod intake;
pub mod terminal;
pub mod track;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware;
use axum::routing::{get, post};
use domain::locale::Locale;
use tower_http::csrf::CsrfLayer;
use tower_http::limit::RequestBodyLimitLayer;
use ui::viewer::Viewer;

use crate::authn::gate::viewer;
use crate::serve::AppState;
use crate::{http_layers, public_limits};

/// The largest answer on a tracking page, in bytes: the longest text in the longest encoding.
const MOST_ANSWER_BYTES: usize = 64 * 1024;

/// The routes, behind the limits for people without an account.
pub fn routes(state: &AppState) -> Router<AppState> {
    let small = || RequestBodyLimitLayer::new(MOST_ANSWER_BYTES);
    let tracking = Router::new()
        .route("/track/{token}", get(track::page))
        .route("/track/{token}/answer", post(track::answer).layer(small()))
        .route("/track/{token}/choose", post(track::choose).layer(small()))
        .route("/track/{token}/withdraw", post(track::withdraw).layer(small()))
        .layer(CsrfLayer::new())
        .layer(middleware::from_fn(http_layers::says_its_origin))
        // A mail program posts here by itself (RFC 8058); whoever has the link may ask for it.
        .route(
            "/track/{token}/no-mails",
            get(track::no_mails).post(track::refuse_mails).layer(small()),
        );
    let forms = Router::new()
        .route("/intake/{form}", get(intake::page).post(intake::send))
        .layer(DefaultBodyLimit::disable())
        .layer(CsrfLayer::new())
        .layer(middleware::from_fn(http_layers::says_its_origin));
    let terminal = Router::new()
        .route("/terminal", get(terminal::page))
        .route("/terminal/pair", post(terminal::pair).layer(small()))
        .route("/terminal/requests", post(terminal::send).layer(small()))
        .route("/terminal/kept", post(terminal::take_kept).layer(small()))
        .route("/terminal/receipt", get(terminal::receipt))
        .route("/terminal/state", get(terminal::state))
        .route("/terminal/worker.js", get(terminal::worker))
        .route("/terminal/keeper.js", get(terminal::keeper))
        .layer(CsrfLayer::new())
        .layer(middleware::from_fn(http_layers::says_its_origin));
    tracking
        .merge(forms)
        .merge(terminal)
        .layer(middleware::from_fn_with_state(state.clone(), public_limits::guard))
}

/// Who looks: the language that the address names, or else what the browser asks for.
fn reader(state: &AppState, request: &Request) -> Viewer {
    let named = request
        .uri()
        .query()
        .unwrap_or_default()
        .split('&')
        .find_map(|pair| pair.strip_prefix("lang="))
        .and_then(Locale::from_tag);
    viewer(state, request.headers(), request, named)
}
