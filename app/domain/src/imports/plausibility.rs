//! Values that are valid but hardly meant: coordinates at 0,0 or in another country than the address, a visit that is
//! longer than its window. They are imported with a warning.

use super::TargetImport;
use crate::customers::Coordinates;
use crate::jobs::change_proposals::ReviewedValues;
use crate::mapping::Warning;

/// Countries with the southern, western, northern and eastern bound of their area in degrees, rounded outwards.
const COUNTRIES: &[(&str, [f64; 4])] = &[
    ("AE", [22.0, 51.0, 27.0, 57.0]),
    ("AT", [46.0, 9.0, 50.0, 18.0]),
    ("AU", [-45.0, 112.0, -9.0, 155.0]),
    ("BE", [49.0, 2.0, 52.0, 7.0]),
    ("BG", [41.0, 22.0, 45.0, 29.0]),
    ("BH", [25.0, 50.0, 27.0, 51.0]),
    ("CA", [41.0, -142.0, 84.0, -52.0]),
    ("CH", [45.0, 5.0, 48.0, 11.0]),
    ("CZ", [48.0, 12.0, 52.0, 19.0]),
    ("DE", [47.0, 5.0, 56.0, 16.0]),
    ("DK", [54.0, 7.0, 58.0, 16.0]),
    ("EE", [57.0, 21.0, 60.0, 29.0]),
    ("EG", [21.0, 24.0, 32.0, 37.0]),
    ("ES", [27.0, -19.0, 44.0, 5.0]),
    ("FI", [59.0, 19.0, 71.0, 32.0]),
    ("FR", [41.0, -6.0, 52.0, 10.0]),
    ("GB", [49.0, -9.0, 61.0, 2.0]),
    ("GR", [34.0, 19.0, 42.0, 30.0]),
    ("HR", [42.0, 13.0, 47.0, 20.0]),
    ("HU", [45.0, 16.0, 49.0, 23.0]),
    ("IE", [51.0, -11.0, 56.0, -5.0]),
    ("IT", [35.0, 6.0, 48.0, 19.0]),
    ("JO", [29.0, 34.0, 34.0, 40.0]),
    ("KW", [28.0, 46.0, 31.0, 49.0]),
    ("LI", [47.0, 9.0, 48.0, 10.0]),
    ("LT", [53.0, 20.0, 57.0, 27.0]),
    ("LU", [49.0, 5.0, 51.0, 7.0]),
    ("LV", [55.0, 20.0, 59.0, 29.0]),
    ("MA", [21.0, -18.0, 36.0, 0.0]),
    ("NL", [50.0, 3.0, 54.0, 8.0]),
    ("NO", [57.0, 4.0, 81.0, 34.0]),
    ("OM", [16.0, 51.0, 27.0, 60.0]),
    ("PL", [49.0, 14.0, 55.0, 25.0]),
    ("PT", [30.0, -32.0, 43.0, -6.0]),
    ("QA", [24.0, 50.0, 27.0, 52.0]),
    ("RO", [43.0, 20.0, 49.0, 30.0]),
    ("SA", [16.0, 34.0, 33.0, 56.0]),
    ("SE", [55.0, 10.0, 70.0, 25.0]),
    ("SI", [45.0, 13.0, 47.0, 17.0]),
    ("SK", [47.0, 16.0, 50.0, 23.0]),
    ("TN", [30.0, 7.0, 38.0, 12.0]),
    ("TR", [35.0, 25.0, 43.0, 45.0]),
    ("UA", [44.0, 22.0, 53.0, 41.0]),
    ("US", [18.0, -180.0, 72.0, -66.0]),
];

/// Returns whether coordinates are at 0,0, or are only in the country with latitude and longitude swapped.
pub fn is_implausible(coordinates: Coordinates, country: Option<&str>) -> bool {
    let Coordinates { lat, lon } = coordinates;
    if lat == 0.0 && lon == 0.0 {
        return true;
    }
    let bounds = country.and_then(|country| COUNTRIES.iter().find(|(code, _)| code.eq_ignore_ascii_case(country)));
    bounds.is_some_and(|(_, [south, west, north, east])| {
        let contains = |lat: f64, lon: f64| (*south..=*north).contains(&lat) && (*west..=*east).contains(&lon);
        !contains(lat, lon) && contains(lon, lat)
    })
}

/// Returns the warnings about an import; `stored` are the values of an existing target.
pub fn warnings(import: &TargetImport, stored: Option<&ReviewedValues>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let location = import.location.as_ref();
    let location_country = location.and_then(|part| part.address.country.as_deref());
    let job_country = import.place.country.as_value().map(String::as_str).or(location_country);
    for (coordinates, country, pointer) in [
        (
            location.and_then(|part| part.coordinates),
            location_country,
            "/location/coordinates",
        ),
        (
            import.place.coordinates.as_value().copied(),
            job_country,
            "/coordinates",
        ),
    ] {
        if coordinates.is_some_and(|coordinates| is_implausible(coordinates, country)) {
            warnings.push(Warning {
                code: "implausible_coordinates",
                pointer,
            });
        }
    }
    let sent_window = import.time_window.as_value();
    let sent_minutes = import.duration_minutes.as_value().copied();
    let window = sent_window.or_else(|| stored.and_then(|stored| stored.window.as_ref()));
    let minutes = sent_minutes.or_else(|| stored.map(|stored| stored.duration_minutes));
    if let (Some(window), Some(minutes)) = (window, minutes)
        && (sent_window.is_some() || sent_minutes.is_some())
        && minutes > (window.end - window.start).num_minutes()
    {
        warnings.push(Warning {
            code: "implausible_duration",
            pointer: "/durationMinutes",
        });
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn implausible_values_are_warned_about() {
        let codes = |body: serde_json::Value| -> Vec<(&'static str, &'static str)> {
            let import = TargetImport::read(&body, |_| true).expect("body is valid");
            let found = warnings(&import, None);
            found.iter().map(|warning| (warning.code, warning.pointer)).collect()
        };
        let window = json!({"start": "2026-11-24T09:00:00Z", "end": "2026-11-24T10:00:00Z", "zone": "Europe/Berlin"});
        for (body, expected) in [
            (
                json!({"coordinates": {"lat": 51.45, "lon": 7.01}, "address": {"country": "DE"}}),
                vec![],
            ),
            (
                json!({"coordinates": {"lat": 7.01, "lon": 51.45}, "address": {"country": "DE"}}),
                vec![("implausible_coordinates", "/coordinates")],
            ),
            (
                json!({"location": {"country": "DE", "coordinates": {"lat": 7.01, "lon": 51.45}}}),
                vec![("implausible_coordinates", "/location/coordinates")],
            ),
            (
                json!({"coordinates": {"lat": 0, "lon": 0}}),
                vec![("implausible_coordinates", "/coordinates")],
            ),
            (json!({"coordinates": {"lat": 7.01, "lon": 51.45}}), vec![]),
            (
                json!({"coordinates": {"lat": -33.9, "lon": 18.4}, "address": {"country": "ZA"}}),
                vec![],
            ),
            (json!({"timeWindow": window, "durationMinutes": 60}), vec![]),
            (
                json!({"timeWindow": window, "durationMinutes": 61}),
                vec![("implausible_duration", "/durationMinutes")],
            ),
            (json!({"timeWindow": window}), vec![]),
        ] {
            let mut body = body;
            body["externalId"] = json!("x");
            assert_eq!(codes(body.clone()), expected, "{body}");
        }
    }
}
