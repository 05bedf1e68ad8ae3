//! The Connect REST API. One file a route: `v1/<resource>/<verb>.rs`, with its description, a short handler and nothing else.

pub mod body;
pub mod document;
pub mod idempotency;
pub mod limits;
pub mod paging;
pub mod path;
pub mod preference;
pub mod problem;
pub mod v1;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{ACCEPT, ALLOW};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use domain::fields::ObjectReader;
use domain::problems::Problem;
use ordinavo_core::{CoreError, CoreResult};
use serde::Serialize;
use serde_json::Value;

use self::idempotency::{answer, respond};
use self::problem::ApiError;
use crate::serve::AppState;

pub use self::document::document;

/// The routes of the API, with problems for everything that no route answers.
pub fn router(state: &AppState) -> Router<AppState> {
    let (routes, tokens, document) = document::described();
    routes
        .layer(middleware::from_fn_with_state(state.clone(), limits::meter))
        .layer(middleware::from_fn(takes_json))
        .route("/api/v1/openapi.json", get(move || async move { axum::Json(document) }))
        .merge(tokens)
        .merge(crate::oauth::prescribed_routes())
        .route("/api/{*rest}", axum::routing::any(nothing_here))
        .layer(middleware::from_fn(method_problem))
}

async fn nothing_here() -> ApiError {
    CoreError::not_found().into()
}

/// A client that takes no JSON is told so before anything is done for it.
async fn takes_json(request: Request, next: Next) -> Response {
    let sent: Vec<&str> = request
        .headers()
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    let takes = |range: &str| {
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
    if sent.is_empty() || sent.iter().flat_map(|value| value.split(',')).any(takes) {
        next.run(request).await
    } else {
        ApiError::from(CoreError::new(
            Problem::NotAcceptable,
            "Accept application/json; nothing else can be sent.",
        ))
        .into_response()
    }
}

/// A method that a path does not have is a problem too; the router has already set `Allow`.
async fn method_problem(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if response.status() != StatusCode::METHOD_NOT_ALLOWED {
        return response;
    }
    let allow = response.headers().get(ALLOW).cloned();
    let mut problem = ApiError::from(CoreError::new(
        Problem::MethodNotAllowed,
        "This method is not allowed here.",
    ))
    .into_response();
    if let Some(allow) = allow {
        problem.headers_mut().insert(ALLOW, allow);
    }
    problem
}

/// Refuses members in a body that needs none.
///
/// # Errors
/// `unknown_field`.
pub fn empty_body(body: &Value) -> CoreResult<()> {
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

/// The answer to a record that was made or changed.
pub fn written<T: Serialize>(is_new: bool, location: &str, body: &T) -> Response {
    if is_new {
        respond(answer(201, Some(location.to_owned()), body))
    } else {
        respond(answer(200, None, body))
    }
}

/// Escapes a text for one segment of an address.
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
