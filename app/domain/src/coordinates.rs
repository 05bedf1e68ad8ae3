//! Coordinates as people paste them: from a map's address, from a sheet, or from a navigation device.

use crate::customers::Coordinates;

/// Longest text that is read, in characters; addresses of maps are long.
pub const MAX_CHARS: usize = 2_000;

/// Reads coordinates in degrees: a pair of numbers (with a decimal point or comma, with or without N, S, E, W), degrees with minutes
/// and seconds, a `geo:` address, or the address of a place in Google Maps, OpenStreetMap, Apple Maps or Bing Maps. `None` for
/// anything else, and for values out of range.
///
/// ```
/// let berlin = domain::coordinates::parse("52.5163, 13.3777").unwrap();
/// assert_eq!((berlin.lat, berlin.lon), (52.5163, 13.3777));
/// ```
pub fn parse(text: &str) -> Option<Coordinates> {
    let text = text.trim();
    if text.chars().count() > MAX_CHARS {
        return None;
    }
    let (lat, lon) = if text.contains("://") || text.starts_with("geo:") {
        of_address(text)?
    } else {
        of_text(text)?
    };
    Coordinates::new(lat, lon)
}

/// Reads the address of a place in a map. The place itself comes before the centre of the shown map; the address of a route has
/// several places and is not read.
fn of_address(address: &str) -> Option<(f64, f64)> {
    let address = address.replace("%2C", ",").replace("%2c", ",").replace("%20", "");
    if address.contains("/dir/") {
        return None;
    }
    if let Some(rest) = address.strip_prefix("geo:") {
        return pair(rest, ',');
    }
    let after = |mark: &str| address.split_once(mark).map(|(_, rest)| rest);
    let parameter = |name: &str| {
        let query = after("?")?.split('#').next()?;
        query
            .split('&')
            .find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
    };
    let number = |text: Option<&str>| leading_number(text?).map(|(number, _)| number);
    let both = |lat: Option<&str>, lon: Option<&str>| number(lat).zip(number(lon));
    both(after("!3d"), after("!4d"))
        .or_else(|| both(parameter("mlat"), parameter("mlon")))
        .or_else(|| {
            ["q", "query", "ll", "daddr", "destination"]
                .into_iter()
                .find_map(|name| pair(parameter(name)?, ','))
        })
        // Bing separates with a tilde, OpenStreetMap with a slash after the zoom level.
        .or_else(|| pair(parameter("cp")?, '~'))
        .or_else(|| pair(parameter("center")?, ','))
        .or_else(|| pair(after("@")?, ','))
        .or_else(|| pair(after("#map=")?.split_once('/')?.1, '/'))
}

fn pair(text: &str, separator: char) -> Option<(f64, f64)> {
    let (lat, rest) = leading_number(text)?;
    let (lon, _) = leading_number(rest.strip_prefix(separator)?)?;
    Some((lat, lon))
}

/// Returns the number at the start of a text, and the text after it.
fn leading_number(text: &str) -> Option<(f64, &str)> {
    let end = text
        .find(|character: char| !(character.is_ascii_digit() || matches!(character, '.' | '-' | '+')))
        .unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

/// Reads two values with or without the letters of their directions.
fn of_text(text: &str) -> Option<(f64, f64)> {
    let text = text.replace('\u{2212}', "-").to_uppercase();
    let (first, second) = halves(text.trim())?;
    let (first, second) = (Part::parse(first)?, Part::parse(second)?);
    match (first.is_latitude, second.is_latitude) {
        (Some(false), None | Some(true)) | (None, Some(true)) => Some((second.degrees, first.degrees)),
        (Some(true) | None, None | Some(false)) => Some((first.degrees, second.degrees)),
        _ => None,
    }
}

/// Splits a text into its two values.
fn halves(text: &str) -> Option<(&str, &str)> {
    let letters: Vec<usize> = text
        .char_indices()
        .filter(|(_, character)| matches!(character, 'N' | 'S' | 'E' | 'W'))
        .map(|(position, _)| position)
        .collect();
    match letters[..] {
        [0, second] => return Some(text.split_at(second)),
        [first, _] => return Some(text.split_at(first + 1)),
        [] => {}
        _ => return None,
    }
    if let Some(halves) = text.split_once(';').or_else(|| text.split_once(", ")) {
        return Some(halves);
    }
    if text.matches(',').count() == 1 && text.contains('.') {
        return text.split_once(',');
    }
    text.split_once(char::is_whitespace)
}

struct Part {
    degrees: f64,
    /// Whether a letter says that it is a latitude or a longitude.
    is_latitude: Option<bool>,
}

impl Part {
    /// Reads degrees, minutes and seconds, or decimal degrees.
    fn parse(text: &str) -> Option<Self> {
        let direction = text.chars().find(char::is_ascii_alphabetic);
        let numbers = text.replace(',', ".");
        let mut degrees = 0.0;
        let mut is_negative = matches!(direction, Some('S' | 'W'));
        let parts: Vec<&str> = numbers
            .split(|character: char| !(character.is_ascii_digit() || matches!(character, '.' | '-' | '+')))
            .filter(|part| !part.is_empty() && *part != ".")
            .collect();
        let marks = |character: char| matches!(character, '°' | 'º' | '\'' | '"' | '\u{2032}' | '\u{2033}' | '’' | '”');
        let is_known = |character: char| matches!(character, '0'..='9' | '.' | '-' | '+' | ' ') || marks(character);
        let others = numbers.trim().chars().filter(|character| !is_known(*character));
        // Minutes need a sign or a letter: "1 2 3" could mean anything.
        let is_angle = direction.is_some() || numbers.contains(['°', 'º']);
        if others.ne(direction) || !(1..=3).contains(&parts.len()) || (parts.len() > 1 && !is_angle) {
            return None;
        }
        for (part, unit) in parts.into_iter().zip([1.0, 60.0, 3_600.0]) {
            let number: f64 = part.trim_end_matches('.').parse().ok()?;
            if unit > 1.0 && !(0.0..60.0).contains(&number) {
                return None;
            }
            is_negative |= part.starts_with('-');
            degrees += number.abs() / unit;
        }
        Some(Self {
            degrees: if is_negative { -degrees } else { degrees },
            is_latitude: direction.map(|letter| matches!(letter, 'N' | 'S')),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pasted_coordinates_are_read() {
        let table = [
            ("52.5163, 13.3777", 52.5163, 13.3777),
            ("52.5163,13.3777", 52.5163, 13.3777),
            (" 52.5163 13.3777 ", 52.5163, 13.3777),
            ("52.5163;13.3777", 52.5163, 13.3777),
            ("52,5163 13,3777", 52.5163, 13.3777),
            ("52,5163; 13,3777", 52.5163, 13.3777),
            ("52,5163, 13,3777", 52.5163, 13.3777),
            ("-33.8568, 151.2153", -33.8568, 151.2153),
            ("\u{2212}33.8568, 151.2153", -33.8568, 151.2153),
            ("52.5163° N, 13.3777° E", 52.5163, 13.3777),
            ("52,5163° N, 13,3777° E", 52.5163, 13.3777),
            (
                "https://maps.google.com/maps?sll=48.1,11.5&ll=52.5163,13.3777",
                52.5163,
                13.3777,
            ),
            ("N 52.5163 E 13.3777", 52.5163, 13.3777),
            ("13.3777 E, 52.5163 N", 52.5163, 13.3777),
            ("33.8568 s 151.2153 e", -33.8568, 151.2153),
            ("52°30'58.7\"N 13°22'39.7\"E", 52.516_306, 13.377_694),
            ("52° 30′ 58.7″ N, 13° 22′ 39.7″ W", 52.516_306, -13.377_694),
            ("geo:52.5163,13.3777;u=35", 52.5163, 13.3777),
            ("https://maps.google.com/?q=52.5163,13.3777", 52.5163, 13.3777),
            (
                "https://www.google.com/maps/search/?api=1&query=52.5163%2C13.3777",
                52.5163,
                13.3777,
            ),
            (
                "https://www.google.com/maps/place/Tor/@52.51,13.37,17z/data=!3m1!4b1!4m6!3m5!8m2!3d52.5163!4d13.3777",
                52.5163,
                13.3777,
            ),
            ("https://www.google.com/maps/@52.5163,13.3777,17z", 52.5163, 13.3777),
            (
                "https://www.openstreetmap.org/?mlat=52.5163&mlon=13.3777#map=17/52.5/13.3",
                52.5163,
                13.3777,
            ),
            (
                "https://www.openstreetmap.org/#map=17/52.5163/13.3777",
                52.5163,
                13.3777,
            ),
            ("https://maps.apple.com/?ll=52.5163,13.3777&q=Tor", 52.5163, 13.3777),
            ("https://www.bing.com/maps?cp=52.5163~13.3777&lvl=16", 52.5163, 13.3777),
            ("52 30 58.7 N 13 22 39.7 E", 52.516_306, 13.377_694),
            ("0, 0", 0.0, 0.0),
        ];
        for (text, lat, lon) in table {
            let found = parse(text).unwrap_or_else(|| panic!("{text}"));
            assert!(
                (found.lat - lat).abs() < 1e-5 && (found.lon - lon).abs() < 1e-5,
                "{text}: {found:?}"
            );
        }
    }

    #[test]
    fn shown_coordinates_are_read_again() {
        for (lat, lon, shown) in [
            (52.5163, 13.3777, "52.5163, 13.3777"),
            (0.0, -180.0, "0, -180"),
            (7.438_899_999_99, 100.0, "7.4389, 100"),
        ] {
            let text = Coordinates { lat, lon }.to_string();
            assert_eq!(text, shown);
            let read = parse(&text).unwrap_or_else(|| panic!("{text}"));
            assert!((read.lat - lat).abs() < 1e-6 && (read.lon - lon).abs() < 1e-6, "{text}");
        }
    }

    #[test]
    fn other_texts_are_not_coordinates() {
        for text in [
            "",
            "52.5163",
            "Berlin",
            "Unter den Linden 1, Berlin",
            "91, 13",
            "52, 181",
            "52.5 N 13.3 N",
            "52°61'00\"N 13°22'40\"E",
            "1 2 3",
            "12345 Essen, 7",
            "10115 N 5 E x",
            "https://example.com/",
            "https://maps.google.com/?q=Berlin",
            "NaN, NaN",
            // West in French, east in German.
            "48.85 N, 2.35 O",
            "https://www.google.com/maps/dir/48.1,11.5/52.5,13.3/@50.3,12.4,7z",
            "https://maps.google.com/maps?sll=48.1,11.5",
            "inf, inf",
            "1e3, 5",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse(&"1".repeat(MAX_CHARS + 1)), None);
    }
}
