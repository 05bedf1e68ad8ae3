//! Scripts outside the bundles: service workers and their page scripts.

use axum::body::Body;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use serde_json::Value;

/// Storage functions that all service workers share.
const DEVICE_STORAGE: &str = include_str!("../../public/device-memory.js");

/// Returns a response with a script.
pub fn script(text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8"));
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; connect-src 'self'"),
    );
    response
}

/// Returns a response with a service worker. `shell` describes the files of this build, `scope` is its allowed scope.
pub fn worker(shell: &Value, text: &str, scope: &'static str) -> Response {
    let mut response = script(format!(
        "'use strict';\nconst SHELL = {shell};\n{DEVICE_STORAGE}\n{text}"
    ));
    response.headers_mut().insert(
        HeaderName::from_static("service-worker-allowed"),
        HeaderValue::from_static(scope),
    );
    response
}
