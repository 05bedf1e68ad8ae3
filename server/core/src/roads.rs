//! Ways by road: asked of a service that speaks as OSRM or Valhalla does, if the operator has one; kept for a day; and
//! estimated where it does not answer. Nothing waits for it longer than it is told to.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::customers::Coordinates;
use domain::travel::{Paces, Spot, Way, Ways};
use reqwest::{Client, Url};
use serde::Deserialize;
use serde_json::json;

/// How long a way is known before it is asked again.
const KNOWN: TimeDelta = TimeDelta::hours(24);
/// How many ways are kept at most, twice: the older half goes when the newer one is full.
const MOST_KEPT: usize = 250_000;
/// How many places one question has at each side; OSRM takes 100 in all unless it is told otherwise.
const MOST_AT_ONCE: usize = 50;
/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a service that has failed is left alone.
const REST: TimeDelta = TimeDelta::seconds(30);
/// The longest answer that is read: 50 times 50 ways are far below.
const MOST_BYTES: usize = 2 << 20;

/// A road service and how it is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoadService {
    speaks: Speaks,
    url: Url,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Speaks {
    Osrm,
    Valhalla,
}

/// A text that is no road service.
#[derive(Debug)]
pub struct NoRoadService(String);

impl fmt::Display for NoRoadService {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} is not an address such as osrm+http://127.0.0.1:5000 or valhalla+https://roads.example.org",
            self.0
        )
    }
}

impl FromStr for RoadService {
    type Err = NoRoadService;

    /// Reads `osrm+http://host:port/path` and `valhalla+https://host/path`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || NoRoadService(text.to_owned());
        let (speaks, url) = text.trim().split_once('+').ok_or_else(wrong)?;
        let speaks = match speaks {
            "osrm" => Speaks::Osrm,
            "valhalla" => Speaks::Valhalla,
            _ => return Err(wrong()),
        };
        let mut url = Url::parse(url).map_err(|_| wrong())?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() || url.query().is_some() {
            return Err(wrong());
        }
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        Ok(Self { speaks, url })
    }
}

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

/// Why there is no answer.
enum NoAnswer {
    /// The service is not there, or has too much to do; it is left alone for a while.
    Rest(String),
    /// It has no answer to this question.
    This(String),
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
        #[expect(
            clippy::disallowed_methods,
            reason = "the operator names the service; no user has a say in its address"
        )]
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(PATIENCE)
            .user_agent(concat!("Ordinavo/", env!("CARGO_PKG_VERSION")))
            .build()
            .unwrap_or_default();
        Self {
            service,
            paces,
            client,
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
            match self.ask(service, &from, &to).await {
                Ok(table) => self.keep(&from, &to, table, now),
                Err(NoAnswer::Rest(error)) => return Err(error),
                Err(NoAnswer::This(error)) if from.len() == 1 && to.len() == 1 => {
                    tracing::warn!(%error, "the road service knows no way between two places; it is estimated");
                    self.keep_nothing(&from, &to, now);
                }
                Err(NoAnswer::This(_)) if !is_sound => {
                    let mut lost = BTreeSet::new();
                    for spot in from.iter().chain(&to).copied().collect::<BTreeSet<_>>() {
                        match self.ask(service, &[spot], &[spot]).await {
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

    fn keep(&self, from: &[Spot], to: &[Spot], table: Vec<Vec<Option<Way>>>, now: DateTime<Utc>) {
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

    /// One question: the ways from some places to others.
    async fn ask(&self, service: &RoadService, from: &[Spot], to: &[Spot]) -> Result<Vec<Vec<Option<Way>>>, NoAnswer> {
        let request = match service.speaks {
            Speaks::Osrm => {
                let all: Vec<String> = from
                    .iter()
                    .chain(to)
                    .map(|spot| {
                        let (lat, lon) = spot.degrees();
                        format!("{lon:.5},{lat:.5}")
                    })
                    .collect();
                let numbers =
                    |range: std::ops::Range<usize>| range.map(|index| index.to_string()).collect::<Vec<_>>().join(";");
                let path = format!(
                    "table/v1/driving/{}?annotations=duration,distance&sources={}&destinations={}",
                    all.join(";"),
                    numbers(0..from.len()),
                    numbers(from.len()..from.len() + to.len())
                );
                self.client.get(
                    service
                        .url
                        .join(&path)
                        .map_err(|error| NoAnswer::This(error.to_string()))?,
                )
            }
            Speaks::Valhalla => {
                let places = |spots: &[Spot]| -> Vec<_> {
                    spots
                        .iter()
                        .map(|spot| {
                            let (lat, lon) = spot.degrees();
                            json!({ "lat": lat, "lon": lon })
                        })
                        .collect()
                };
                let url = service
                    .url
                    .join("sources_to_targets")
                    .map_err(|error| NoAnswer::This(error.to_string()))?;
                let body =
                    json!({ "sources": places(from), "targets": places(to), "costing": "auto", "units": "kilometers" });
                self.client
                    .post(url)
                    .header("content-type", "application/json")
                    .body(body.to_string())
            }
        };
        let rest = |error: reqwest::Error| NoAnswer::Rest(error.to_string());
        let mut answer = request.send().await.map_err(rest)?;
        let status = answer.status();
        if !status.is_success() {
            let text = format!("status {}", status.as_u16());
            // A place where no road is near, or a question that is too long: that says nothing of the next one.
            let is_of_this = status.is_client_error() && !matches!(status.as_u16(), 401 | 403 | 404 | 405 | 408 | 429);
            return Err(if is_of_this {
                NoAnswer::This(text)
            } else {
                NoAnswer::Rest(text)
            });
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(rest)? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > MOST_BYTES {
                return Err(NoAnswer::Rest("the answer is too long".to_owned()));
            }
        }
        let table = match service.speaks {
            Speaks::Osrm => read_osrm(&bytes),
            Speaks::Valhalla => read_valhalla(&bytes),
        };
        let table = table.map_err(NoAnswer::Rest)?;
        if table.len() == from.len() && table.iter().all(|row| row.len() == to.len()) {
            Ok(table)
        } else {
            Err(NoAnswer::Rest(
                "the answer has another size than the question".to_owned(),
            ))
        }
    }
}

#[derive(Deserialize)]
struct OsrmTable {
    durations: Vec<Vec<Option<f64>>>,
    distances: Vec<Vec<Option<f64>>>,
}

fn read_osrm(bytes: &[u8]) -> Result<Vec<Vec<Option<Way>>>, String> {
    let table: OsrmTable = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let row = |(seconds, metres): (Vec<Option<f64>>, Vec<Option<f64>>)| {
        let pairs = seconds.into_iter().zip(metres);
        pairs.map(|(seconds, metres)| Way::new(seconds?, metres?)).collect()
    };
    Ok(table.durations.into_iter().zip(table.distances).map(row).collect())
}

#[derive(Deserialize)]
struct ValhallaTable {
    sources_to_targets: Vec<Vec<ValhallaWay>>,
}

#[derive(Deserialize)]
struct ValhallaWay {
    time: Option<f64>,
    distance: Option<f64>,
}

fn read_valhalla(bytes: &[u8]) -> Result<Vec<Vec<Option<Way>>>, String> {
    let table: ValhallaTable = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let way = |way: ValhallaWay| Way::new(way.time?, way.distance? * 1_000.0);
    let row = |row: Vec<ValhallaWay>| row.into_iter().map(way).collect();
    Ok(table.sources_to_targets.into_iter().map(row).collect())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_services() {
        for text in ["osrm+http://127.0.0.1:5000", "valhalla+https://roads.example.org/v1/"] {
            let service: RoadService = text.parse().expect(text);
            assert!(service.url.path().ends_with('/'), "{text}");
        }
        for text in [
            "",
            "http://127.0.0.1:5000",
            "osrm+ftp://x",
            "osrm+x",
            "here+https://x",
            "osrm+http://x?key=1",
        ] {
            let error = text.parse::<RoadService>().expect_err(text);
            assert!(error.to_string().contains("osrm+http"), "{error}");
        }
    }

    #[test]
    fn answers_are_read_and_nonsense_is_no_way() {
        let table = read_osrm(br#"{"code":"Ok","durations":[[0,61.2],[null,-4]],"distances":[[0,900.5],[3,4]]}"#)
            .expect("a table");
        assert_eq!(table[0][1], Way::new(61.2, 900.5));
        assert_eq!(table[1], [None, None]);
        let table = read_valhalla(
            br#"{"sources_to_targets":[[{"time":60,"distance":1.5,"to_index":0},{"time":null,"distance":null}]]}"#,
        )
        .expect("a table");
        assert_eq!(table[0], [Way::new(60.0, 1_500.0), None]);
        for bytes in [&b"{}"[..], b"[]", b"", b"{\"durations\":3}"] {
            assert!(read_osrm(bytes).is_err() && read_valhalla(bytes).is_err());
        }
    }
}
