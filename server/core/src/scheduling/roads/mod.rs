//! Ways by road: asked of a service that speaks as OSRM or Valhalla does, if the operator has one; kept for a day; and
//! estimated where it does not answer. Nothing waits for it longer than it is told to.

pub(crate) mod service;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::customers::Coordinates;
use domain::travel::{Paces, Spot, Way, Ways};
use reqwest::Client;

use crate::scheduling::roads::service::{NoAnswer, Table};
pub use crate::scheduling::roads::service::{NoRoadService, RoadService};

/// How long a way is known before it is asked again.
const KNOWN: TimeDelta = TimeDelta::hours(24);
/// How many ways are kept at most, twice: the older half goes when the newer one is full.
const MOST_KEPT: usize = 250_000;
/// How many places one question has at each side; OSRM takes 100 in all unless it is told otherwise.
const MOST_AT_ONCE: usize = 50;
/// How long a service that has failed is left alone.
const REST: TimeDelta = TimeDelta::seconds(30);

/// What is known of ways, and where more is asked.
#[derive(Debug)]
pub struct Roads {
    service: Option<RoadService>,
    paces: Paces,
    client: Client,
    kept: Mutex<Kept>,
    /// One question after the other: whoever comes second finds what the first has learned.
    asking: tokio::sync::Mutex<()>,
}

/// What a service has said of a way, and when; none where it knows of no road.
type Said = (Option<Way>, DateTime<Utc>);

#[derive(Debug, Default)]
struct Kept {
    newer: HashMap<(Spot, Spot), Said>,
    older: HashMap<(Spot, Spot), Said>,
    rests_until: Option<DateTime<Utc>>,
}

impl Kept {
    fn get(&self, pair: (Spot, Spot)) -> Option<Said> {
        self.newer.get(&pair).or_else(|| self.older.get(&pair)).copied()
    }

    fn put(&mut self, pair: (Spot, Spot), way: Option<Way>, now: DateTime<Utc>) {
        if self.newer.len() >= MOST_KEPT {
            self.older = std::mem::take(&mut self.newer);
        }
        self.newer.insert(pair, (way, now));
    }
}

/// Ways between places.
#[derive(Debug, Clone)]
pub struct Found {
    /// The ways.
    pub ways: Ways,
    /// Whether a service should have told them and did not tell all.
    pub is_estimated: bool,
}

impl Roads {
    /// Ways by a service, or estimates if there is none.
    pub fn new(service: Option<RoadService>, paces: Paces) -> Self {
        Self {
            service,
            paces,
            client: service::client(),
            kept: Mutex::default(),
            asking: tokio::sync::Mutex::default(),
        }
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// What is known by now of the ways within groups of places, without asking anybody.
    pub fn known(&self, groups: &[Vec<Coordinates>], now: DateTime<Utc>) -> Found {
        let mut found = Found {
            ways: Ways::estimated(self.paces.clone()),
            is_estimated: false,
        };
        if self.service.is_none() {
            return found;
        }
        let kept = self.kept();
        for group in groups {
            let spots = spots(group);
            for (from, to) in pairs(&spots) {
                match kept.get((from, to)) {
                    Some((Some(way), at)) => {
                        found.ways.know(from, to, way);
                        // An old word is better than an estimate, and still not what was promised.
                        found.is_estimated |= now - at > KNOWN;
                    }
                    _ => found.is_estimated = true,
                }
            }
        }
        found
    }

    /// The ways within groups of places; what is not known is asked for, and waited for as long as the patience lasts. What
    /// comes later is known the next time.
    pub async fn ways(self: &Arc<Self>, groups: &[Vec<Coordinates>], now: DateTime<Utc>, patience: Duration) -> Found {
        let found = self.known(groups, now);
        if !found.is_estimated || self.rests(now) {
            return found;
        }
        let (roads, groups) = (self.clone(), groups.to_vec());
        let asked = groups.clone();
        let task = tokio::spawn(async move { roads.ask_missing(&asked, now).await });
        // Only the waiting ends; the question goes on.
        let _ = tokio::time::timeout(patience, task).await;
        self.known(&groups, now)
    }

    fn rests(&self, now: DateTime<Utc>) -> bool {
        self.kept().rests_until.is_some_and(|until| now < until)
    }

    async fn ask_missing(&self, groups: &[Vec<Coordinates>], now: DateTime<Utc>) {
        let Some(service) = &self.service else { return };
        let _turn = self.asking.lock().await;
        for group in groups {
            let spots = spots(group);
            for from in spots.chunks(MOST_AT_ONCE) {
                for to in spots.chunks(MOST_AT_ONCE) {
                    if self.rests(now) {
                        return;
                    }
                    if let Err(error) = self.ask_block(service, from, to, now).await {
                        tracing::warn!(%error, "the road service did not answer; ways are estimated");
                        self.kept().rests_until = Some(now + REST);
                        return;
                    }
                }
            }
        }
    }

    /// Asks for the ways of a block. Where the service has no answer to it, it is asked without the places that it knows no
    /// road near, and then in parts, so that one wrong place takes nothing away from the others.
    async fn ask_block(
        &self,
        service: &RoadService,
        from: &[Spot],
        to: &[Spot],
        now: DateTime<Utc>,
    ) -> Result<(), String> {
        let mut blocks = vec![(from.to_vec(), to.to_vec(), false)];
        while let Some((from, to, is_sound)) = blocks.pop() {
            if !self.is_missing(&from, &to, now) {
                continue;
            }
            match service.ask(&self.client, &from, &to).await {
                Ok(table) => self.keep(&from, &to, table, now),
                Err(NoAnswer::Rest(error)) => return Err(error),
                Err(NoAnswer::This(error)) if from.len() == 1 && to.len() == 1 => {
                    tracing::warn!(%error, "the road service knows no way between two places; it is estimated");
                    self.keep_nothing(&from, &to, now);
                }
                Err(NoAnswer::This(_)) if !is_sound => {
                    let mut lost = BTreeSet::new();
                    for spot in from.iter().chain(&to).copied().collect::<BTreeSet<_>>() {
                        match service.ask(&self.client, &[spot], &[spot]).await {
                            Ok(_) => {}
                            Err(NoAnswer::Rest(error)) => return Err(error),
                            Err(NoAnswer::This(_)) => {
                                lost.insert(spot);
                            }
                        }
                    }
                    let (lost_from, from) = from.into_iter().partition::<Vec<_>, _>(|spot| lost.contains(spot));
                    let (lost_to, to_rest) = to.iter().copied().partition::<Vec<_>, _>(|spot| lost.contains(spot));
                    self.keep_nothing(&lost_from, &to, now);
                    self.keep_nothing(&from, &lost_to, now);
                    blocks.push((from, to_rest, true));
                }
                Err(NoAnswer::This(_)) => {
                    let halves = |spots: &[Spot]| {
                        let (one, other) = spots.split_at(spots.len() / 2);
                        (one.to_vec(), other.to_vec())
                    };
                    let parts = if from.len() > to.len() {
                        let (one, other) = halves(&from);
                        [(one, to.clone(), true), (other, to, true)]
                    } else {
                        let (one, other) = halves(&to);
                        [(from.clone(), one, true), (from, other, true)]
                    };
                    blocks.extend(parts);
                }
            }
        }
        Ok(())
    }

    fn is_missing(&self, from: &[Spot], to: &[Spot], now: DateTime<Utc>) -> bool {
        let kept = self.kept();
        let is_known = |pair| kept.get(pair).is_some_and(|(_, at)| now - at <= KNOWN);
        from.iter()
            .any(|from| to.iter().any(|to| from != to && !is_known((*from, *to))))
    }

    fn keep(&self, from: &[Spot], to: &[Spot], table: Table, now: DateTime<Utc>) {
        let mut kept = self.kept();
        for (from, row) in from.iter().zip(table) {
            for (to, way) in to.iter().zip(row) {
                if from != to {
                    kept.put((*from, *to), way, now);
                }
            }
        }
    }

    /// That there is no answer between places; what was said before stays.
    fn keep_nothing(&self, from: &[Spot], to: &[Spot], now: DateTime<Utc>) {
        let mut kept = self.kept();
        for from in from {
            for to in to {
                if from != to {
                    let before = kept.get((*from, *to)).and_then(|(way, _)| way);
                    kept.put((*from, *to), before, now);
                }
            }
        }
    }
}

/// The spots of places, each once.
fn spots(places: &[Coordinates]) -> Vec<Spot> {
    let all: BTreeSet<Spot> = places.iter().copied().map(Spot::of).collect();
    all.into_iter().collect()
}

fn pairs(spots: &[Spot]) -> impl Iterator<Item = (Spot, Spot)> + '_ {
    spots
        .iter()
        .flat_map(move |from| spots.iter().filter(move |to| *to != from).map(move |to| (*from, *to)))
}
