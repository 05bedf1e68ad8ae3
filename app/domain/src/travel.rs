//! How long it takes from place to place where no road network is asked: great circle, a factor for the detours of roads, a
//! speed.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use chrono::TimeDelta;

use crate::customers::Coordinates;

/// The mean radius of the Earth in metres (IUGG).
const EARTH: f64 = 6_371_008.8;
/// The longest time that is counted with: more is as far as never.
const LONGEST: f64 = 7.0 * 86_400.0;

/// How fast one gets on in a region.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// How much longer roads are than the great circle; at least 1.
    pub factor: f64,
    /// Kilometres an hour.
    pub speed: f64,
}

impl Default for Pace {
    /// Roads of a populated country, by car: 1.3 times the great circle at 50 km/h.
    fn default() -> Self {
        Self {
            factor: 1.3,
            speed: 50.0,
        }
    }
}

impl Pace {
    /// Metres by road.
    pub fn distance(self, from: Coordinates, to: Coordinates) -> f64 {
        great_circle(from, to) * self.factor
    }

    /// How long it takes, in whole seconds, rounded up.
    pub fn time(self, from: Coordinates, to: Coordinates) -> TimeDelta {
        let seconds = (self.distance(from, to) * 3.6 / self.speed).ceil().clamp(0.0, LONGEST);
        TimeDelta::seconds(seconds as i64)
    }
}

/// Metres over the surface of a sphere (haversine).
pub fn great_circle(from: Coordinates, to: Coordinates) -> f64 {
    let (north, south) = (from.lat.to_radians(), to.lat.to_radians());
    let half = |degrees: f64| (degrees.to_radians() / 2.0).sin().powi(2);
    let chord = half(to.lat - from.lat) + north.cos() * south.cos() * half(to.lon - from.lon);
    2.0 * EARTH * chord.clamp(0.0, 1.0).sqrt().asin()
}

/// How fast one gets on, by region: a latitude and longitude box each, the first that holds the place of departure counts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Paces {
    /// Where nothing else is said.
    pub usual: Pace,
    /// South, west, north and east edge in degrees, with the pace in it.
    pub regions: Vec<([f64; 4], Pace)>,
}

impl Paces {
    /// How long it takes.
    pub fn time(&self, from: Coordinates, to: Coordinates) -> TimeDelta {
        self.of(from).time(from, to)
    }

    /// Metres by road.
    pub fn distance(&self, from: Coordinates, to: Coordinates) -> f64 {
        self.of(from).distance(from, to)
    }

    fn of(&self, place: Coordinates) -> Pace {
        let holds = |[south, west, north, east]: &[f64; 4]| {
            (*south..=*north).contains(&place.lat) && (*west..=*east).contains(&place.lon)
        };
        self.regions
            .iter()
            .find(|(edges, _)| holds(edges))
            .map_or(self.usual, |(_, pace)| *pace)
    }
}

/// A place to about a metre, as ways are known by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Spot(i32, i32);

impl Spot {
    /// The spot of a place.
    pub fn of(place: Coordinates) -> Self {
        let whole = |degrees: f64| (degrees * 1e5).round() as i32;
        Self(whole(place.lat), whole(place.lon))
    }

    /// Its degrees north and east.
    pub fn degrees(self) -> (f64, f64) {
        (f64::from(self.0) / 1e5, f64::from(self.1) / 1e5)
    }
}

/// What a road network says of the way from one place to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Way {
    /// How long it takes.
    pub time: TimeDelta,
    /// How far it is, in metres.
    pub metres: f64,
}

impl Way {
    /// A way of some seconds and metres; none if they are no numbers that a way can have. Seconds are rounded up.
    pub fn new(seconds: f64, metres: f64) -> Option<Self> {
        let is_length = |number: f64| number.is_finite() && number >= 0.0;
        (is_length(seconds) && is_length(metres)).then(|| Self {
            time: TimeDelta::seconds(seconds.ceil().min(LONGEST) as i64),
            metres,
        })
    }
}

/// Ways from place to place: what a road network has said of them, and an estimate for the rest.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ways {
    paces: Paces,
    known: HashMap<(Spot, Spot), Way>,
}

impl Ways {
    /// Estimates only.
    pub fn estimated(paces: Paces) -> Self {
        Self {
            paces,
            known: HashMap::new(),
        }
    }

    /// Notes what a road network says.
    pub fn know(&mut self, from: Spot, to: Spot, way: Way) {
        self.known.insert((from, to), way);
    }

    /// How long it takes.
    pub fn time(&self, from: Coordinates, to: Coordinates) -> TimeDelta {
        self.known(from, to)
            .map_or_else(|| self.paces.time(from, to), |way| way.time)
    }

    /// Metres by road.
    pub fn distance(&self, from: Coordinates, to: Coordinates) -> f64 {
        self.known(from, to)
            .map_or_else(|| self.paces.distance(from, to), |way| way.metres)
    }

    fn known(&self, from: Coordinates, to: Coordinates) -> Option<&Way> {
        if self.known.is_empty() {
            return None;
        }
        self.known.get(&(Spot::of(from), Spot::of(to)))
    }
}

/// What is wrong with a text that should be paces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoPaces(String);

impl fmt::Display for NoPaces {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} is not a factor and km/h such as 1.3/50, for a region with its south, west, north and east edge before it: 51.3,6.9,51.6,7.3=1.4/30",
            self.0
        )
    }
}

impl FromStr for Paces {
    type Err = NoPaces;

    /// Reads `1.3/50; 51.3,6.9,51.6,7.3=1.4/30`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut found = Self::default();
        for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            let wrong = || NoPaces(part.to_owned());
            let (edges, pace) = match part.split_once('=') {
                Some((edges, pace)) => (Some(edges), pace),
                None => (None, part),
            };
            let (factor, speed) = pace.split_once('/').ok_or_else(wrong)?;
            let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
            let (factor, speed) = (number(factor).ok_or_else(wrong)?, number(speed).ok_or_else(wrong)?);
            if !(1.0..=10.0).contains(&factor) || !(1.0..=300.0).contains(&speed) {
                return Err(wrong());
            }
            let pace = Pace { factor, speed };
            let Some(edges) = edges else {
                found.usual = pace;
                continue;
            };
            let edges: Vec<f64> = edges.split(',').filter_map(number).collect();
            match edges.as_slice() {
                [south, west, north, east] if south < north && west < east => {
                    found.regions.push(([*south, *west, *north, *east], pace));
                }
                _ => return Err(wrong()),
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_a_road_network_says_counts_and_the_rest_is_estimated() {
        let paces = Paces::default();
        let mut ways = Ways::estimated(paces.clone());
        assert_eq!(ways.time(ESSEN, BERLIN), paces.time(ESSEN, BERLIN));
        let way = Way::new(18_000.2, 530_000.0).expect("a way");
        ways.know(Spot::of(ESSEN), Spot::of(BERLIN), way);
        assert_eq!(ways.time(ESSEN, BERLIN), TimeDelta::seconds(18_001));
        assert!((ways.distance(ESSEN, BERLIN) - 530_000.0).abs() < 0.1);
        assert_eq!(ways.time(BERLIN, ESSEN), paces.time(BERLIN, ESSEN), "one way only");
        for (seconds, metres) in [(f64::NAN, 1.0), (-1.0, 1.0), (1.0, f64::INFINITY)] {
            assert_eq!(Way::new(seconds, metres), None);
        }
        assert_eq!(Spot::of(ESSEN).degrees(), (51.4508, 7.0131));
    }

    const ESSEN: Coordinates = Coordinates {
        lat: 51.4508,
        lon: 7.0131,
    };
    const BERLIN: Coordinates = Coordinates {
        lat: 52.52,
        lon: 13.405,
    };

    #[test]
    fn known_distances() {
        let metres = great_circle(ESSEN, BERLIN);
        assert!((453_000.0..456_000.0).contains(&metres), "{metres}");
        let quarter = great_circle(Coordinates { lat: 0.0, lon: 0.0 }, Coordinates { lat: 90.0, lon: 0.0 });
        assert!((quarter - EARTH * std::f64::consts::FRAC_PI_2).abs() < 1.0);
        let hours = Pace::default().time(ESSEN, BERLIN).num_minutes();
        assert!((705..=712).contains(&hours), "{hours}");
    }

    #[test]
    fn regions_are_read_and_the_first_that_holds_counts() {
        let paces: Paces = "1.2/60; 51.3,6.9,51.6,7.3=1.5/30".parse().expect("paces");
        assert_eq!(
            paces.time(ESSEN, BERLIN),
            Pace {
                factor: 1.5,
                speed: 30.0
            }
            .time(ESSEN, BERLIN)
        );
        assert_eq!(
            paces.time(BERLIN, ESSEN),
            Pace {
                factor: 1.2,
                speed: 60.0
            }
            .time(BERLIN, ESSEN)
        );
        assert_eq!("".parse::<Paces>(), Ok(Paces::default()));
        for text in [
            "fast",
            "1.3",
            "0.5/50",
            "1.3/0",
            "1.3/nan",
            "1,2=1.3/50",
            "52,6,51,7=1.3/50",
            "1.3/50=2",
        ] {
            assert!(text.parse::<Paces>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn there_and_back_is_the_same_and_nowhere_takes_no_time(
            a in (-90.0..90.0_f64, -180.0..180.0_f64), b in (-90.0..90.0_f64, -180.0..180.0_f64),
        ) {
            let (a, b) = (Coordinates { lat: a.0, lon: a.1 }, Coordinates { lat: b.0, lon: b.1 });
            prop_assert!((great_circle(a, b) - great_circle(b, a)).abs() < 1e-3);
            prop_assert_eq!(Pace::default().time(a, a), TimeDelta::zero());
            prop_assert!(great_circle(a, b) <= EARTH * std::f64::consts::PI + 1.0);
        }
    }
}
