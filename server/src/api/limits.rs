//! Rate limits of the API: token buckets per client, per tenant, and per network for unauthenticated token requests.
//! Authenticated responses carry the `RateLimit` fields of the IETF draft "RateLimit header fields for HTTP".

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use domain::ids::ClientId;
use domain::network::Network;
use domain::problems::{Cause, Problem};
use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};
use ordinavo_core::identity::actors::{ApiClient, TenantId};
use ordinavo_core::integrations::usage::ApiCall;
use ordinavo_core::{CoreError, CoreResult};

use crate::http_layers::request_id;
use crate::serve::AppState;

type Bucket<K> = RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock, StateInformationMiddleware>;

/// A rate limit: a sustained rate and a burst size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    per_second: NonZeroU32,
    burst: NonZeroU32,
}

impl Rate {
    /// Parses `per second/burst`, such as `100/1000`.
    pub fn parse(text: &str) -> Option<Self> {
        let (per_second, burst) = text.trim().split_once('/')?;
        Some(Self {
            per_second: per_second.trim().parse().ok()?,
            burst: burst.trim().parse().ok()?,
        })
    }

    /// Creates a rate; zero is raised to one.
    pub fn new(per_second: u32, burst: u32) -> Self {
        Self {
            per_second: NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN),
            burst: NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN),
        }
    }

    /// Returns the rate as a quota of the `governor` crate.
    pub fn quota(self) -> Quota {
        Quota::per_second(self.per_second).allow_burst(self.burst)
    }

    /// Returns the time in which an empty bucket refills, in whole seconds.
    fn window(self) -> u32 {
        self.burst.get().div_ceil(self.per_second.get())
    }
}

/// The token buckets of this process.
pub struct Limits {
    client: Rate,
    tenant: Rate,
    clients: Bucket<ClientId>,
    tenants: Bucket<TenantId>,
    networks: Bucket<Network>,
    failures: Bucket<Network>,
}

impl Limits {
    /// Creates the buckets with the given rates.
    pub fn new(client: Rate, tenant: Rate, network: Rate) -> Self {
        Self {
            client,
            tenant,
            clients: RateLimiter::keyed(client.quota()).with_middleware(),
            tenants: RateLimiter::keyed(tenant.quota()).with_middleware(),
            networks: RateLimiter::keyed(network.quota()).with_middleware(),
            failures: RateLimiter::keyed(network.quota()).with_middleware(),
        }
    }

    /// Returns the default limits.
    pub fn default_limits() -> Self {
        Self::new(Rate::new(100, 1_000), Rate::new(300, 3_000), Rate::new(10, 60))
    }

    /// Consumes a token of a network that requests an access token.
    ///
    /// # Errors
    /// `rate_limited`.
    pub fn check_network(&self, network: Network) -> CoreResult<()> {
        match self.networks.check_key(&network) {
            Ok(_) => Ok(()),
            Err(until) => Err(limited(until.wait_time_from(DefaultClock::default().now()))),
        }
    }

    /// Consumes a token of a network whose key or access token was wrong. Right ones are not limited by it.
    ///
    /// # Errors
    /// `rate_limited`.
    pub fn check_failure(&self, network: Network) -> CoreResult<()> {
        match self.failures.check_key(&network) {
            Ok(_) => Ok(()),
            Err(until) => Err(limited(until.wait_time_from(DefaultClock::default().now()))),
        }
    }

    /// Consumes a token of a client and of its tenant.
    fn client(&self, client: &ApiClient) -> (RateLimitState, CoreResult<()>) {
        let mut metered = RateLimitState {
            client: client.clone(),
            policy: format!(
                "\"client\";q={};w={}, \"tenant\";q={};w={}",
                self.client.burst,
                self.client.window(),
                self.tenant.burst,
                self.tenant.window()
            ),
            remaining: 0,
            reset: 0,
        };
        let now = DefaultClock::default().now();
        let client_check = match self.clients.check_key(&client.id()) {
            Ok(snapshot) => {
                metered.remaining = snapshot.remaining_burst_capacity();
                metered.reset = (self.client.burst.get() - metered.remaining).div_ceil(self.client.per_second.get());
                Ok(())
            }
            Err(until) => Err(until.wait_time_from(now)),
        };
        // A request that the client's own limit rejects does not consume a token of the tenant.
        let check = client_check.and_then(|()| {
            self.tenants
                .check_key(&client.live_tenant())
                .map(drop)
                .map_err(|until| until.wait_time_from(now))
        });
        let result = check.map_err(|wait| {
            metered.reset = whole_seconds(wait);
            metered.remaining = 0;
            limited(wait)
        });
        (metered, result)
    }

    /// Removes buckets that are full again.
    pub fn purge_idle(&self) {
        self.clients.retain_recent();
        self.tenants.retain_recent();
        self.networks.retain_recent();
        self.failures.retain_recent();
    }
}

fn whole_seconds(wait: Duration) -> u32 {
    u32::try_from(wait.as_millis().div_ceil(1000))
        .unwrap_or(u32::MAX)
        .max(1)
}

fn limited(wait: Duration) -> CoreError {
    CoreError::new(Cause::RetryLater {
        seconds: whole_seconds(wait).into(),
    })
}

/// The rate limit state of an authenticated request.
#[derive(Clone)]
pub struct RateLimitState {
    client: ApiClient,
    policy: String,
    remaining: u32,
    reset: u32,
}

/// A request extension that carries the rate limit state from the authentication to the response headers.
#[derive(Clone, Default)]
pub struct RateLimitMeter(Arc<Mutex<Option<RateLimitState>>>);

impl RateLimitMeter {
    /// Consumes a token for the client of this request.
    ///
    /// # Errors
    /// `rate_limited`.
    pub fn consume(&self, limits: &Limits, client: &ApiClient) -> CoreResult<()> {
        let (metered, result) = limits.client(client);
        if let Ok(mut slot) = self.0.lock() {
            *slot = Some(metered);
        }
        result
    }
}

/// Adds the rate limit headers to authenticated responses and records the client's API usage.
pub async fn rate_limit_headers(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let meter = RateLimitMeter::default();
    request.extensions_mut().insert(meter.clone());
    let called_at = state.core.clock().now();
    let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
    let request_id = request_id(&request).to_owned();
    let mut response = next.run(request).await;
    let metered = meter.0.lock().ok().and_then(|slot| slot.clone());
    let Some(metered) = metered else { return response };
    let status = response.status().as_u16();
    let call = ApiCall {
        called_at,
        method,
        path,
        status,
        code: response.extensions().get::<Problem>().map(|problem| problem.code()),
        duration: state.core.clock().now() - called_at,
        request_id,
        is_test: metered.client.is_test(),
    };
    state.api_usage.record(&metered.client, call);
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&metered.policy) {
        headers.insert(HeaderName::from_static("ratelimit-policy"), value);
    }
    if let Ok(value) = HeaderValue::from_str(&format!("\"client\";r={};t={}", metered.remaining, metered.reset)) {
        headers.insert(HeaderName::from_static("ratelimit"), value);
    }
    if status == Problem::RateLimited.status() {
        headers.insert(RETRY_AFTER, HeaderValue::from(metered.reset.max(1)));
    }
    response
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    #[test]
    fn rate_limit_burst_exhausted_returns_error() {
        assert_eq!(Rate::parse("nonsense"), None);
        assert_eq!(Rate::parse("0/5"), None);
        let rate = Rate::parse(" 2 / 5 ").expect("rate is valid");
        assert_eq!(rate.window(), 3);
        let limits = Limits::new(rate, rate, rate);
        let network = |last: u8| Network::of(IpAddr::from([127, 0, 0, last]));
        let allowed = (0..20).filter(|_| limits.check_network(network(1)).is_ok()).count();
        assert!((5..=8).contains(&allowed), "{allowed}");
        assert!(
            limits.check_network(network(2)).is_ok(),
            "another network has its own bucket"
        );
    }
}
