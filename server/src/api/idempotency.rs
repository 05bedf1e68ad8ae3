//! The `Idempotency-Key` header and the keys whose requests are in flight in this process.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use axum::http::HeaderMap;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use domain::problems::Cause;
use ordinavo_core::identity::actors::{Actor as _, ApiClient};
use ordinavo_core::integrations::idempotency::{ApiResponse, IdempotencyKey};
use ordinavo_core::{CoreError, CoreResult};
use serde::Serialize;

use super::problem::MEDIA_TYPE;

/// Idempotency keys whose requests are in flight in this process. Across processes the database decides: the second
/// request waits for the first and replays its response.
#[derive(Debug, Clone, Default)]
pub struct InFlightKeys(Arc<Mutex<HashSet<String>>>);

/// Reserves an idempotency key until it is dropped.
pub struct IdempotencyGuard {
    key: Option<IdempotencyKey>,
    running: Option<(InFlightKeys, String)>,
}

impl IdempotencyGuard {
    /// Returns the key if the request has one.
    pub fn key(&self) -> Option<&IdempotencyKey> {
        self.key.as_ref()
    }
}

impl Drop for IdempotencyGuard {
    fn drop(&mut self) {
        if let Some((running, name)) = self.running.take()
            && let Ok(mut in_flight) = running.0.lock()
        {
            in_flight.remove(&name);
        }
    }
}

/// Whether a route requires an idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyRequirement {
    Optional,
    Required,
}

impl InFlightKeys {
    /// Reserves the key of a request. `route` is the method and the full path.
    ///
    /// # Errors
    /// `idempotency_key_required`, `idempotency_key_invalid`, `idempotency_in_progress`.
    pub fn reserve(
        &self,
        client: &ApiClient,
        headers: &HeaderMap,
        route: &str,
        body: &[u8],
        demand: KeyRequirement,
    ) -> CoreResult<IdempotencyGuard> {
        let mut values = headers.get_all("idempotency-key").iter();
        let Some(value) = values.next() else {
            return if demand == KeyRequirement::Required {
                Err(CoreError::new(Cause::IdempotencyKeyMissing))
            } else {
                Ok(IdempotencyGuard {
                    key: None,
                    running: None,
                })
            };
        };
        if values.next().is_some() {
            return Err(CoreError::new(Cause::IdempotencyKeyRepeated));
        }
        let key = IdempotencyKey::new(route, value.to_str().unwrap_or_default(), body)?;
        let name = format!("{}\n{:?}\n{route}\n{}", client.label(), client.tenant(), key.key);
        if let Ok(mut in_flight) = self.0.lock()
            && !in_flight.insert(name.clone())
        {
            return Err(CoreError::new(Cause::IdempotencyInProgress));
        }
        Ok(IdempotencyGuard {
            key: Some(key),
            running: Some((self.clone(), name)),
        })
    }
}

/// Builds a JSON answer that can be stored under an idempotency key.
pub fn answer<T: Serialize>(status: u16, location: Option<String>, body: &T) -> ApiResponse {
    ApiResponse::new(status, location, serde_json::to_string(body).unwrap_or_default())
}

/// Converts an answer into an HTTP response.
pub fn respond(answer: ApiResponse) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, answer.body).into_response();
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        if status.is_success() {
            HeaderValue::from_static("application/json")
        } else {
            MEDIA_TYPE
        },
    );
    if let Some(location) = answer
        .location
        .and_then(|location| HeaderValue::from_str(&location).ok())
    {
        headers.insert(LOCATION, location);
    }
    if answer.replayed {
        headers.insert(
            HeaderName::from_static("idempotency-replayed"),
            HeaderValue::from_static("true"),
        );
    }
    response
}
