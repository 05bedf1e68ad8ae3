//! Client for the table endpoints of OSRM and Valhalla.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use domain::customers::Coordinates;
use domain::scheduling::travel::{GridPoint, TravelLeg};
use reqwest::{Client, RequestBuilder, Url};
use serde::Deserialize;
use serde_json::json;

/// Timeout of one request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// The largest response that is read; a table of 50 by 50 places is far smaller.
const MAX_RESPONSE_BYTES: usize = 2 << 20;

/// The URL and protocol of a routing provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoutingProvider {
    protocol: Protocol,
    url: Url,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Osrm,
    Valhalla,
}

/// A text that is not the URL of a routing provider.
#[derive(Debug)]
pub struct InvalidRoutingProvider(String);

impl fmt::Display for InvalidRoutingProvider {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} is not a URL such as osrm+http://127.0.0.1:5000 or valhalla+https://roads.example.org",
            self.0
        )
    }
}

impl FromStr for RoutingProvider {
    type Err = InvalidRoutingProvider;

    /// Parses `osrm+http://host:port/path` and `valhalla+https://host/path`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidRoutingProvider(text.to_owned());
        let (protocol, url) = text.trim().split_once('+').ok_or_else(invalid)?;
        let protocol = match protocol {
            "osrm" => Protocol::Osrm,
            "valhalla" => Protocol::Valhalla,
            _ => return Err(invalid()),
        };
        let mut url = Url::parse(url).map_err(|_| invalid())?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() || url.query().is_some() {
            return Err(invalid());
        }
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        Ok(Self { protocol, url })
    }
}

/// Why a request has no result.
pub(crate) enum RequestError {
    /// The provider is unreachable or overloaded; further requests are paused.
    Unavailable(String),
    /// The provider cannot answer this particular request.
    Rejected(String),
}

/// One row for each source with a cell for each destination; `None` where there is no road.
pub(crate) type TravelTable = Vec<Vec<Option<TravelLeg>>>;

/// Creates the HTTP client for the routing provider.
#[expect(
    clippy::disallowed_methods,
    reason = "the operator configures the URL; users cannot influence it"
)]
pub(crate) fn client() -> Client {
    crate::tls::install();
    Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(REQUEST_TIMEOUT)
        .user_agent(concat!("Ordinavo/", env!("CARGO_PKG_VERSION")))
        .build()
        .unwrap_or_default()
}

impl RoutingProvider {
    /// Checks that the provider answers. It need not know roads at the place that is asked for.
    ///
    /// # Errors
    /// What prevents it.
    pub async fn check(&self) -> Result<(), String> {
        let place = [GridPoint::of(Coordinates { lat: 51.5, lon: 7.0 })];
        match self.request(&client(), &place, &place).await {
            Ok(_) | Err(RequestError::Rejected(_)) => Ok(()),
            Err(RequestError::Unavailable(error)) => Err(error),
        }
    }

    /// Requests the travel times from every source to every destination.
    pub(crate) async fn request(
        &self,
        client: &Client,
        from: &[GridPoint],
        to: &[GridPoint],
    ) -> Result<TravelTable, RequestError> {
        let request = match self.protocol {
            Protocol::Osrm => self.osrm_request(client, from, to)?,
            Protocol::Valhalla => self.valhalla_request(client, from, to)?,
        };
        let bytes = send(request).await?;
        let table = match self.protocol {
            Protocol::Osrm => parse_osrm(&bytes),
            Protocol::Valhalla => parse_valhalla(&bytes),
        };
        let table = table.map_err(RequestError::Unavailable)?;
        if table.len() == from.len() && table.iter().all(|row| row.len() == to.len()) {
            Ok(table)
        } else {
            Err(RequestError::Unavailable(
                "the response does not have the requested size".to_owned(),
            ))
        }
    }

    fn osrm_request(
        &self,
        client: &Client,
        from: &[GridPoint],
        to: &[GridPoint],
    ) -> Result<RequestBuilder, RequestError> {
        let coordinates: Vec<String> = from
            .iter()
            .chain(to)
            .map(|point| {
                let (lat, lon) = point.degrees();
                format!("{lon:.5},{lat:.5}")
            })
            .collect();
        let indices =
            |range: std::ops::Range<usize>| range.map(|index| index.to_string()).collect::<Vec<_>>().join(";");
        let path = format!(
            "table/v1/driving/{}?annotations=duration,distance&sources={}&destinations={}",
            coordinates.join(";"),
            indices(0..from.len()),
            indices(from.len()..from.len() + to.len())
        );
        Ok(client.get(self.endpoint(&path)?))
    }

    fn valhalla_request(
        &self,
        client: &Client,
        from: &[GridPoint],
        to: &[GridPoint],
    ) -> Result<RequestBuilder, RequestError> {
        let locations = |points: &[GridPoint]| -> Vec<_> {
            points
                .iter()
                .map(|point| {
                    let (lat, lon) = point.degrees();
                    json!({ "lat": lat, "lon": lon })
                })
                .collect()
        };
        let body =
            json!({ "sources": locations(from), "targets": locations(to), "costing": "auto", "units": "kilometers" });
        Ok(client
            .post(self.endpoint("sources_to_targets")?)
            .header("content-type", "application/json")
            .body(body.to_string()))
    }

    fn endpoint(&self, path: &str) -> Result<Url, RequestError> {
        self.url
            .join(path)
            .map_err(|error| RequestError::Rejected(error.to_string()))
    }
}

/// Sends a request and reads the response, up to [`MAX_RESPONSE_BYTES`].
async fn send(request: RequestBuilder) -> Result<Vec<u8>, RequestError> {
    let unavailable = |error: reqwest::Error| RequestError::Unavailable(error.to_string());
    let mut response = request.send().await.map_err(unavailable)?;
    let status = response.status();
    if !status.is_success() {
        let text = format!("status {}", status.as_u16());
        // A place without a road nearby or a request that is too large does not affect other requests.
        let is_rejected = status.is_client_error() && !matches!(status.as_u16(), 401 | 403 | 404 | 405 | 408 | 429);
        return Err(if is_rejected {
            RequestError::Rejected(text)
        } else {
            RequestError::Unavailable(text)
        });
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unavailable)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_RESPONSE_BYTES {
            return Err(RequestError::Unavailable("the response is too large".to_owned()));
        }
    }
    Ok(bytes)
}

#[derive(Deserialize)]
struct OsrmTable {
    durations: Vec<Vec<Option<f64>>>,
    distances: Vec<Vec<Option<f64>>>,
}

fn parse_osrm(bytes: &[u8]) -> Result<TravelTable, String> {
    let table: OsrmTable = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let row = |(seconds, metres): (Vec<Option<f64>>, Vec<Option<f64>>)| {
        let pairs = seconds.into_iter().zip(metres);
        pairs
            .map(|(seconds, metres)| TravelLeg::new(seconds?, metres?))
            .collect()
    };
    Ok(table.durations.into_iter().zip(table.distances).map(row).collect())
}

#[derive(Deserialize)]
struct ValhallaTable {
    sources_to_targets: Vec<Vec<ValhallaLeg>>,
}

#[derive(Deserialize)]
struct ValhallaLeg {
    time: Option<f64>,
    distance: Option<f64>,
}

fn parse_valhalla(bytes: &[u8]) -> Result<TravelTable, String> {
    let table: ValhallaTable = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let leg = |leg: ValhallaLeg| TravelLeg::new(leg.time?, leg.distance? * 1_000.0);
    let row = |row: Vec<ValhallaLeg>| row.into_iter().map(leg).collect();
    Ok(table.sources_to_targets.into_iter().map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routing_provider_url_valid_or_invalid_is_parsed() {
        for text in ["osrm+http://127.0.0.1:5000", "valhalla+https://roads.example.org/v1/"] {
            let provider: RoutingProvider = text.parse().expect(text);
            assert!(provider.url.path().ends_with('/'), "{text}");
        }
        for text in [
            "",
            "http://127.0.0.1:5000",
            "osrm+ftp://x",
            "osrm+x",
            "here+https://x",
            "osrm+http://x?key=1",
        ] {
            let error = text.parse::<RoutingProvider>().expect_err(text);
            assert!(error.to_string().contains("osrm+http"), "{error}");
        }
    }

    #[test]
    fn response_with_invalid_values_has_no_leg() {
        let table = parse_osrm(br#"{"code":"Ok","durations":[[0,61.2],[null,-4]],"distances":[[0,900.5],[3,4]]}"#)
            .expect("response is a table");
        assert_eq!(table[0][1], TravelLeg::new(61.2, 900.5));
        assert_eq!(table[1], [None, None]);
        let table = parse_valhalla(
            br#"{"sources_to_targets":[[{"time":60,"distance":1.5,"to_index":0},{"time":null,"distance":null}]]}"#,
        )
        .expect("response is a table");
        assert_eq!(table[0], [TravelLeg::new(60.0, 1_500.0), None]);
        for bytes in [&b"{}"[..], b"[]", b"", b"{\"durations\":3}"] {
            assert!(parse_osrm(bytes).is_err() && parse_valhalla(bytes).is_err());
        }
    }
}
