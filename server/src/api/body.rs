//! Extractors for JSON bodies. Size, time, media type, nesting depth and characters are type_check before any field is read.

use std::io::Read as _;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName};
use domain::fields::{FieldCode, check_body};
use domain::json::{self, JsonError};
use domain::problems::Cause;
use mediatype::{MediaType, media_type};
use ordinavo_core::{CoreError, CoreResult};
use serde_json::Value;

use super::problem::ApiError;

const MAX_BODY_BYTES: usize = 64 * 1024;
/// The limit for a batch, after decompression.
const MAX_BATCH_BYTES: usize = 2 * 1024 * 1024;
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// A JSON body, with its raw bytes for the request hash of an idempotency key.
pub struct JsonBody {
    /// The body after decompression.
    pub raw: Bytes,
    /// The parsed body.
    pub value: Value,
}

/// The body of a batch request: larger than a single body, with gzip allowed. The characters of its items are checked
/// with the items.
pub struct BatchBody(pub JsonBody);

/// An optional body; an absent one is read as an empty object.
pub struct OptionalBody(pub JsonBody);

fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> &'a str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .trim()
}

fn check_type(headers: &HeaderMap) -> CoreResult<()> {
    let is_json = MediaType::parse(header(headers, &CONTENT_TYPE))
        .is_ok_and(|media_type| media_type.essence() == media_type!(APPLICATION / JSON));
    if is_json {
        Ok(())
    } else {
        Err(CoreError::new(Cause::MediaTypeNotJson))
    }
}

fn too_large(max_bytes: usize) -> CoreError {
    CoreError::new(Cause::BodyTooLarge {
        max_kib: max_bytes / 1024,
    })
}

async fn receive(request: Request, max_bytes: usize) -> CoreResult<Bytes> {
    let read = axum::body::to_bytes(request.into_body(), max_bytes);
    tokio::time::timeout(BODY_TIMEOUT, read)
        .await
        .map_err(|_| {
            CoreError::new(Cause::BodyTimeout {
                seconds: BODY_TIMEOUT.as_secs(),
            })
        })?
        .map_err(|_| too_large(max_bytes))
}

/// Decompresses a gzip body and stops at the first byte beyond the limit, which protects against decompression bombs.
fn decompress(compressed: &[u8], max_bytes: usize) -> CoreResult<Bytes> {
    let mut decompressed = Vec::new();
    let limit = u64::try_from(max_bytes).unwrap_or(u64::MAX) + 1;
    flate2::read::MultiGzDecoder::new(compressed)
        .take(limit)
        .read_to_end(&mut decompressed)
        .map_err(|_| CoreError::new(Cause::InvalidGzip))?;
    if decompressed.len() > max_bytes {
        return Err(too_large(max_bytes));
    }
    Ok(decompressed.into())
}

/// Parses a body and checks its characters.
fn read(raw: Bytes) -> CoreResult<JsonBody> {
    let body = parse(raw)?;
    check_body(&body.value).map_err(|field| CoreError::invalid(vec![field]))?;
    Ok(body)
}

fn parse(raw: Bytes) -> CoreResult<JsonBody> {
    let value = json::parse(&raw).map_err(|error| match error {
        JsonError::Malformed(text) => CoreError::new(Cause::InvalidJson { message: text }),
        JsonError::TooDeep => CoreError::field(
            "",
            FieldCode::TooDeep {
                max: domain::fields::MAX_DEPTH,
            },
        ),
    })?;
    Ok(JsonBody { raw, value })
}

async fn body(request: Request, max_bytes: usize, allows_gzip: bool) -> CoreResult<Bytes> {
    check_type(request.headers())?;
    let encoding = header(request.headers(), &CONTENT_ENCODING).to_ascii_lowercase();
    match encoding.as_str() {
        "" | "identity" => receive(request, max_bytes).await,
        "gzip" if allows_gzip => decompress(&receive(request, max_bytes).await?, max_bytes),
        _ => Err(CoreError::new(Cause::ContentEncodingNotAccepted {
            accepts_gzip: allows_gzip,
        })),
    }
}

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        Ok(read(body(request, MAX_BODY_BYTES, false).await?)?)
    }
}

impl<S: Send + Sync> FromRequest<S> for BatchBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        Ok(Self(parse(body(request, MAX_BATCH_BYTES, true).await?)?))
    }
}

impl<S: Send + Sync> FromRequest<S> for OptionalBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let has_content_type = request.headers().contains_key(CONTENT_TYPE);
        let type_check = if has_content_type {
            check_type(request.headers())
        } else {
            Ok(())
        };
        let raw = receive(request, MAX_BODY_BYTES).await?;
        if raw.is_empty() {
            return Ok(Self(JsonBody {
                raw,
                value: Value::Object(serde_json::Map::new()),
            }));
        }
        type_check?;
        if !has_content_type {
            return Err(CoreError::new(Cause::MediaTypeNotJson).into());
        }
        Ok(Self(read(raw)?))
    }
}
