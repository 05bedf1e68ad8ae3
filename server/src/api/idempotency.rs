//! The `Idempotency-Key` header, and the requests under a key that are still running in this process.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use axum::http::HeaderMap;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use domain::problems::Problem;
use ordinavo_core::identity::actors::{Actor as _, ApiClient};
use ordinavo_core::integrations::idempotency::{Answer, IdempotencyKey};
use ordinavo_core::{CoreError, CoreResult};
use serde::Serialize;

use super::problem::MEDIA_TYPE;

/// The keys whose requests run in this process. Between several processes the database decides: the second one waits for
/// the first and repeats its answer.
#[derive(Debug, Clone, Default)]
pub struct RunningKeys(Arc<Mutex<HashSet<String>>>);

/// A key that is held while its request runs.
pub struct Held {
    key: Option<IdempotencyKey>,
    running: Option<(RunningKeys, String)>,
}

impl Held {
    /// The key, if the request has one.
    pub fn key(&self) -> Option<&IdempotencyKey> {
        self.key.as_ref()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some((running, name)) = self.running.take()
            && let Ok(mut names) = running.0.lock()
        {
            names.remove(&name);
        }
    }
}

/// Whether a route can do without a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// It can.
    Optional,
    /// It cannot.
    Required,
}

impl RunningKeys {
    /// Takes the key of a request. `route` is the method and the whole path.
    ///
    /// # Errors
    /// `idempotency_key_required`, `idempotency_key_invalid`, `idempotency_in_progress`.
    pub fn take(
        &self,
        client: &ApiClient,
        headers: &HeaderMap,
        route: &str,
        body: &[u8],
        demand: Demand,
    ) -> CoreResult<Held> {
        let mut sent = headers.get_all("idempotency-key").iter();
        let Some(value) = sent.next() else {
            return if demand == Demand::Required {
                Err(CoreError::new(
                    Problem::IdempotencyKeyRequired,
                    "This request needs an Idempotency-Key header.",
                ))
            } else {
                Ok(Held {
                    key: None,
                    running: None,
                })
            };
        };
        if sent.next().is_some() {
            return Err(CoreError::new(
                Problem::IdempotencyKeyInvalid,
                "Exactly one Idempotency-Key is allowed.",
            ));
        }
        let key = IdempotencyKey::new(route, value.to_str().unwrap_or_default(), body)?;
        let name = format!("{}\n{:?}\n{route}\n{}", client.label(), client.tenant(), key.key);
        if let Ok(mut names) = self.0.lock()
            && !names.insert(name.clone())
        {
            return Err(CoreError::new(
                Problem::IdempotencyInProgress,
                "A request with this Idempotency-Key is still running.",
            ));
        }
        Ok(Held {
            key: Some(key),
            running: Some((self.clone(), name)),
        })
    }
}

/// An answer of JSON.
pub fn answer<T: Serialize>(status: u16, location: Option<String>, body: &T) -> Answer {
    Answer::new(status, location, serde_json::to_string(body).unwrap_or_default())
}

/// An answer as a response.
pub fn respond(answer: Answer) -> Response {
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
