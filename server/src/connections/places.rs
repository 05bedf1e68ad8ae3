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
    next: u64,
    /// The requests in flight, each with what it waits for.
    requests: HashMap<u64, Wait>,
    has_served: bool,
    idle_since: Instant,
    /// When a client last read a part of any response.
    read_at: Instant,
}

/// What a request in flight waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    /// The server works on it, or has nothing to send yet.
    Server,
    /// The client has to send more of the request.
    Sending(Instant),
    /// The client has to read more of the response.
    Reading(Instant),
}

impl Usage {
    fn new() -> Self {
        Self(Mutex::new(State {
            next: 0,
            requests: HashMap::new(),
            has_served: false,
            idle_since: Instant::now(),
            read_at: Instant::now(),
        }))
    }

    /// Counts a request until the result is dropped.
    pub fn start_request(self: &Arc<Self>) -> InFlight {
        let mut state = lock(&self.0);
        let number = state.next;
        state.next += 1;
        state.requests.insert(number, Wait::Server);
        InFlight(Exchange {
            usage: self.clone(),
            number,
        })
    }

    /// Returns when to look at the connection again: when it may have been idle for `timeout`, or after `interval`, because a
    /// request may begin meanwhile.
    pub fn deadline(&self, timeout: Duration, interval: Duration) -> Instant {
        let (state, later) = (lock(&self.0), Instant::now() + timeout.min(interval));
        if state.requests.is_empty() {
            later.min(state.idle_since + timeout)
        } else {
            later
        }
    }

    /// Returns whether there was no request in flight for `timeout`.
    pub fn is_idle_for(&self, timeout: Duration) -> bool {
        let state = lock(&self.0);
        state.requests.is_empty() && state.idle_since.elapsed() >= timeout
    }

    /// Returns whether the client has read nothing for `timeout`, although there is more. Of several responses on an HTTP/2
    /// connection, one that is read is enough.
    pub fn is_unread_for(&self, timeout: Duration) -> bool {
        let state = lock(&self.0);
        let is_unread = |wait: &Wait| matches!(wait, Wait::Reading(since) if since.elapsed() >= timeout);
        state.read_at.elapsed() >= timeout && state.requests.values().any(is_unread)
    }

    /// Returns what to close first, or `None` with a request in flight.
    fn idle_rank(&self) -> Option<(bool, Instant)> {
        let state = lock(&self.0);
        state
            .requests
            .is_empty()
            .then_some((state.has_served, state.idle_since))
    }

    /// Returns since when the server has waited for the client in all requests in flight; `None` while it works on one.
    fn waiting_since(&self) -> Option<Instant> {
        let state = lock(&self.0);
        let mut latest = None;
        for wait in state.requests.values() {
            match wait {
                Wait::Server => return None,
                Wait::Sending(since) | Wait::Reading(since) => latest = latest.max(Some(*since)),
            }
        }
        latest
    }
}

/// One request with its response. Says what the exchange waits for.
#[derive(Clone)]
pub struct Exchange {
    usage: Arc<Usage>,
    number: u64,
}

impl Exchange {
    /// The server works on the request or on the next part of the response.
    pub fn works(&self) {
        self.set(Wait::Server);
    }

    /// The client has to send more of the request.
    pub fn waits_for_sender(&self) {
        self.set(Wait::Sending(Instant::now()));
    }

    /// The client has to read more of the response.
    pub fn waits_for_reader(&self) {
        self.set(Wait::Reading(Instant::now()));
    }

    fn set(&self, wait: Wait) {
        // The body of a request may be kept for longer than its response.
        let mut state = lock(&self.usage.0);
        if let Some(found) = state.requests.get_mut(&self.number) {
            let was_reading = matches!(*found, Wait::Reading(_));
            *found = wait;
            if was_reading {
                state.read_at = Instant::now();
            }
        }
    }
}

/// A request whose response is not complete.
pub struct InFlight(Exchange);

impl InFlight {
    pub fn exchange(&self) -> &Exchange {
        &self.0
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut state = lock(&self.0.usage.0);
        state.requests.remove(&self.0.number);
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
        self.close(found.map(|(_, number)| number))
    }

    /// Frees the place of a connection that waits for its client, of the network with most places, and of those the one that
    /// has waited longest. A network with no more places than the newcomer's keeps them: each gets a fair share.
    fn close_waiting(&mut self, newcomer: Option<Network>) -> bool {
        let count = |network: Option<Network>| {
            network
                .and_then(|network| self.by_network.get(&network).copied())
                .unwrap_or_default()
        };
        let fair = count(newcomer) + 1;
        let found = self
            .taken
            .iter()
            .filter(|(_, taken)| count(taken.network) > fair)
            .filter_map(|(number, taken)| {
                let since = taken.usage.waiting_since()?;
                Some((std::cmp::Reverse(count(taken.network)), since, *number))
            })
            .min();
        self.close(found.map(|(.., number)| number))
    }

    /// Frees the place of the connection that waits longest for its client in a network.
    fn close_waiting_of(&mut self, network: Network) -> bool {
        let found = self
            .taken
            .iter()
            .filter(|(_, taken)| taken.network == Some(network))
            .filter_map(|(number, taken)| Some((taken.usage.waiting_since()?, *number)))
            .min();
        self.close(found.map(|(_, number)| number))
    }

    fn close(&mut self, number: Option<u64>) -> bool {
        let Some(taken) = number.and_then(|number| self.remove(number)) else {
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

    /// Takes a place, if necessary from an idle connection, then from one that waits for its client; `None` if the server works
    /// on requests of all of them. A proxy has no network, and no limit but that of all.
    pub fn take(&self, network: Option<Network>) -> Option<Place> {
        let mut open = lock(&self.open);
        if let Some(network) = network {
            let count = open.by_network.get(&network).copied().unwrap_or_default();
            if count >= self.max_per_network && !open.close_idle(Some(network)) && !open.close_waiting_of(network) {
                return None;
            }
        }
        if open.taken.len() >= self.max && !open.close_idle(None) && !open.close_waiting(network) {
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

    #[test]
    fn place_is_taken_from_network_with_most_connections_that_wait_for_their_client() {
        let places = Places::new(5, 4);
        let take = |last| places.take(network(last)).expect("place is free");
        let (single, first, second, working, other) = (take(1), take(2), take(2), take(2), take(3));
        let requests = [&single, &first, &second, &working, &other].map(|place| place.usage().start_request());
        for request in [&requests[0], &requests[1], &requests[2], &requests[4]] {
            request.exchange().waits_for_sender();
        }
        let newcomer = take(4);
        assert!(is_lost(&places, &first), "the longest of the network with most places");
        let busy = newcomer.usage().start_request();
        assert!(
            places.take(network(3)).is_none(),
            "a network with one place does not get a second one from a network with two"
        );
        assert!(!is_lost(&places, &single) && !is_lost(&places, &working));
        drop(busy);
        let from_idle = places.take(network(3)).expect("an idle connection is closed");
        assert!(is_lost(&places, &newcomer));
        drop(from_idle);
    }

    #[test]
    fn network_at_its_limit_takes_place_of_its_own_waiting_connection() {
        let places = Places::new(10, 2);
        let first = places.take(network(1)).expect("place is free");
        let second = places.take(network(1)).expect("place is free");
        let requests = [&first, &second].map(|place| place.usage().start_request());
        assert!(places.take(network(1)).is_none());
        requests[1].exchange().waits_for_reader();
        let third = places.take(network(1)).expect("the waiting connection is closed");
        assert!(is_lost(&places, &second) && !is_lost(&places, &first));
        drop(third);
    }

    #[test]
    fn response_that_is_not_read_is_told_from_one_that_is_not_ready() {
        let usage = Arc::new(Usage::new());
        let request = usage.start_request();
        let is_unread = || usage.is_unread_for(Duration::ZERO);
        assert!(!is_unread(), "the server works");
        request.exchange().waits_for_reader();
        assert!(is_unread());
        assert!(!usage.is_unread_for(Duration::from_secs(60)));
        request.exchange().works();
        assert!(!is_unread());
        let body = request.exchange().clone();
        drop(request);
        body.waits_for_reader();
        assert!(!is_unread(), "a response that has ended is not read");
    }
}
