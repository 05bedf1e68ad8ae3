//! Interactive pages without an account: setup, intake forms, terminals and the tracking page.

pub mod intake;
pub mod setup;
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

/// Limit for the small forms of these pages: the longest text in the longest encoding.
const MAX_SMALL_FORM_BYTES: usize = 64 * 1024;

/// Returns the routes, including their rate limits.
pub fn routes(state: &AppState) -> Router<AppState> {
    let small_form = || RequestBodyLimitLayer::new(MAX_SMALL_FORM_BYTES);
    let tracking = Router::new()
        .route("/track/{token}", get(track::page))
        .route(
            "/track/{token}/answer",
            post(track::answer).layer(DefaultBodyLimit::disable()),
        )
        .route("/track/{token}/reschedule", post(track::reschedule).layer(small_form()))
        .route("/track/{token}/cancel", post(track::cancel).layer(small_form()))
        .route("/track/{token}/decline", post(track::decline).layer(small_form()))
        .route("/track/{token}/files/{id}", get(track::file))
        .route("/track/{token}/appointment.ics", get(track::calendar_file))
        .route("/track/{token}/choose", post(track::choose).layer(small_form()))
        .route("/track/{token}/withdraw", post(track::withdraw).layer(small_form()))
        .layer(CsrfLayer::new())
        .layer(middleware::from_fn(http_layers::require_origin))
        // Mail programs post here without an origin (one-click unsubscribe, RFC 8058).
        .route(
            "/track/{token}/no-mails",
            get(track::unsubscribe_form)
                .post(track::submit_unsubscribe)
                .layer(small_form()),
        );
    let forms = Router::new()
        .route("/intake/{form}", get(intake::page).post(intake::submit))
        .layer(DefaultBodyLimit::disable())
        .layer(CsrfLayer::new())
        .layer(middleware::from_fn(http_layers::require_origin));
    let terminal = Router::new()
        .route("/terminal", get(terminal::page))
        .route("/terminal/pair", post(terminal::pair).layer(small_form()))
        .route("/terminal/requests", post(terminal::submit).layer(small_form()))
        .route("/terminal/kept", post(terminal::submit_queued).layer(small_form()))
        .route("/terminal/receipt", get(terminal::receipt))
        .route("/terminal/state", get(terminal::state))
        .route("/terminal/worker.js", get(terminal::worker))
        .route("/terminal/keeper.js", get(terminal::page_script))
        .layer(CsrfLayer::new())
        .layer(middleware::from_fn(http_layers::require_origin));
    let setup = Router::new()
        .route(
            "/setup/{code}",
            get(setup::page).post(setup::submit).layer(small_form()),
        )
        .layer(CsrfLayer::new())
        .layer(middleware::from_fn(http_layers::require_origin));
    tracking
        .merge(setup)
        .merge(forms)
        .merge(terminal)
        .layer(middleware::from_fn_with_state(state.clone(), public_limits::guard))
}

/// Returns the viewer, with the language of the `lang` query parameter or of the browser.
pub(crate) fn reader(state: &AppState, request: &Request) -> Viewer {
    let requested_locale = request
        .uri()
        .query()
        .unwrap_or_default()
        .split('&')
        .find_map(|pair| pair.strip_prefix("lang="))
        .and_then(Locale::from_tag);
    viewer(state, request.headers(), request, requested_locale)
}
