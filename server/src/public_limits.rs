//! How often one address may look at and send public forms, and how many uploads are read at a time. What is refused costs
//! next to nothing, so a flood at these routes leaves the rest of the house alone.

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

/// How many uploads are read at a time; each may hold its whole body in memory.
const UPLOADS: usize = 4;

/// The buckets of this process for people without an account.
pub struct PublicLimits {
    looks: DefaultKeyedRateLimiter<IpAddr>,
    sends: DefaultKeyedRateLimiter<IpAddr>,
    unproven: DefaultKeyedRateLimiter<IpAddr>,
    uploads: Arc<Semaphore>,
}

fn per_minute(count: u32, at_once: u32) -> Quota {
    let number = |count| NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN);
    Quota::per_minute(number(count)).allow_burst(number(at_once))
}

/// The part of an address that one customer of a provider has: an IPv6 host changes the rest at will.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        address @ IpAddr::V4(_) => address,
    }
}

/// Takes a token of whoever asks.
///
/// # Errors
/// The seconds to wait.
pub fn take<K: Clone + Eq + Hash>(bucket: &DefaultKeyedRateLimiter<K>, who: &K) -> Result<(), u64> {
    bucket
        .check_key(who)
        .map_err(|until| until.wait_time_from(DefaultClock::default().now()).as_secs() + 1)
}

impl PublicLimits {
    /// Empty buckets.
    pub fn new() -> Self {
        Self {
            looks: RateLimiter::keyed(per_minute(600, 60)),
            sends: RateLimiter::keyed(per_minute(20, 20)),
            unproven: RateLimiter::keyed(per_minute(3, 6)),
            uploads: Arc::new(Semaphore::new(UPLOADS)),
        }
    }

    /// A page is asked for.
    ///
    /// # Errors
    /// The seconds to wait.
    pub fn look(&self, address: IpAddr) -> Result<(), u64> {
        take(&self.looks, &network(address))
    }

    /// Something is sent.
    ///
    /// # Errors
    /// The seconds to wait.
    pub fn send(&self, address: IpAddr) -> Result<(), u64> {
        take(&self.sends, &network(address))
    }

    /// Something is sent without a proof of work: the slower lane.
    ///
    /// # Errors
    /// The seconds to wait.
    pub fn send_unproven(&self, address: IpAddr) -> Result<(), u64> {
        take(&self.unproven, &network(address))
    }

    /// A place to read an upload; `None` when too many are read already.
    pub async fn upload(&self) -> Option<OwnedSemaphorePermit> {
        let wait = std::time::Duration::from_secs(10);
        tokio::time::timeout(wait, self.uploads.clone().acquire_owned())
            .await
            .ok()?
            .ok()
    }

    /// Forgets buckets that are full again.
    pub fn forget_idle(&self) {
        self.looks.retain_recent();
        self.sends.retain_recent();
        self.unproven.retain_recent();
    }
}

impl Default for PublicLimits {
    fn default() -> Self {
        Self::new()
    }
}

/// The address that asks.
pub fn address(request: &Request) -> IpAddr {
    request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::from([0, 0, 0, 0]), |info| info.0.ip())
}

/// Refuses an address that asks too often, before anything else is done for it.
pub async fn guard(State(state): State<AppState>, request: Request, next: Next) -> Response {
    match state.public_limits.look(address(&request)) {
        Ok(()) => next.run(request).await,
        Err(seconds) => too_often(seconds),
    }
}

/// The shortest answer to somebody who asks too often.
pub fn too_often(seconds: u64) -> Response {
    let mut response = (StatusCode::TOO_MANY_REQUESTS, "Too many requests.").into_response();
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_cannot_dodge_by_changing_its_last_half() {
        let limits = PublicLimits::new();
        let host = |last: u16| IpAddr::from([0x2001, 0xdb8, 1, 2, 3, 4, 5, last]);
        let allowed = (0..200).filter(|last| limits.look(host(*last)).is_ok()).count();
        assert!((60..100).contains(&allowed), "{allowed}");
        assert!(
            limits.look(IpAddr::from([192, 0, 2, 1])).is_ok(),
            "others are not disturbed"
        );
    }
}
