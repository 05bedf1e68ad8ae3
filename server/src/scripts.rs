//! The few scripts that are not part of a bundle: workers, and what runs in the pages beside them.

use axum::body::Body;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use serde_json::Value;

/// What every worker keeps on its device with.
const MEMORY: &str = include_str!("../../public/device-memory.js");

/// A script.
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

/// A service worker, with what it has to know of this build in front, and the part of the site that it may see.
pub fn worker(shell: &Value, text: &str, scope: &'static str) -> Response {
    let mut response = script(format!("'use strict';\nconst SHELL = {shell};\n{MEMORY}\n{text}"));
    response.headers_mut().insert(
        HeaderName::from_static("service-worker-allowed"),
        HeaderValue::from_static(scope),
    );
    response
}
