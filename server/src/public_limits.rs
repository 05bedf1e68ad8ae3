//! Rate limits of the public pages, per network, and the limit of concurrent uploads. Rejecting a request is cheap, so a
//! flood of public requests does not affect the rest of the server.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::{collections::HashMap, time::Duration};

use axum::extract::{Request, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use domain::locale::Locale;
use domain::network::Network;
use domain::problems::Cause;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::public_pages::reader;
use crate::serve::AppState;

/// Each upload that is being processed holds its whole body in memory.
const MAX_CONCURRENT_UPLOADS: usize = 4;
/// Uploads that are being received, on disk.
const MAX_ARRIVING_UPLOADS: usize = 64;
const UPLOAD_WAIT: Duration = Duration::from_secs(10);

/// The token buckets of this process for visitors without an account.
pub struct PublicLimits {
    views: DefaultKeyedRateLimiter<Network>,
    submissions: DefaultKeyedRateLimiter<Network>,
    unproven_submissions: DefaultKeyedRateLimiter<Network>,
    actions: DefaultKeyedRateLimiter<Network>,
    uploads: Arc<Semaphore>,
    arriving_uploads: Arc<Semaphore>,
    /// Uploads of each network: one at a time, so that no network has all places.
    uploads_by_network: UploadPlaces<Network>,
}

/// A place for an upload that arrives, until it is dropped.
pub struct ArrivingUpload {
    _of_network: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
}

/// Places for the uploads of each key, such as an account.
pub struct UploadPlaces<K> {
    count: usize,
    by_key: Mutex<HashMap<K, Arc<Semaphore>>>,
}

impl<K: Eq + Hash> UploadPlaces<K> {
    /// Creates `count` places for each key.
    pub fn new(count: usize) -> Self {
        Self {
            count,
            by_key: Mutex::default(),
        }
    }

    /// Waits up to 10 seconds for a place; returns `None` if all are in use.
    pub async fn acquire(&self, key: K) -> Option<OwnedSemaphorePermit> {
        let places = {
            let mut by_key = self.by_key.lock().unwrap_or_else(PoisonError::into_inner);
            let places = by_key
                .entry(key)
                .or_insert_with(|| Arc::new(Semaphore::new(self.count)));
            places.clone()
        };
        let place = tokio::time::timeout(UPLOAD_WAIT, places.acquire_owned()).await;
        place.ok()?.ok()
    }

    /// Removes keys without uploads.
    pub fn purge_idle(&self) {
        let mut by_key = self.by_key.lock().unwrap_or_else(PoisonError::into_inner);
        by_key.retain(|_, places| Arc::strong_count(places) > 1);
    }
}

fn per_minute(count: u32, burst: u32) -> Quota {
    let number = |count| NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN);
    Quota::per_minute(number(count)).allow_burst(number(burst))
}

/// Consumes a token of a bucket.
///
/// # Errors
/// Returns the seconds to wait.
pub fn check_rate<K: Clone + Eq + Hash>(bucket: &DefaultKeyedRateLimiter<K>, key: &K) -> Result<(), u64> {
    bucket
        .check_key(key)
        .map_err(|until| until.wait_time_from(DefaultClock::default().now()).as_secs() + 1)
}

impl PublicLimits {
    /// Creates the buckets.
    pub fn new() -> Self {
        Self {
            views: RateLimiter::keyed(per_minute(600, 60)),
            submissions: RateLimiter::keyed(per_minute(20, 20)),
            unproven_submissions: RateLimiter::keyed(per_minute(3, 6)),
            actions: RateLimiter::keyed(per_minute(120, 240)),
            uploads: Arc::new(Semaphore::new(MAX_CONCURRENT_UPLOADS)),
            arriving_uploads: Arc::new(Semaphore::new(MAX_ARRIVING_UPLOADS)),
            uploads_by_network: UploadPlaces::new(1),
        }
    }

    /// Consumes a token for a page view.
    ///
    /// # Errors
    /// Returns the seconds to wait.
    pub fn check_view(&self, network: Network) -> Result<(), u64> {
        check_rate(&self.views, &network)
    }

    /// Consumes a token for a submission.
    ///
    /// # Errors
    /// Returns the seconds to wait.
    pub fn check_submission(&self, network: Network) -> Result<(), u64> {
        check_rate(&self.submissions, &network)
    }

    /// Consumes a token for a submission without proof of work, which has a lower limit.
    ///
    /// # Errors
    /// Returns the seconds to wait.
    pub fn check_unproven_submission(&self, network: Network) -> Result<(), u64> {
        check_rate(&self.unproven_submissions, &network)
    }

    /// Consumes a token for an action of an app without an account, such as sign-in.
    ///
    /// # Errors
    /// Returns the seconds to wait.
    pub fn check_action(&self, network: Network) -> Result<(), u64> {
        check_rate(&self.actions, &network)
    }

    /// Waits up to 10 seconds for a place to receive an upload; returns `None` if all are in use, or that of the network.
    pub async fn acquire_arrival(&self, network: Network) -> Option<ArrivingUpload> {
        let acquire = async {
            Some(ArrivingUpload {
                _of_network: self.uploads_by_network.acquire(network).await?,
                _of_all: self.arriving_uploads.clone().acquire_owned().await.ok()?,
            })
        };
        tokio::time::timeout(UPLOAD_WAIT, acquire).await.ok()?
    }

    /// Waits up to 10 seconds for a place to process an upload that has arrived; returns `None` if all are in use.
    pub async fn acquire_upload_slot(&self) -> Option<OwnedSemaphorePermit> {
        let acquire = self.uploads.clone().acquire_owned();
        tokio::time::timeout(UPLOAD_WAIT, acquire).await.ok()?.ok()
    }

    /// Removes buckets that are full again.
    pub fn purge_idle(&self) {
        self.views.retain_recent();
        self.submissions.retain_recent();
        self.unproven_submissions.retain_recent();
        self.actions.retain_recent();
        self.uploads_by_network.purge_idle();
    }
}

impl Default for PublicLimits {
    fn default() -> Self {
        Self::new()
    }
}

/// Returns the network of the client.
pub fn client_network(request: &Request) -> Network {
    request.extensions().get().copied().unwrap_or(Network::UNKNOWN)
}

/// Middleware that rejects page views above the limit before any other work is done.
pub async fn guard(State(state): State<AppState>, request: Request, next: Next) -> Response {
    match state.public_limits.check_view(client_network(&request)) {
        Ok(()) => next.run(request).await,
        Err(seconds) => too_many_requests(reader(&state, &request).locale, seconds),
    }
}

/// Returns a `429` response with `Retry-After`, in the language of the reader.
pub fn too_many_requests(locale: Locale, seconds: u64) -> Response {
    let text = ui::i18n::errors::cause(locale, &Cause::RetryLater { seconds });
    let mut response = (StatusCode::TOO_MANY_REQUESTS, text).into_response();
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    #[test]
    fn limits_ipv6_addresses_of_one_network_share_bucket() {
        let limits = PublicLimits::new();
        let host = |last: u16| Network::of(IpAddr::from([0x2001, 0xdb8, 1, 2, 3, 4, 5, last]));
        let allowed = (0..200).filter(|last| limits.check_view(host(*last)).is_ok()).count();
        assert!((60..100).contains(&allowed), "{allowed}");
        assert!(
            limits.check_view(Network::of(IpAddr::from([192, 0, 2, 1]))).is_ok(),
            "other addresses are not limited"
        );
    }
}
