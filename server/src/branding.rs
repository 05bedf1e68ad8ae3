//! Portal branding: style sheet and logo of a tenant. The URLs contain a random version and are cached indefinitely.

use axum::extract::{Path, State};
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use ordinavo_core::branding;

use crate::api::problem::logged_status;
use crate::serve::AppState;

/// `/portal/branding/{version}/style.css`.
pub async fn style_sheet(State(state): State<AppState>, Path(version): Path<String>) -> Response {
    match branding::style_sheet(&state.core, &version).await {
        Ok(sheet) => cacheable(sheet.into_response(), "text/css; charset=utf-8"),
        Err(error) => logged_status(&error).into_response(),
    }
}

/// `/portal/branding/{version}/logo.png`.
pub async fn logo(State(state): State<AppState>, Path(version): Path<String>) -> Response {
    match branding::logo(&state.core, &version).await {
        Ok(bytes) => cacheable(bytes.into_response(), "image/png"),
        Err(error) => logged_status(&error).into_response(),
    }
}

fn cacheable(mut response: Response, kind: &'static str) -> Response {
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(
        CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=31536000, immutable"),
    );
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("sandbox; default-src 'none'"),
    );
    response
}
