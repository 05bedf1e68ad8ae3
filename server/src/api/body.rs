//! Reading a JSON body: bounded in size and time, checked for type, depth and characters before a field is looked at.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use domain::fields::check_body;
use domain::problems::Problem;
use ordinavo_core::CoreError;
use serde_json::Value;

use super::problem::ApiError;

/// The largest single body, in bytes.
const MOST_BYTES: usize = 64 * 1024;
/// How long a body may take to arrive.
const LONGEST: Duration = Duration::from_secs(10);

/// A JSON body, with its raw bytes for the fingerprint of an idempotency key.
pub struct JsonBody {
    /// As it was sent.
    pub raw: Bytes,
    /// As it was read.
    pub value: Value,
}

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let kind = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            return Err(CoreError::new(Problem::UnsupportedMediaType, "Send Content-Type: application/json.").into());
        }
        let too_large = || CoreError::new(Problem::PayloadTooLarge, "A single body may have 64 KiB.");
        let read = axum::body::to_bytes(request.into_body(), MOST_BYTES);
        let raw = tokio::time::timeout(LONGEST, read)
            .await
            .map_err(|_| CoreError::new(Problem::MalformedJson, "The body did not arrive within 10 seconds."))?
            .map_err(|_| too_large())?;
        let value: Value = serde_json::from_slice(&raw).map_err(|error| {
            CoreError::new(
                Problem::MalformedJson,
                format!("Line {}, column {} is not valid JSON.", error.line(), error.column()),
            )
        })?;
        check_body(&value).map_err(|field| CoreError::invalid(vec![field]))?;
        Ok(Self { raw, value })
    }
}
