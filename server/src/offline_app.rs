//! Offline support for My day: service worker, web app manifest and icons. These files contain no personal data and need
//! no session, because browsers fetch some of them without cookies.

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

/// The service worker: queues entries until they are sent and caches the pages.
const WORKER: &str = include_str!("../../public/day-worker.js");
/// The page script: registers the worker, shows queued entries, keeps drafts of reports and gathers their photos, and loads pages
/// again that dispatch has changed.
const PAGE_SCRIPT: &str = concat!(
    include_str!("../../public/day-keeper.js"),
    include_str!("../../public/day-report.js"),
    include_str!("../../public/day-live.js")
);
const ICONS: [(&str, &[u8]); 2] = [
    ("icon-192.png", include_bytes!("../../public/icon-192.png")),
    ("icon-512.png", include_bytes!("../../public/icon-512.png")),
];

/// Returns the routes of these files.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/app/day/worker.js", get(worker))
        .route("/app/day/keeper.js", get(page_script))
        .route("/app/day/manifest.webmanifest", get(manifest))
        .route("/app/day/icons/{name}", get(icon))
}

async fn worker(State(state): State<AppState>) -> Response {
    let mut files = state.manifest.assets(App::Dispatch).files();
    files.push("/app/day/keeper.js".to_owned());
    scripts::worker(&json!({ "files": files }), WORKER, "/app")
}

async fn page_script() -> Response {
    scripts::script(PAGE_SCRIPT.to_owned())
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ManifestQuery {
    lang: String,
}

async fn manifest(Query(query): Query<ManifestQuery>) -> Response {
    let locale = Locale::from_tag(&query.lang).unwrap_or_default();
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
        "name": dispatch::i18n::my_day(locale),
        "short_name": dispatch::i18n::my_day(locale),
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
    let Some((_, bytes)) = ICONS.iter().find(|(file_name, _)| *file_name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut response = Response::new(Body::from(*bytes));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("image/png"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=86400"));
    response
}
