//! How a road service is spoken to: one question and its answer.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use domain::travel::{Spot, Way};
use reqwest::{Client, Url};
use serde::Deserialize;
use serde_json::json;

/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(5);
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

/// Why there is no answer.
pub(crate) enum NoAnswer {
    /// The service is not there, or has too much to do; it is left alone for a while.
    Rest(String),
    /// It has no answer to this question.
    This(String),
}

/// The ways of a question: a row for each place of departure; none where there is no road.
pub(crate) type Table = Vec<Vec<Option<Way>>>;

/// How the service is reached.
pub(crate) fn client() -> Client {
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
    client
}

impl RoadService {
    /// One question: the ways from some places to others.
    pub(crate) async fn ask(&self, client: &Client, from: &[Spot], to: &[Spot]) -> Result<Table, NoAnswer> {
        let request = match self.speaks {
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
                client.get(
                    self.url
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
                let url = self
                    .url
                    .join("sources_to_targets")
                    .map_err(|error| NoAnswer::This(error.to_string()))?;
                let body =
                    json!({ "sources": places(from), "targets": places(to), "costing": "auto", "units": "kilometers" });
                client
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
        let table = match self.speaks {
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

fn read_osrm(bytes: &[u8]) -> Result<Table, String> {
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

fn read_valhalla(bytes: &[u8]) -> Result<Table, String> {
    let table: ValhallaTable = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let way = |way: ValhallaWay| Way::new(way.time?, way.distance? * 1_000.0);
    let row = |row: Vec<ValhallaWay>| row.into_iter().map(way).collect();
    Ok(table.sources_to_targets.into_iter().map(row).collect())
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
