//! How often clients may call: a token bucket for each client, one for each tenant, and one for each address that asks for
//! tokens before it is known. Every authenticated answer tells what is left, in the fields of the IETF draft on rate limits.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use domain::ids::ClientId;
use domain::problems::Problem;
use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};
use ordinavo_core::identity::actors::{ApiClient, TenantId};
use ordinavo_core::{CoreError, CoreResult};

use crate::serve::AppState;

type Bucket<K> = RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock, StateInformationMiddleware>;

/// A rate: so many a second, and so many at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    per_second: NonZeroU32,
    at_once: NonZeroU32,
}

impl Rate {
    /// Reads `per second/at once`, such as `100/1000`.
    pub fn parse(text: &str) -> Option<Self> {
        let (per_second, at_once) = text.trim().split_once('/')?;
        Some(Self {
            per_second: per_second.trim().parse().ok()?,
            at_once: at_once.trim().parse().ok()?,
        })
    }

    /// So many a second, and so many at once.
    pub fn new(per_second: u32, at_once: u32) -> Self {
        Self {
            per_second: NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN),
            at_once: NonZeroU32::new(at_once).unwrap_or(NonZeroU32::MIN),
        }
    }

    /// The same for a bucket.
    pub fn quota(self) -> Quota {
        Quota::per_second(self.per_second).allow_burst(self.at_once)
    }

    /// How long an empty bucket takes to fill, in whole seconds.
    fn window(self) -> u32 {
        self.at_once.get().div_ceil(self.per_second.get())
    }
}

/// The buckets of this process.
pub struct Limits {
    client: Rate,
    tenant: Rate,
    clients: Bucket<ClientId>,
    tenants: Bucket<TenantId>,
    addresses: Bucket<IpAddr>,
}

impl Limits {
    /// Empty buckets with these rates.
    pub fn new(client: Rate, tenant: Rate, address: Rate) -> Self {
        Self {
            client,
            tenant,
            clients: RateLimiter::keyed(client.quota()).with_middleware(),
            tenants: RateLimiter::keyed(tenant.quota()).with_middleware(),
            addresses: RateLimiter::keyed(address.quota()).with_middleware(),
        }
    }

    /// The rates that hold when nothing is configured.
    pub fn usual() -> Self {
        Self::new(Rate::new(100, 1_000), Rate::new(300, 3_000), Rate::new(10, 60))
    }

    /// Takes a token of an address that asks to become a client.
    ///
    /// # Errors
    /// `rate_limited`.
    pub fn address(&self, address: IpAddr) -> CoreResult<()> {
        match self.addresses.check_key(&address) {
            Ok(_) => Ok(()),
            Err(until) => Err(limited(until.wait_time_from(DefaultClock::default().now()))),
        }
    }

    /// Takes a token of a client and of its tenant.
    fn client(&self, client: &ApiClient) -> (Metered, CoreResult<()>) {
        let mut metered = Metered {
            client: client.clone(),
            policy: format!(
                "\"client\";q={};w={}, \"tenant\";q={};w={}",
                self.client.at_once,
                self.client.window(),
                self.tenant.at_once,
                self.tenant.window()
            ),
            left: 0,
            reset: 0,
        };
        let now = DefaultClock::default().now();
        let own = match self.clients.check_key(&client.id()) {
            Ok(snapshot) => {
                metered.left = snapshot.remaining_burst_capacity();
                metered.reset = (self.client.at_once.get() - metered.left).div_ceil(self.client.per_second.get());
                Ok(())
            }
            Err(until) => Err(until.wait_time_from(now)),
        };
        // What the client's own limit refuses takes nothing from what all clients of the organisation share.
        let shared = own.and_then(|()| {
            self.tenants
                .check_key(&client.live_tenant())
                .map(drop)
                .map_err(|until| until.wait_time_from(now))
        });
        let result = shared.map_err(|wait| {
            metered.reset = whole_seconds(wait);
            metered.left = 0;
            limited(wait)
        });
        (metered, result)
    }

    /// Forgets buckets that are full again.
    pub fn forget_idle(&self) {
        self.clients.retain_recent();
        self.tenants.retain_recent();
        self.addresses.retain_recent();
    }
}

fn whole_seconds(wait: Duration) -> u32 {
    u32::try_from(wait.as_millis().div_ceil(1000))
        .unwrap_or(u32::MAX)
        .max(1)
}

fn limited(wait: Duration) -> CoreError {
    CoreError::new(
        Problem::RateLimited,
        format!("Too many requests; the next one is taken in {} s.", whole_seconds(wait)),
    )
}

/// What is known of a request once its client is: filled by the bearer, read when the answer goes out.
#[derive(Clone)]
pub struct Metered {
    client: ApiClient,
    policy: String,
    left: u32,
    reset: u32,
}

/// Where a request keeps what its answer will tell.
#[derive(Clone, Default)]
pub struct Meter(Arc<Mutex<Option<Metered>>>);

impl Meter {
    /// Takes a token for the client of this request.
    ///
    /// # Errors
    /// `rate_limited`.
    pub fn take(&self, limits: &Limits, client: &ApiClient) -> CoreResult<()> {
        let (metered, result) = limits.client(client);
        if let Ok(mut slot) = self.0.lock() {
            *slot = Some(metered);
        }
        result
    }
}

/// Gives every request its meter, writes the fields into every authenticated answer and counts what the client used.
pub async fn meter(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let meter = Meter::default();
    request.extensions_mut().insert(meter.clone());
    let mut response = next.run(request).await;
    let metered = meter.0.lock().ok().and_then(|slot| slot.clone());
    let Some(metered) = metered else { return response };
    let status = response.status().as_u16();
    state.api_use.count(&metered.client, state.core.clock().now(), status);
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&metered.policy) {
        headers.insert(HeaderName::from_static("ratelimit-policy"), value);
    }
    if let Ok(value) = HeaderValue::from_str(&format!("\"client\";r={};t={}", metered.left, metered.reset)) {
        headers.insert(HeaderName::from_static("ratelimit"), value);
    }
    if status == Problem::RateLimited.status() {
        headers.insert(RETRY_AFTER, HeaderValue::from(metered.reset.max(1)));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_and_buckets_run_empty() {
        assert_eq!(Rate::parse("nonsense"), None);
        assert_eq!(Rate::parse("0/5"), None);
        let rate = Rate::parse(" 2 / 5 ").expect("a rate");
        assert_eq!(rate.window(), 3);
        let limits = Limits::new(rate, rate, rate);
        let address = IpAddr::from([127, 0, 0, 1]);
        let taken = (0..20).filter(|_| limits.address(address).is_ok()).count();
        assert!((5..=8).contains(&taken), "{taken}");
        assert!(
            limits.address(IpAddr::from([127, 0, 0, 2])).is_ok(),
            "another address has its own bucket"
        );
    }
}
