//! Travel times by road: requested from an optional OSRM or Valhalla service, cached for a day, and estimated where the
//! service has no answer. Callers wait at most as long as the timeout they pass.

pub(crate) mod service;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::customers::Coordinates;
use domain::travel::{GridPoint, TravelEstimates, TravelLeg, TravelTimes};
use reqwest::Client;

pub use crate::scheduling::roads::service::{InvalidRoutingService, RoutingService};
use crate::scheduling::roads::service::{RequestError, TravelTable};

/// How long a cached travel time is fresh.
const CACHE_TTL: TimeDelta = TimeDelta::hours(24);
/// Maximum entries per cache generation; when the new generation is full, the old one is dropped.
const MAX_GENERATION_ENTRIES: usize = 250_000;
/// Maximum sources and maximum destinations per request; OSRM accepts 100 coordinates in total by default.
const MAX_PLACES_PER_SIDE: usize = 50;
/// How long no request is sent after the service has failed.
const FAILURE_PAUSE: TimeDelta = TimeDelta::seconds(30);

/// A cache of travel times in front of the routing service.
#[derive(Debug)]
pub struct TravelTimeService {
    service: Option<RoutingService>,
    paces: TravelEstimates,
    client: Client,
    cache: Mutex<Cache>,
    /// Serializes requests, so that concurrent callers reuse the first caller's answers.
    request_turn: tokio::sync::Mutex<()>,
}

/// The service's answer for a pair of places and when it was given; no way where there is no road.
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

    fn insert(&mut self, pair: (GridPoint, GridPoint), way: Option<TravelLeg>, now: DateTime<Utc>) {
        if self.newer.len() >= MAX_GENERATION_ENTRIES {
            self.older = std::mem::take(&mut self.newer);
        }
        self.newer.insert(pair, (way, now));
    }
}

/// Travel times between places.
#[derive(Debug, Clone)]
pub struct FoundTravelTimes {
    pub travel_times: TravelTimes,
    /// Whether a routing service is configured but some travel times are estimates.
    pub is_estimated: bool,
}

impl TravelTimeService {
    /// Creates an empty cache; without a service all travel times are estimates.
    pub fn new(service: Option<RoutingService>, paces: TravelEstimates) -> Self {
        Self {
            service,
            paces,
            client: service::client(),
            cache: Mutex::default(),
            request_turn: tokio::sync::Mutex::default(),
        }
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Returns cached travel times within groups of places, and estimates for the others, without any request.
    pub fn cached(&self, groups: &[Vec<Coordinates>], now: DateTime<Utc>) -> FoundTravelTimes {
        let mut found = FoundTravelTimes {
            travel_times: TravelTimes::estimated(self.paces.clone()),
            is_estimated: false,
        };
        if self.service.is_none() {
            return found;
        }
        let cache = self.cache();
        for group in groups {
            let spots = spots(group);
            for (from, to) in pairs(&spots) {
                match cache.get((from, to)) {
                    Some((Some(way), at)) => {
                        found.travel_times.insert(from, to, way);
                        // An expired entry is better than an estimate, but it has to be requested again.
                        found.is_estimated |= now - at > CACHE_TTL;
                    }
                    _ => found.is_estimated = true,
                }
            }
        }
        found
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
        let (roads, groups) = (self.clone(), groups.to_vec());
        let requested = groups.clone();
        let task = tokio::spawn(async move { roads.request_missing(&requested, now).await });
        // The timeout ends only the waiting; the spawned request continues.
        let _ = tokio::time::timeout(timeout, task).await;
        self.cached(&groups, now)
    }

    fn is_paused(&self, now: DateTime<Utc>) -> bool {
        self.cache().paused_until.is_some_and(|until| now < until)
    }

    async fn request_missing(&self, groups: &[Vec<Coordinates>], now: DateTime<Utc>) {
        let Some(service) = &self.service else { return };
        let _turn = self.request_turn.lock().await;
        for group in groups {
            let spots = spots(group);
            for from in spots.chunks(MAX_PLACES_PER_SIDE) {
                for to in spots.chunks(MAX_PLACES_PER_SIDE) {
                    if self.is_paused(now) {
                        return;
                    }
                    if let Err(error) = self.request_block(service, from, to, now).await {
                        tracing::warn!(%error, "routing service unavailable, travel times are estimated");
                        self.cache().paused_until = Some(now + FAILURE_PAUSE);
                        return;
                    }
                }
            }
        }
    }

    /// Requests the travel times of a block. If the service rejects the block, it is requested again without the places
    /// that are not near a road, and then in halves, so that one bad place does not affect the others.
    async fn request_block(
        &self,
        service: &RoutingService,
        from: &[GridPoint],
        to: &[GridPoint],
        now: DateTime<Utc>,
    ) -> Result<(), String> {
        let mut blocks = vec![(from.to_vec(), to.to_vec(), false)];
        while let Some((from, to, is_filtered)) = blocks.pop() {
            if !self.is_missing(&from, &to, now) {
                continue;
            }
            match service.request(&self.client, &from, &to).await {
                Ok(table) => self.store(&from, &to, table, now),
                Err(RequestError::Unavailable(error)) => return Err(error),
                Err(RequestError::Rejected(error)) if from.len() == 1 && to.len() == 1 => {
                    tracing::warn!(%error, "no route between two places, travel time is estimated");
                    self.store_unanswered(&from, &to, now);
                }
                Err(RequestError::Rejected(_)) if !is_filtered => {
                    let mut unreachable = BTreeSet::new();
                    for spot in from.iter().chain(&to).copied().collect::<BTreeSet<_>>() {
                        match service.request(&self.client, &[spot], &[spot]).await {
                            Ok(_) => {}
                            Err(RequestError::Unavailable(error)) => return Err(error),
                            Err(RequestError::Rejected(_)) => {
                                unreachable.insert(spot);
                            }
                        }
                    }
                    let (unreachable_from, from) = from
                        .into_iter()
                        .partition::<Vec<_>, _>(|spot| unreachable.contains(spot));
                    let (unreachable_to, reachable_to) = to
                        .iter()
                        .copied()
                        .partition::<Vec<_>, _>(|spot| unreachable.contains(spot));
                    self.store_unanswered(&unreachable_from, &to, now);
                    self.store_unanswered(&from, &unreachable_to, now);
                    blocks.push((from, reachable_to, true));
                }
                Err(RequestError::Rejected(_)) => {
                    let split = |spots: &[GridPoint]| {
                        let (first, second) = spots.split_at(spots.len() / 2);
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
            for (to, way) in to.iter().zip(row) {
                if from != to {
                    cache.insert((*from, *to), way, now);
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
                    let previous = cache.get((*from, *to)).and_then(|(way, _)| way);
                    cache.insert((*from, *to), previous, now);
                }
            }
        }
    }
}

/// Returns the distinct spots of places.
fn spots(places: &[Coordinates]) -> Vec<GridPoint> {
    let all: BTreeSet<GridPoint> = places.iter().copied().map(GridPoint::of).collect();
    all.into_iter().collect()
}

fn pairs(spots: &[GridPoint]) -> impl Iterator<Item = (GridPoint, GridPoint)> + '_ {
    spots
        .iter()
        .flat_map(move |from| spots.iter().filter(move |to| *to != from).map(move |to| (*from, *to)))
}
