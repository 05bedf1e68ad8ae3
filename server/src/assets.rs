//! Style sheets, fonts and bundles: embedded in a release build, read from `target/site/pkg` in a development build;
//! hashed names, kept for ever by browsers, compressed when they were built.

use axum::body::Body;
use axum::extract::Path;
use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use leptos::config::LeptosOptions;
use rust_embed::RustEmbed;
use serde::Deserialize;
use ui::shell::{App, Assets};

#[derive(RustEmbed)]
#[folder = "../target/site/pkg"]
struct Files;

/// What the build wrote about itself: the hashed names.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Manifest {
    dispatch: Names,
    portal: Names,
    public: Names,
    fonts: Vec<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Names {
    bundle: String,
    style: String,
}

impl Manifest {
    /// Reads the manifest; without one (a server that was compiled alone) pages have neither style nor islands.
    pub fn read() -> Self {
        Files::get("assets.json")
            .and_then(|file| serde_json::from_slice(&file.data).ok())
            .unwrap_or_default()
    }

    /// The files of an app.
    pub fn of(&self, app: App) -> Assets {
        let names = match app {
            App::Dispatch | App::Partner | App::Public => &self.dispatch,
            App::Portal => &self.portal,
            App::Intake => &self.public,
        };
        let bundle =
            (!names.bundle.is_empty() && matches!(app, App::Dispatch | App::Portal | App::Intake)).then(|| {
                LeptosOptions::builder()
                    .output_name(names.bundle.as_str())
                    .site_pkg_dir("pkg")
                    .site_root("target/site")
                    .build()
            });
        Assets {
            style: format!("/pkg/{}", names.style),
            fonts: self.fonts.iter().map(|font| format!("/pkg/{font}")).collect(),
            bundle,
        }
    }
}

/// `/pkg/{file}`.
pub async fn serve(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let accepted = headers
        .get(ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let found = [("br", ".br"), ("gzip", ".gz")]
        .into_iter()
        .filter(|(encoding, _)| accepted.contains(encoding))
        .find_map(|(encoding, suffix)| Files::get(&format!("{name}{suffix}")).map(|file| (Some(encoding), file)))
        .or_else(|| Files::get(&name).map(|file| (None, file)));
    let Some((encoding, file)) = found.filter(|_| name != "assets.json") else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = match name.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("css") => "text/css; charset=utf-8",
        Some("woff2") => "font/woff2",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    let mut response = Response::new(Body::from(file.data.into_owned()));
    let answer = response.headers_mut();
    answer.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    // The icon has no hash in its name; everything else never changes under its name.
    answer.insert(
        CACHE_CONTROL,
        HeaderValue::from_static(if name == "icon.svg" {
            "public, max-age=86400"
        } else {
            "public, max-age=31536000, immutable"
        }),
    );
    answer.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        answer.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}
