//! Travel times: estimates from the great-circle distance, a detour factor and an average speed, overridden by values
//! from a road network where known.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use chrono::TimeDelta;

use crate::customers::Coordinates;

/// Mean radius of the Earth (IUGG).
const EARTH_RADIUS_METERS: f64 = 6_371_008.8;
/// Maximum travel time; longer values are capped.
const MAX_TRAVEL_SECONDS: f64 = 7.0 * 86_400.0;

/// Parameters for estimating travel in a region.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RoadSpeed {
    /// Ratio of road distance to great-circle distance; at least 1.
    pub factor: f64,
    /// Average speed in km/h.
    pub speed: f64,
}

impl Default for RoadSpeed {
    /// Returns the values for driving in a populated country: 1.3 times the great-circle distance at 50 km/h.
    fn default() -> Self {
        Self {
            factor: 1.3,
            speed: 50.0,
        }
    }
}

impl RoadSpeed {
    /// Returns the road distance in meters.
    pub fn distance(self, from: Coordinates, to: Coordinates) -> f64 {
        great_circle(from, to) * self.factor
    }

    /// Returns the travel time, rounded up to whole seconds.
    pub fn time(self, from: Coordinates, to: Coordinates) -> TimeDelta {
        let seconds = (self.distance(from, to) * 3.6 / self.speed)
            .ceil()
            .clamp(0.0, MAX_TRAVEL_SECONDS);
        TimeDelta::seconds(seconds as i64)
    }
}

/// Returns the great-circle distance in meters (haversine formula).
pub fn great_circle(from: Coordinates, to: Coordinates) -> f64 {
    let (from_lat, to_lat) = (from.lat.to_radians(), to.lat.to_radians());
    let haversine = |degrees: f64| (degrees.to_radians() / 2.0).sin().powi(2);
    let a = haversine(to.lat - from.lat) + from_lat.cos() * to_lat.cos() * haversine(to.lon - from.lon);
    2.0 * EARTH_RADIUS_METERS * a.clamp(0.0, 1.0).sqrt().asin()
}

/// Travel estimates by region. The first region that contains the departure point applies.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TravelEstimates {
    /// Default outside all regions.
    pub usual: RoadSpeed,
    /// Bounding boxes (south, west, north, east in degrees) with their parameters.
    pub regions: Vec<([f64; 4], RoadSpeed)>,
}

impl TravelEstimates {
    /// Returns the travel time.
    pub fn time(&self, from: Coordinates, to: Coordinates) -> TimeDelta {
        self.at(from).time(from, to)
    }

    /// Returns the road distance in meters.
    pub fn distance(&self, from: Coordinates, to: Coordinates) -> f64 {
        self.at(from).distance(from, to)
    }

    fn at(&self, departure: Coordinates) -> RoadSpeed {
        let contains = |[south, west, north, east]: &[f64; 4]| {
            (*south..=*north).contains(&departure.lat) && (*west..=*east).contains(&departure.lon)
        };
        self.regions
            .iter()
            .find(|(edges, _)| contains(edges))
            .map_or(self.usual, |(_, pace)| *pace)
    }
}

/// Coordinates rounded to about one meter, used as a lookup key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GridPoint(i32, i32);

impl GridPoint {
    /// Rounds coordinates to a key.
    pub fn of(coordinates: Coordinates) -> Self {
        let rounded = |degrees: f64| (degrees * 1e5).round() as i32;
        Self(rounded(coordinates.lat), rounded(coordinates.lon))
    }

    /// Returns latitude and longitude in degrees.
    pub fn degrees(self) -> (f64, f64) {
        (f64::from(self.0) / 1e5, f64::from(self.1) / 1e5)
    }
}

/// Travel from one place to another as reported by a road network.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TravelLeg {
    /// Travel time.
    pub time: TimeDelta,
    /// Distance in meters.
    pub metres: f64,
}

impl TravelLeg {
    /// Creates a value, rounding seconds up; `None` if a number is negative or not finite.
    pub fn new(seconds: f64, metres: f64) -> Option<Self> {
        let is_valid = |number: f64| number.is_finite() && number >= 0.0;
        (is_valid(seconds) && is_valid(metres)).then(|| Self {
            time: TimeDelta::seconds(seconds.ceil().min(MAX_TRAVEL_SECONDS) as i64),
            metres,
        })
    }
}

/// Travel times and distances: values from a road network where known, estimates otherwise.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TravelTimes {
    paces: TravelEstimates,
    known: HashMap<(GridPoint, GridPoint), TravelLeg>,
}

impl TravelTimes {
    /// Creates an instance with estimates only.
    pub fn estimated(paces: TravelEstimates) -> Self {
        Self {
            paces,
            known: HashMap::new(),
        }
    }

    /// Stores a value from a road network.
    pub fn insert(&mut self, from: GridPoint, to: GridPoint, way: TravelLeg) {
        self.known.insert((from, to), way);
    }

    /// Returns the travel time.
    pub fn time(&self, from: Coordinates, to: Coordinates) -> TimeDelta {
        self.known(from, to)
            .map_or_else(|| self.paces.time(from, to), |way| way.time)
    }

    /// Returns the road distance in meters.
    pub fn distance(&self, from: Coordinates, to: Coordinates) -> f64 {
        self.known(from, to)
            .map_or_else(|| self.paces.distance(from, to), |way| way.metres)
    }

    fn known(&self, from: Coordinates, to: Coordinates) -> Option<&TravelLeg> {
        if self.known.is_empty() {
            return None;
        }
        self.known.get(&(GridPoint::of(from), GridPoint::of(to)))
    }
}

/// Error for an invalid travel estimate setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidTravelEstimates(String);

impl fmt::Display for InvalidTravelEstimates {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} is not a detour factor and speed in km/h such as 1.3/50, for a region prefixed with its south, west, north and east edges: 51.3,6.9,51.6,7.3=1.4/30",
            self.0
        )
    }
}

impl FromStr for TravelEstimates {
    type Err = InvalidTravelEstimates;

    /// Parses a setting such as `1.3/50; 51.3,6.9,51.6,7.3=1.4/30`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut found = Self::default();
        for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            let invalid = || InvalidTravelEstimates(part.to_owned());
            let (edges, pace) = match part.split_once('=') {
                Some((edges, pace)) => (Some(edges), pace),
                None => (None, part),
            };
            let (factor, speed) = pace.split_once('/').ok_or_else(invalid)?;
            let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
            let (factor, speed) = (number(factor).ok_or_else(invalid)?, number(speed).ok_or_else(invalid)?);
            if !(1.0..=10.0).contains(&factor) || !(1.0..=300.0).contains(&speed) {
                return Err(invalid());
            }
            let pace = RoadSpeed { factor, speed };
            let Some(edges) = edges else {
                found.usual = pace;
                continue;
            };
            let edges: Vec<f64> = edges.split(',').filter_map(number).collect();
            match edges.as_slice() {
                [south, west, north, east] if south < north && west < east => {
                    found.regions.push(([*south, *west, *north, *east], pace));
                }
                _ => return Err(invalid()),
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
    fn travel_known_values_override_estimates() {
        let paces = TravelEstimates::default();
        let mut travel_times = TravelTimes::estimated(paces.clone());
        assert_eq!(travel_times.time(ESSEN, BERLIN), paces.time(ESSEN, BERLIN));
        let way = TravelLeg::new(18_000.2, 530_000.0).expect("values are valid");
        travel_times.insert(GridPoint::of(ESSEN), GridPoint::of(BERLIN), way);
        assert_eq!(travel_times.time(ESSEN, BERLIN), TimeDelta::seconds(18_001));
        assert!((travel_times.distance(ESSEN, BERLIN) - 530_000.0).abs() < 0.1);
        assert_eq!(
            travel_times.time(BERLIN, ESSEN),
            paces.time(BERLIN, ESSEN),
            "the opposite direction is estimated"
        );
        for (seconds, metres) in [(f64::NAN, 1.0), (-1.0, 1.0), (1.0, f64::INFINITY)] {
            assert_eq!(TravelLeg::new(seconds, metres), None);
        }
        assert_eq!(GridPoint::of(ESSEN).degrees(), (51.4508, 7.0131));
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
    fn great_circle_matches_known_distances() {
        let metres = great_circle(ESSEN, BERLIN);
        assert!((453_000.0..456_000.0).contains(&metres), "{metres}");
        let quarter = great_circle(Coordinates { lat: 0.0, lon: 0.0 }, Coordinates { lat: 90.0, lon: 0.0 });
        assert!((quarter - EARTH_RADIUS_METERS * std::f64::consts::FRAC_PI_2).abs() < 1.0);
        let minutes = RoadSpeed::default().time(ESSEN, BERLIN).num_minutes();
        assert!((705..=712).contains(&minutes), "{minutes}");
    }

    #[test]
    fn regions_first_match_applies_and_invalid_text_is_rejected() {
        let paces: TravelEstimates = "1.2/60; 51.3,6.9,51.6,7.3=1.5/30".parse().expect("setting is valid");
        assert_eq!(
            paces.time(ESSEN, BERLIN),
            RoadSpeed {
                factor: 1.5,
                speed: 30.0
            }
            .time(ESSEN, BERLIN)
        );
        assert_eq!(
            paces.time(BERLIN, ESSEN),
            RoadSpeed {
                factor: 1.2,
                speed: 60.0
            }
            .time(BERLIN, ESSEN)
        );
        assert_eq!("".parse::<TravelEstimates>(), Ok(TravelEstimates::default()));
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
            assert!(text.parse::<TravelEstimates>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn great_circle_is_symmetric_and_bounded(
            a in (-90.0..90.0_f64, -180.0..180.0_f64), b in (-90.0..90.0_f64, -180.0..180.0_f64),
        ) {
            let (a, b) = (Coordinates { lat: a.0, lon: a.1 }, Coordinates { lat: b.0, lon: b.1 });
            prop_assert!((great_circle(a, b) - great_circle(b, a)).abs() < 1e-3);
            prop_assert_eq!(RoadSpeed::default().time(a, a), TimeDelta::zero());
            prop_assert!(great_circle(a, b) <= EARTH_RADIUS_METERS * std::f64::consts::PI + 1.0);
        }
    }
}
