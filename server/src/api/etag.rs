//! Entity tags of answers (RFC 9110): `ETag`, `If-None-Match` with 304, and `If-Match`.

use axum::http::header::{ETAG, HeaderName, IF_MATCH, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use domain::problems::Cause;
use ordinavo_core::secrets::{hex, sha256};
use ordinavo_core::{CoreError, CoreResult};
use serde::Serialize;

/// Returns the entity tag of a body.
///
/// # Errors
/// The body cannot be serialized.
pub fn etag<T: Serialize>(body: &T) -> CoreResult<String> {
    Ok(of_bytes(&serde_json::to_vec(body)?))
}

/// Returns the entity tag of bytes.
pub fn of_bytes(bytes: &[u8]) -> String {
    let short: String = hex(&sha256(bytes)).chars().take(32).collect();
    format!("\"{short}\"")
}

/// Returns whether the client has the version with this tag already.
pub fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    tags(headers, &IF_NONE_MATCH)
        .iter()
        .any(|sent| *sent == "*" || *sent == tag)
}

/// Returns the tags of a header, without the mark of weak ones, which are compared like strong ones (RFC 9110, 13.1.2).
fn tags<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Vec<&'a str> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|tag| tag.trim().trim_start_matches("W/"))
        .filter(|tag| !tag.is_empty())
        .collect()
}

/// Returns a body with its entity tag, or 304 if the client has it already.
///
/// # Errors
/// The body cannot be serialized.
pub fn tagged<T: Serialize>(headers: &HeaderMap, body: &T) -> CoreResult<Response> {
    let tag = etag(body)?;
    let mut response = if is_known(headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        axum::Json(body).into_response()
    };
    if let Ok(value) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(ETAG, value);
    }
    Ok(response)
}

/// Returns the entity tag of `If-Match`, which allows a correction of the version that the client has read.
///
/// # Errors
/// `invalid_header` for more than one tag.
pub fn if_match(headers: &HeaderMap) -> CoreResult<Option<String>> {
    match tags(headers, &IF_MATCH).as_slice() {
        [] => Ok(None),
        [tag] => Ok(Some((*tag).to_owned())),
        _ => Err(CoreError::new(Cause::HeaderNotOneTag {
            header: "if-match".to_owned(),
        })),
    }
}
