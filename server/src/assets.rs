//! Static assets: style sheets, fonts and bundles. Release builds embed them, development builds read them from
//! `target/site/pkg`. Names contain a hash, so browsers cache the files indefinitely; compressed forms are built ahead.

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
struct AssetFiles;

/// The asset manifest: the hashed file names that the build wrote.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Manifest {
    dispatch: AppFiles,
    portal: AppFiles,
    public: AppFiles,
    fonts: Vec<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct AppFiles {
    bundle: String,
    style: String,
}

impl Manifest {
    /// Reads the manifest. Without one (if only the server was built), pages have neither styles nor islands.
    pub fn read() -> Self {
        AssetFiles::get("assets.json")
            .and_then(|file| serde_json::from_slice(&file.data).ok())
            .unwrap_or_default()
    }

    /// Returns the files of an app.
    pub fn assets(&self, app: App) -> Assets {
        let files = match app {
            App::Dispatch | App::Partner | App::Public => &self.dispatch,
            App::Portal => &self.portal,
            App::Intake => &self.public,
        };
        let bundle = match app {
            // Its pages have the islands of accounts only, which the bundle of the portal contains.
            App::Partner => self.portal.bundle.as_str(),
            App::Public => "",
            App::Dispatch | App::Portal | App::Intake => files.bundle.as_str(),
        };
        let bundle = (!bundle.is_empty()).then(|| {
            LeptosOptions::builder()
                .output_name(bundle)
                .site_pkg_dir("pkg")
                .site_root("target/site")
                .build()
        });
        Assets {
            style: format!("/pkg/{}", files.style),
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
    let file = [("br", ".br"), ("gzip", ".gz")]
        .into_iter()
        .filter(|(encoding, _)| accepted.contains(encoding))
        .find_map(|(encoding, suffix)| AssetFiles::get(&format!("{name}{suffix}")).map(|file| (Some(encoding), file)))
        .or_else(|| AssetFiles::get(&name).map(|file| (None, file)));
    let Some((encoding, file)) = file.filter(|_| name != "assets.json") else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let content_type = match name.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("css") => "text/css; charset=utf-8",
        Some("woff2") => "font/woff2",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    let mut response = Response::new(Body::from(file.data.into_owned()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    // The icon is the only file without a hash in its name.
    headers.insert(
        CACHE_CONTROL,
        HeaderValue::from_static(if name == "icon.svg" {
            "public, max-age=86400"
        } else {
            "public, max-age=31536000, immutable"
        }),
    );
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}
