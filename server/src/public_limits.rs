//! Rate limits of the public pages, per IP address, and the limit of concurrent uploads. Rejecting a request is cheap, so a
//! flood of public requests does not affect the rest of the server.

use std::hash::Hash;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::serve::AppState;

/// Each concurrent upload may hold its whole body in memory.
const MAX_CONCURRENT_UPLOADS: usize = 4;

/// The token buckets of this process for visitors without an account.
pub struct PublicLimits {
    views: DefaultKeyedRateLimiter<IpAddr>,
    submissions: DefaultKeyedRateLimiter<IpAddr>,
    unproven_submissions: DefaultKeyedRateLimiter<IpAddr>,
    uploads: Arc<Semaphore>,
}

fn per_minute(count: u32, burst: u32) -> Quota {
    let number = |count| NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN);
    Quota::per_minute(number(count)).allow_burst(number(burst))
}

/// Returns the key of an address for rate limits: the /64 prefix of an IPv6 address, because a host can choose the rest.
pub fn rate_limit_key(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        address @ IpAddr::V4(_) => address,
    }
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
            uploads: Arc::new(Semaphore::new(MAX_CONCURRENT_UPLOADS)),
        }
    }

    /// Consumes a token for a page view.
    ///
    /// # Errors
    /// Returns the seconds to wait.
    pub fn check_view(&self, address: IpAddr) -> Result<(), u64> {
        check_rate(&self.views, &rate_limit_key(address))
    }

    /// Consumes a token for a submission.
    ///
    /// # Errors
    /// Returns the seconds to wait.
    pub fn check_submission(&self, address: IpAddr) -> Result<(), u64> {
        check_rate(&self.submissions, &rate_limit_key(address))
    }

    /// Consumes a token for a submission without proof of work, which has a lower limit.
    ///
    /// # Errors
    /// Returns the seconds to wait.
    pub fn check_unproven_submission(&self, address: IpAddr) -> Result<(), u64> {
        check_rate(&self.unproven_submissions, &rate_limit_key(address))
    }

    /// Waits up to 10 seconds for an upload slot; returns `None` if all are in use.
    pub async fn acquire_upload_slot(&self) -> Option<OwnedSemaphorePermit> {
        let timeout = std::time::Duration::from_secs(10);
        tokio::time::timeout(timeout, self.uploads.clone().acquire_owned())
            .await
            .ok()?
            .ok()
    }

    /// Removes buckets that are full again.
    pub fn purge_idle(&self) {
        self.views.retain_recent();
        self.submissions.retain_recent();
        self.unproven_submissions.retain_recent();
    }
}

impl Default for PublicLimits {
    fn default() -> Self {
        Self::new()
    }
}

/// Returns the address of the client.
pub fn client_address(request: &Request) -> IpAddr {
    request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::from([0, 0, 0, 0]), |info| info.0.ip())
}

/// Middleware that rejects page views above the limit before any other work is done.
pub async fn guard(State(state): State<AppState>, request: Request, next: Next) -> Response {
    match state.public_limits.check_view(client_address(&request)) {
        Ok(()) => next.run(request).await,
        Err(seconds) => too_many_requests(seconds),
    }
}

/// Returns a `429` response with `Retry-After`.
pub fn too_many_requests(seconds: u64) -> Response {
    let mut response = (StatusCode::TOO_MANY_REQUESTS, "Too many requests.").into_response();
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_ipv6_addresses_of_one_network_share_bucket() {
        let limits = PublicLimits::new();
        let host = |last: u16| IpAddr::from([0x2001, 0xdb8, 1, 2, 3, 4, 5, last]);
        let allowed = (0..200).filter(|last| limits.check_view(host(*last)).is_ok()).count();
        assert!((60..100).contains(&allowed), "{allowed}");
        assert!(
            limits.check_view(IpAddr::from([192, 0, 2, 1])).is_ok(),
            "other addresses are not limited"
        );
    }
}
