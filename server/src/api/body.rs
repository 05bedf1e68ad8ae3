//! Reading a JSON body: bounded in size and time, checked for type, depth and characters before a field is looked at.

use std::io::Read as _;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName};
use domain::fields::check_body;
use domain::json::{self, JsonError};
use domain::problems::Problem;
use ordinavo_core::{CoreError, CoreResult};
use serde_json::Value;

use super::problem::ApiError;

/// The largest single body, in bytes.
const MOST_BYTES: usize = 64 * 1024;
/// The largest batch, in bytes, unpacked.
const MOST_BATCH_BYTES: usize = 2 * 1024 * 1024;
/// How long a body may take to arrive.
const LONGEST: Duration = Duration::from_secs(10);

/// A JSON body, with its raw bytes for the fingerprint of an idempotency key.
pub struct JsonBody {
    /// As it was sent, unpacked.
    pub raw: Bytes,
    /// As it was read.
    pub value: Value,
}

/// The body of a batch: larger, and gzip is allowed.
pub struct BatchBody(pub JsonBody);

/// A body that may be left out; then it reads as an empty object.
pub struct OptionalBody(pub JsonBody);

fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> &'a str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .trim()
}

fn check_type(headers: &HeaderMap) -> CoreResult<()> {
    let essence = header(headers, &CONTENT_TYPE)
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    if essence.eq_ignore_ascii_case("application/json") {
        Ok(())
    } else {
        Err(CoreError::new(
            Problem::UnsupportedMediaType,
            "Send Content-Type: application/json.",
        ))
    }
}

fn too_large(most: usize) -> CoreError {
    let words = if most == MOST_BYTES {
        "A single body may have 64 KiB."
    } else {
        "A batch may have 2 MiB, unpacked."
    };
    CoreError::new(Problem::PayloadTooLarge, words)
}

async fn receive(request: Request, most: usize) -> CoreResult<Bytes> {
    let read = axum::body::to_bytes(request.into_body(), most);
    tokio::time::timeout(LONGEST, read)
        .await
        .map_err(|_| CoreError::new(Problem::MalformedJson, "The body did not arrive within 10 seconds."))?
        .map_err(|_| too_large(most))
}

/// Unpacks at most so many bytes; a bomb is noticed at the first byte beyond and nothing more of it is unpacked.
fn unpack(packed: &[u8], most: usize) -> CoreResult<Bytes> {
    let mut plain = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX) + 1;
    flate2::read::MultiGzDecoder::new(packed)
        .take(limit)
        .read_to_end(&mut plain)
        .map_err(|_| CoreError::new(Problem::MalformedJson, "The body is not valid gzip."))?;
    if plain.len() > most {
        return Err(too_large(most));
    }
    Ok(plain.into())
}

fn read(raw: Bytes) -> CoreResult<JsonBody> {
    let value = json::parse(&raw).map_err(|error| match error {
        JsonError::Malformed(text) => {
            CoreError::new(Problem::MalformedJson, format!("The body is not valid JSON: {text}."))
        }
        JsonError::TooDeep => CoreError::field(
            "",
            "validation_failed",
            format!("At most {} levels of nesting are allowed.", domain::fields::DEEPEST),
        ),
    })?;
    check_body(&value).map_err(|field| CoreError::invalid(vec![field]))?;
    Ok(JsonBody { raw, value })
}

async fn body(request: Request, most: usize, allows_gzip: bool) -> CoreResult<JsonBody> {
    check_type(request.headers())?;
    let encoding = header(request.headers(), &CONTENT_ENCODING).to_ascii_lowercase();
    let raw = match encoding.as_str() {
        "" | "identity" => receive(request, most).await?,
        "gzip" if allows_gzip => unpack(&receive(request, most).await?, most)?,
        _ => {
            return Err(CoreError::new(
                Problem::UnsupportedMediaType,
                if allows_gzip {
                    "Of content encodings only gzip is taken."
                } else {
                    "A single body is sent as it is; only batches may be gzip."
                },
            ));
        }
    };
    read(raw)
}

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        Ok(body(request, MOST_BYTES, false).await?)
    }
}

impl<S: Send + Sync> FromRequest<S> for BatchBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        Ok(Self(body(request, MOST_BATCH_BYTES, true).await?))
    }
}

impl<S: Send + Sync> FromRequest<S> for OptionalBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let typed = request.headers().contains_key(CONTENT_TYPE);
        let checked = if typed { check_type(request.headers()) } else { Ok(()) };
        let raw = receive(request, MOST_BYTES).await?;
        if raw.is_empty() {
            return Ok(Self(JsonBody {
                raw,
                value: Value::Object(serde_json::Map::new()),
            }));
        }
        checked?;
        if !typed {
            return Err(CoreError::new(Problem::UnsupportedMediaType, "Send Content-Type: application/json.").into());
        }
        Ok(Self(read(raw)?))
    }
}
