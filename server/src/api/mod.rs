//! The Connect REST API. Each operation has one file, `v1/<resource>/<verb>.rs`, with its OpenAPI description and handler.

pub mod body;
pub mod document;
pub mod idempotency;
pub mod limits;
pub mod paging;
pub mod path;
pub mod preference;
pub mod problem;
pub mod texts;
pub mod v1;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{ACCEPT, ALLOW};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use domain::fields::ObjectReader;
use domain::problems::Cause;
use ordinavo_core::{CoreError, CoreResult};
use serde::Serialize;
use serde_json::Value;

use self::idempotency::{answer, respond};
use self::problem::ApiError;
use crate::serve::AppState;

pub use self::document::document;

/// Returns the routes of the API, including problem responses for unknown paths and methods.
pub fn router(state: &AppState) -> Router<AppState> {
    let (routes, tokens, document) = document::routes_and_document();
    routes
        .layer(middleware::from_fn_with_state(
            state.clone(),
            limits::rate_limit_headers,
        ))
        .layer(middleware::from_fn(require_json_accepted))
        .route("/api/v1/openapi.json", get(move || async move { axum::Json(document) }))
        .merge(tokens)
        .merge(crate::oauth::standard_routes())
        .route("/api/{*rest}", axum::routing::any(not_found))
        .layer(middleware::from_fn(method_problem))
}

async fn not_found() -> ApiError {
    CoreError::not_found().into()
}

/// Rejects requests whose `Accept` header excludes JSON, before any work is done.
async fn require_json_accepted(request: Request, next: Next) -> Response {
    let accepted: Vec<&str> = request
        .headers()
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    let accepts_json = |range: &str| {
        let mut parts = range.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
        let refused =
            parts.any(|part| matches!(part.replace(' ', "").as_str(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000"));
        !refused
            && matches!(
                kind.as_str(),
                "*/*" | "application/*" | "application/json" | "application/problem+json"
            )
    };
    if accepted.is_empty() || accepted.iter().flat_map(|value| value.split(',')).any(accepts_json) {
        next.run(request).await
    } else {
        ApiError::from(CoreError::new(Cause::NotAcceptable)).into_response()
    }
}

/// Turns a `405` response into a problem and keeps the `Allow` header that the router has set.
async fn method_problem(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if response.status() != StatusCode::METHOD_NOT_ALLOWED {
        return response;
    }
    let allow = response.headers().get(ALLOW).cloned();
    let mut problem = ApiError::from(CoreError::new(Cause::MethodNotAllowed)).into_response();
    if let Some(allow) = allow {
        problem.headers_mut().insert(ALLOW, allow);
    }
    problem
}

/// Rejects a body with members, for operations that take no parameters.
///
/// # Errors
/// `unknown_field`.
pub fn require_empty_body(body: &Value) -> CoreResult<()> {
    let mut errors = Vec::new();
    if let Some(reader) = ObjectReader::new(body, "", &mut errors) {
        reader.finish(&mut errors);
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(CoreError::invalid(errors))
    }
}

/// Returns `201` with a `Location` for a created record and `200` for an updated one.
pub fn created_or_updated<T: Serialize>(is_new: bool, location: &str, body: &T) -> Response {
    if is_new {
        respond(answer(201, Some(location.to_owned()), body))
    } else {
        respond(answer(200, None, body))
    }
}

/// Percent-encodes a text for one path segment.
pub fn encode_segment(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}
