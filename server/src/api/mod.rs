//! The Connect REST API. Each operation has one file, `v1/<resource>/<verb>.rs`, with its OpenAPI description and handler.

pub mod body;
pub mod document;
pub mod etag;
pub mod idempotency;
pub mod limits;
pub mod paging;
pub mod path;
pub mod preference;
pub mod problem;
pub mod query;
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
use mediatype::{MediaTypeList, ReadParams as _, names};
use ordinavo_core::{CoreError, CoreResult};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
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
    if accepted.is_empty() || accepted.into_iter().any(accepts_json) {
        next.run(request).await
    } else {
        ApiError::from(CoreError::new(Cause::NotAcceptable)).into_response()
    }
}

/// Returns whether the value of an `Accept` header contains a range that includes JSON and is not refused with `q=0`.
fn accepts_json(accept: &str) -> bool {
    const RANGES: [&str; 4] = ["*/*", "application/*", "application/json", "application/problem+json"];
    MediaTypeList::new(accept).filter_map(Result::ok).any(|range| {
        let is_refused = range
            .get_param(names::Q)
            .is_some_and(|quality| quality.as_str().parse() == Ok(0.0_f32));
        !is_refused
            && RANGES
                .iter()
                .any(|json| range.essence().to_string().eq_ignore_ascii_case(json))
    })
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

/// The characters that a path segment contains literally: the unreserved ones of RFC 3986.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Percent-encodes a text for one path segment.
pub fn encode_segment(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_json_unless_excluded() {
        for (accept, expected) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/problem+json", true),
            ("text/html, application/*;q=0.5", true),
            ("text/html,application/xml;q=0.9,*/*;q=0.8", true),
            ("text/html", false),
            ("application/json;q=0", false),
            ("application/json; q=0.000, text/html", false),
            ("nonsense", false),
        ] {
            assert_eq!(accepts_json(accept), expected, "{accept}");
        }
    }

    #[test]
    fn encode_segment_keeps_unreserved_characters_only() {
        assert_eq!(encode_segment("A-1._~ /?ä"), "A-1._~%20%2F%3F%C3%A4");
    }
}
