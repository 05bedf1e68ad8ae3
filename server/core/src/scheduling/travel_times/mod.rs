//! Travel times by road: requested from an optional OSRM or Valhalla service, cached for a day, and estimated where the
//! provider has no answer. Callers wait at most as long as the timeout they pass.

pub(crate) mod provider;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::customers::Coordinates;
use domain::scheduling::travel::{GridPoint, TravelEstimates, TravelLeg, TravelTimes};
use reqwest::Client;

pub use crate::scheduling::travel_times::provider::{InvalidRoutingProvider, RoutingProvider};
use crate::scheduling::travel_times::provider::{RequestError, TravelTable};

/// How long a cached travel time is fresh.
const CACHE_TTL: TimeDelta = TimeDelta::hours(24);
/// Maximum entries per cache generation; when the new generation is full, the old one is dropped.
const MAX_GENERATION_ENTRIES: usize = 250_000;
/// Maximum sources and maximum destinations per request; OSRM accepts 100 coordinates in total by default.
const MAX_PLACES_PER_SIDE: usize = 50;
/// Pairs of places that were looked up.
const LOOKUPS: &str = "ordinavo_travel_time_lookups_total";
/// How long no request is sent after the provider has failed.
const FAILURE_PAUSE: TimeDelta = TimeDelta::seconds(30);

/// A cache of travel times in front of the routing provider.
#[derive(Debug)]
pub struct TravelTimeCache {
    provider: Option<RoutingProvider>,
    paces: TravelEstimates,
    client: Client,
    cache: Mutex<Cache>,
    /// Serializes requests, so that concurrent callers reuse the first caller's answers.
    request_turn: tokio::sync::Mutex<()>,
}

/// The provider's answer for a pair of places and when it was given; no leg where there is no road.
type CacheEntry = (Option<TravelLeg>, DateTime<Utc>);

#[derive(Debug, Default)]
struct Cache {
    newer: HashMap<(GridPoint, GridPoint), CacheEntry>,
    older: HashMap<(GridPoint, GridPoint), CacheEntry>,
    paused_until: Option<DateTime<Utc>>,
}

impl Cache {
    fn get(&self, pair: (GridPoint, GridPoint)) -> Option<CacheEntry> {
        self.newer.get(&pair).or_else(|| self.older.get(&pair)).copied()
    }

    fn insert(&mut self, pair: (GridPoint, GridPoint), leg: Option<TravelLeg>, now: DateTime<Utc>) {
        if self.newer.len() >= MAX_GENERATION_ENTRIES {
            self.older = std::mem::take(&mut self.newer);
        }
        self.newer.insert(pair, (leg, now));
    }
}

/// Travel times between places.
#[derive(Debug, Clone)]
pub struct FoundTravelTimes {
    pub travel_times: TravelTimes,
    /// Whether a routing provider is configured but some travel times are estimates.
    pub is_estimated: bool,
}

impl TravelTimeCache {
    /// Creates an empty cache; without a provider all travel times are estimates.
    pub fn new(provider: Option<RoutingProvider>, paces: TravelEstimates) -> Self {
        Self {
            provider,
            paces,
            client: provider::client(),
            cache: Mutex::default(),
            request_turn: tokio::sync::Mutex::default(),
        }
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Returns cached travel times within groups of places, and estimates for the others, without any request.
    pub fn cached(&self, groups: &[Vec<Coordinates>], now: DateTime<Utc>) -> FoundTravelTimes {
        let (found, [hits, misses]) = self.find_cached(groups, now);
        metrics::counter!(LOOKUPS, "result" => "hit").increment(hits);
        metrics::counter!(LOOKUPS, "result" => "miss").increment(misses);
        found
    }

    /// Returns what is cached, and how many pairs of places were fresh and how many were missing or expired.
    fn find_cached(&self, groups: &[Vec<Coordinates>], now: DateTime<Utc>) -> (FoundTravelTimes, [u64; 2]) {
        let mut counts = [0, 0];
        let mut found = FoundTravelTimes {
            travel_times: TravelTimes::estimated(self.paces.clone()),
            is_estimated: false,
        };
        if self.provider.is_none() {
            return (found, counts);
        }
        let cache = self.cache();
        for group in groups {
            let points = points(group);
            for (from, to) in pairs(&points) {
                let mut is_fresh = false;
                if let Some((Some(leg), at)) = cache.get((from, to)) {
                    found.travel_times.insert(from, to, leg);
                    // An expired entry is better than an estimate, but it has to be requested again.
                    is_fresh = now - at <= CACHE_TTL;
                }
                found.is_estimated |= !is_fresh;
                counts[usize::from(!is_fresh)] += 1;
            }
        }
        (found, counts)
    }

    /// Returns travel times within groups of places. Missing ones are requested; whatever is not answered within the
    /// timeout is estimated, and cached once the answer arrives.
    pub async fn fetch(
        self: &Arc<Self>,
        groups: &[Vec<Coordinates>],
        now: DateTime<Utc>,
        timeout: Duration,
    ) -> FoundTravelTimes {
        let found = self.cached(groups, now);
        if !found.is_estimated || self.is_paused(now) {
            return found;
        }
        let (cache, requested) = (self.clone(), groups.to_vec());
        let task = tokio::spawn(async move { cache.request_missing(&requested, now).await });
        // The timeout ends only the waiting; the spawned request continues.
        let _ = tokio::time::timeout(timeout, task).await;
        self.find_cached(groups, now).0
    }

    fn is_paused(&self, now: DateTime<Utc>) -> bool {
        self.cache().paused_until.is_some_and(|until| now < until)
    }

    async fn request_missing(&self, groups: &[Vec<Coordinates>], now: DateTime<Utc>) {
        let Some(provider) = &self.provider else { return };
        let _turn = self.request_turn.lock().await;
        for group in groups {
            let points = points(group);
            for from in points.chunks(MAX_PLACES_PER_SIDE) {
                for to in points.chunks(MAX_PLACES_PER_SIDE) {
                    if self.is_paused(now) {
                        return;
                    }
                    if let Err(error) = self.request_block(provider, from, to, now).await {
                        tracing::warn!(%error, "routing provider unavailable, travel times are estimated");
                        self.cache().paused_until = Some(now + FAILURE_PAUSE);
                        return;
                    }
                }
            }
        }
    }

    /// Requests the travel times of a block. If the provider rejects the block, it is requested again without the places
    /// that are not near a road, and then in halves, so that one bad place does not affect the others.
    async fn request_block(
        &self,
        provider: &RoutingProvider,
        from: &[GridPoint],
        to: &[GridPoint],
        now: DateTime<Utc>,
    ) -> Result<(), String> {
        let mut blocks = vec![(from.to_vec(), to.to_vec(), false)];
        while let Some((from, to, is_filtered)) = blocks.pop() {
            if !self.is_missing(&from, &to, now) {
                continue;
            }
            match provider.request(&self.client, &from, &to).await {
                Ok(table) => self.store(&from, &to, table, now),
                Err(RequestError::Unavailable(error)) => return Err(error),
                Err(RequestError::Rejected(error)) if from.len() == 1 && to.len() == 1 => {
                    tracing::warn!(%error, "no route between two places, travel time is estimated");
                    self.store_unanswered(&from, &to, now);
                }
                Err(RequestError::Rejected(_)) if !is_filtered => {
                    let mut unreachable = BTreeSet::new();
                    for point in from.iter().chain(&to).copied().collect::<BTreeSet<_>>() {
                        match provider.request(&self.client, &[point], &[point]).await {
                            Ok(_) => {}
                            Err(RequestError::Unavailable(error)) => return Err(error),
                            Err(RequestError::Rejected(_)) => {
                                unreachable.insert(point);
                            }
                        }
                    }
                    let (unreachable_from, from) = from
                        .into_iter()
                        .partition::<Vec<_>, _>(|point| unreachable.contains(point));
                    let (unreachable_to, reachable_to) = to
                        .iter()
                        .copied()
                        .partition::<Vec<_>, _>(|point| unreachable.contains(point));
                    self.store_unanswered(&unreachable_from, &to, now);
                    self.store_unanswered(&from, &unreachable_to, now);
                    blocks.push((from, reachable_to, true));
                }
                Err(RequestError::Rejected(_)) => {
                    let split = |points: &[GridPoint]| {
                        let (first, second) = points.split_at(points.len() / 2);
                        (first.to_vec(), second.to_vec())
                    };
                    let halves = if from.len() > to.len() {
                        let (first, second) = split(&from);
                        [(first, to.clone(), true), (second, to, true)]
                    } else {
                        let (first, second) = split(&to);
                        [(from.clone(), first, true), (from, second, true)]
                    };
                    blocks.extend(halves);
                }
            }
        }
        Ok(())
    }

    fn is_missing(&self, from: &[GridPoint], to: &[GridPoint], now: DateTime<Utc>) -> bool {
        let cache = self.cache();
        let is_fresh = |pair| cache.get(pair).is_some_and(|(_, at)| now - at <= CACHE_TTL);
        from.iter()
            .any(|from| to.iter().any(|to| from != to && !is_fresh((*from, *to))))
    }

    fn store(&self, from: &[GridPoint], to: &[GridPoint], table: TravelTable, now: DateTime<Utc>) {
        let mut cache = self.cache();
        for (from, row) in from.iter().zip(table) {
            for (to, leg) in to.iter().zip(row) {
                if from != to {
                    cache.insert((*from, *to), leg, now);
                }
            }
        }
    }

    /// Marks pairs of places as requested without an answer; an earlier answer is kept.
    fn store_unanswered(&self, from: &[GridPoint], to: &[GridPoint], now: DateTime<Utc>) {
        let mut cache = self.cache();
        for from in from {
            for to in to {
                if from != to {
                    let previous = cache.get((*from, *to)).and_then(|(leg, _)| leg);
                    cache.insert((*from, *to), previous, now);
                }
            }
        }
    }
}

/// Returns the distinct grid points of places.
fn points(places: &[Coordinates]) -> Vec<GridPoint> {
    let all: BTreeSet<GridPoint> = places.iter().copied().map(GridPoint::of).collect();
    all.into_iter().collect()
}

fn pairs(points: &[GridPoint]) -> impl Iterator<Item = (GridPoint, GridPoint)> + '_ {
    points
        .iter()
        .flat_map(move |from| points.iter().filter(move |to| *to != from).map(move |to| (*from, *to)))
}
