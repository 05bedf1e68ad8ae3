//! What puts My day on a phone: the worker that keeps it without a network, and what makes it installable. Nothing here says
//! anything about anybody, so it is there for whoever asks; browsers fetch parts of it without the session.

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use domain::locale::Locale;
use serde::Deserialize;
use serde_json::json;
use ui::shell::App;

use crate::scripts;
use crate::serve::AppState;

/// Keeps what is noted until it has arrived, and the pages for when there is no network.
const WORKER: &str = include_str!("../../public/day-worker.js");
/// Runs in the pages: starts the worker and shows what the phone still holds.
const KEEPER: &str = include_str!("../../public/day-keeper.js");
/// The icon in the sizes that phones ask for.
const ICONS: [(&str, &[u8]); 2] = [
    ("icon-192.png", include_bytes!("../../public/icon-192.png")),
    ("icon-512.png", include_bytes!("../../public/icon-512.png")),
];

/// The files around My day.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/app/day/worker.js", get(worker))
        .route("/app/day/keeper.js", get(keeper))
        .route("/app/day/manifest.webmanifest", get(manifest))
        .route("/app/day/icons/{name}", get(icon))
}

async fn worker(State(state): State<AppState>) -> Response {
    let mut files = state.manifest.of(App::Dispatch).files();
    files.push("/app/day/keeper.js".to_owned());
    scripts::worker(&json!({ "files": files }), WORKER, "/app")
}

async fn keeper() -> Response {
    scripts::script(KEEPER.to_owned())
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Reader {
    lang: String,
}

async fn manifest(Query(reader): Query<Reader>) -> Response {
    let locale = Locale::from_tag(&reader.lang).unwrap_or_default();
    let icons: Vec<_> = ICONS
        .iter()
        .map(|(name, _)| {
            let side = name.trim_start_matches("icon-").trim_end_matches(".png");
            json!({ "src": format!("/app/day/icons/{name}"), "sizes": format!("{side}x{side}"), "type": "image/png", "purpose": "any" })
        })
        .chain([json!({ "src": "/pkg/icon.svg", "sizes": "any", "type": "image/svg+xml" })])
        .collect();
    let text = json!({
        "id": "/app/day",
        "name": dispatch::words::my_day(locale),
        "short_name": dispatch::words::my_day(locale),
        "lang": locale.tag(),
        "dir": locale.direction(),
        "start_url": "/app/day",
        "scope": "/app",
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": "#0b5f66",
        "icons": icons,
    });
    let mut response = Response::new(Body::from(text.to_string()));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/manifest+json"));
    response
}

async fn icon(Path(name): Path<String>) -> Response {
    let Some((_, bytes)) = ICONS.iter().find(|(known, _)| *known == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut response = Response::new(Body::from(*bytes));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("image/png"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=86400"));
    response
}
