//! The places for connections: in all and per network.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::network::Network;
use tokio::sync::Notify;
use tokio::time::Instant;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a connection is doing.
pub struct Usage(Mutex<State>);

struct State {
    in_flight: usize,
    has_served: bool,
    idle_since: Instant,
}

impl Usage {
    fn new() -> Self {
        Self(Mutex::new(State {
            in_flight: 0,
            has_served: false,
            idle_since: Instant::now(),
        }))
    }

    /// Counts a request until the result is dropped.
    pub fn start_request(self: &Arc<Self>) -> InFlight {
        lock(&self.0).in_flight += 1;
        InFlight(self.clone())
    }

    /// Returns when the connection will have been idle for `timeout`, at the earliest.
    pub fn deadline(&self, timeout: Duration) -> Instant {
        let state = lock(&self.0);
        if state.in_flight == 0 {
            state.idle_since + timeout
        } else {
            Instant::now() + timeout
        }
    }

    /// Returns whether there was no request in flight for `timeout`.
    pub fn is_idle_for(&self, timeout: Duration) -> bool {
        let state = lock(&self.0);
        state.in_flight == 0 && state.idle_since.elapsed() >= timeout
    }

    /// Returns what to close first, or `None` with a request in flight.
    fn idle_rank(&self) -> Option<(bool, Instant)> {
        let state = lock(&self.0);
        (state.in_flight == 0).then_some((state.has_served, state.idle_since))
    }
}

/// A request whose response is not complete.
pub struct InFlight(Arc<Usage>);

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut state = lock(&self.0.0);
        state.in_flight -= 1;
        state.has_served = true;
        state.idle_since = Instant::now();
    }
}

struct Taken {
    network: Option<Network>,
    usage: Arc<Usage>,
    lost: Arc<Notify>,
}

#[derive(Default)]
struct Open {
    next: u64,
    taken: HashMap<u64, Taken>,
    by_network: HashMap<Network, usize>,
}

impl Open {
    fn remove(&mut self, number: u64) -> Option<Taken> {
        let taken = self.taken.remove(&number)?;
        if let Some(network) = taken.network
            && let Some(count) = self.by_network.get_mut(&network)
        {
            *count -= 1;
            if *count == 0 {
                self.by_network.remove(&network);
            }
        }
        Some(taken)
    }

    /// Frees the place of an idle connection: first of those that never had a request, then of the one idle longest.
    fn close_idle(&mut self, network: Option<Network>) -> bool {
        let candidates = self
            .taken
            .iter()
            .filter(|(_, taken)| network.is_none() || taken.network == network);
        let found = candidates
            .filter_map(|(number, taken)| Some((taken.usage.idle_rank()?, *number)))
            .min();
        let Some(taken) = found.and_then(|(_, number)| self.remove(number)) else {
            return false;
        };
        taken.lost.notify_one();
        true
    }
}

/// All places of a server.
#[derive(Clone)]
pub struct Places {
    max: usize,
    max_per_network: usize,
    open: Arc<Mutex<Open>>,
}

impl Places {
    pub fn new(max: usize, max_per_network: usize) -> Self {
        Self {
            max,
            max_per_network,
            open: Arc::default(),
        }
    }

    /// Takes a place, from an idle connection if necessary; `None` if all connections have requests in flight. A proxy has
    /// no network, and no limit but that of all.
    pub fn take(&self, network: Option<Network>) -> Option<Place> {
        let mut open = lock(&self.open);
        if let Some(network) = network {
            let count = open.by_network.get(&network).copied().unwrap_or_default();
            if count >= self.max_per_network && !open.close_idle(Some(network)) {
                return None;
            }
        }
        if open.taken.len() >= self.max && !open.close_idle(None) {
            return None;
        }
        let number = open.next;
        open.next += 1;
        let (usage, lost) = (Arc::new(Usage::new()), Arc::new(Notify::new()));
        if let Some(network) = network {
            *open.by_network.entry(network).or_default() += 1;
        }
        open.taken.insert(
            number,
            Taken {
                network,
                usage: usage.clone(),
                lost: lost.clone(),
            },
        );
        record_open(open.taken.len());
        Some(Place {
            number,
            usage,
            lost,
            open: self.open.clone(),
        })
    }

    /// Closes one idle connection, so that its descriptor is free.
    pub fn close_idle(&self) {
        lock(&self.open).close_idle(None);
    }
}

#[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
fn record_open(count: usize) {
    metrics::gauge!("ordinavo_http_connections").set(count as f64);
}

/// The place of a connection, until it is dropped.
pub struct Place {
    number: u64,
    usage: Arc<Usage>,
    lost: Arc<Notify>,
    open: Arc<Mutex<Open>>,
}

impl Place {
    pub fn usage(&self) -> Arc<Usage> {
        self.usage.clone()
    }

    /// Waits until another connection has taken the place.
    pub async fn lost(&self) {
        self.lost.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = lock(&self.open);
        open.remove(self.number);
        record_open(open.taken.len());
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn network(last: u8) -> Option<Network> {
        Some(Network::of(IpAddr::from([192, 0, 2, last])))
    }

    fn is_lost(places: &Places, place: &Place) -> bool {
        !lock(&places.open).taken.contains_key(&place.number)
    }

    #[test]
    fn place_above_limit_is_taken_from_connection_without_request() {
        let places = Places::new(10, 2);
        let first = places.take(network(1)).expect("place is free");
        let second = places.take(network(1)).expect("place is free");
        let busy = second.usage().start_request();
        let third = places.take(network(1)).expect("an idle connection is closed");
        assert!(is_lost(&places, &first));
        drop(busy);
        let fourth = places.take(network(1)).expect("an idle connection is closed");
        assert!(is_lost(&places, &third), "a connection that had a request stays");
        assert!(!is_lost(&places, &second));
        drop((first, third));
        assert!(!is_lost(&places, &fourth), "a lost place is not freed twice");
    }

    #[test]
    fn place_with_all_connections_busy_is_refused_in_that_network_only() {
        let places = Places::new(3, 2);
        let taken: Vec<Place> = (0..2)
            .map(|_| places.take(network(1)).expect("place is free"))
            .collect();
        let _busy: Vec<InFlight> = taken.iter().map(|place| place.usage().start_request()).collect();
        assert!(places.take(network(1)).is_none());
        let other = places.take(network(2)).expect("another network has a place");
        let proxy = places
            .take(None)
            .expect("the idle connection of the other network is closed");
        assert!(is_lost(&places, &other));
        let _busy = proxy.usage().start_request();
        assert!(places.take(network(3)).is_none(), "no place is left in all");
    }
}
