//! Phone numbers as people type them, as addresses of calls.

use chrono_tz::Tz;
use phonenumber::country;
use phonenumber::{Mode, PhoneNumber};

/// Countries of time zones, for locations without a country.
const COUNTRIES: [(&str, Tz); 27] = [
    ("DE", Tz::Europe__Berlin),
    ("AT", Tz::Europe__Vienna),
    ("CH", Tz::Europe__Zurich),
    ("FR", Tz::Europe__Paris),
    ("NL", Tz::Europe__Amsterdam),
    ("BE", Tz::Europe__Brussels),
    ("LU", Tz::Europe__Luxembourg),
    ("GB", Tz::Europe__London),
    ("IE", Tz::Europe__Dublin),
    ("IT", Tz::Europe__Rome),
    ("ES", Tz::Europe__Madrid),
    ("PL", Tz::Europe__Warsaw),
    ("CZ", Tz::Europe__Prague),
    ("DK", Tz::Europe__Copenhagen),
    ("SE", Tz::Europe__Stockholm),
    ("NO", Tz::Europe__Oslo),
    ("TR", Tz::Europe__Istanbul),
    ("SA", Tz::Asia__Riyadh),
    ("AE", Tz::Asia__Dubai),
    ("QA", Tz::Asia__Qatar),
    ("KW", Tz::Asia__Kuwait),
    ("IQ", Tz::Asia__Baghdad),
    ("JO", Tz::Asia__Amman),
    ("LB", Tz::Asia__Beirut),
    ("EG", Tz::Africa__Cairo),
    ("MA", Tz::Africa__Casablanca),
    ("TN", Tz::Africa__Tunis),
];

/// What precedes an extension, in small letters; longer ones first.
const EXTENSION_MARKS: [&str; 9] = [
    "durchwahl",
    "extension",
    "تحويلة",
    "داخلي",
    "ext.",
    "ext",
    "dw",
    "#",
    "x",
];

/// Returns the `tel:` URI (RFC 3966) of a number; `None` if the text contains none. A number without a country code is one of
/// `country`, or else of the country of the time zone. A number that fits no country is dialled as it was typed.
pub fn tel_uri(text: &str, country: Option<&str>, zone: &str) -> Option<String> {
    let text = with_ascii_digits(text);
    let (number, extension) = split_extension(&text);
    let country = country
        .map(str::to_owned)
        .or_else(|| country_of_zone(zone).map(str::to_owned))
        .and_then(|code| code.to_uppercase().parse::<country::Id>().ok());
    // The national prefix is typed in brackets behind the country code and not dialled with it, except in Italy.
    let number = if number.trim_start().starts_with(['+', '0']) && !number.contains("+39") {
        number.replacen("(0)", "", usize::from(is_international(&number)))
    } else {
        number
    };
    let uri = phonenumber::parse(country, &number)
        .ok()
        .filter(PhoneNumber::is_valid)
        .map(|parsed| parsed.format().mode(Mode::E164).to_string())
        .or_else(|| dialled(&number))?;
    Some(match extension {
        Some(extension) => format!("tel:{uri};ext={extension}"),
        None => format!("tel:{uri}"),
    })
}

fn is_international(number: &str) -> bool {
    let number = number.trim_start();
    number.starts_with('+') || number.starts_with("00")
}

fn country_of_zone(zone: &str) -> Option<&'static str> {
    let zone: Tz = zone.parse().ok()?;
    COUNTRIES
        .iter()
        .find(|(_, other)| *other == zone)
        .map(|(country, _)| *country)
}

/// Replaces the digits of other scripts, and the full-width plus.
fn with_ascii_digits(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '\u{660}'..='\u{669}' => digit(character, 0x660),
            '\u{6f0}'..='\u{6f9}' => digit(character, 0x6f0),
            '\u{966}'..='\u{96f}' => digit(character, 0x966),
            '\u{ff10}'..='\u{ff19}' => digit(character, 0xff10),
            '\u{ff0b}' => '+',
            other => other,
        })
        .collect()
}

fn digit(character: char, zero: u32) -> char {
    char::from_digit(u32::from(character) - zero, 10).unwrap_or(character)
}

/// Splits a number from its extension.
fn split_extension(text: &str) -> (String, Option<String>) {
    let lower = text.to_lowercase();
    for mark in EXTENSION_MARKS {
        let Some(at) = lower.find(mark) else { continue };
        // Letters whose small form has another length would move the position.
        let (Some(number), Some(rest)) = (lower.get(..at), lower.get(at + mark.len()..)) else {
            continue;
        };
        let extension: String = rest.chars().filter(char::is_ascii_digit).collect();
        if !extension.is_empty() && number.chars().any(|character| character.is_ascii_digit()) {
            return (number.to_owned(), Some(extension));
        }
    }
    (lower, None)
}

/// Returns the digits of a number as they were typed.
fn dialled(number: &str) -> Option<String> {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let plus = if number.trim_start().starts_with('+') { "+" } else { "" };
    (!digits.is_empty()).then(|| format!("{plus}{digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("+49 (0)201 5550", Some("DE"), "tel:+492015550")]
    #[case("0049 (0)201 5550123", Some("DE"), "tel:+492015550123")]
    #[case("0201/5550123", Some("DE"), "tel:+492015550123")]
    #[case("0201/5550123", Some("de"), "tel:+492015550123")]
    #[case("(0201) 5550-123", Some("DE"), "tel:+492015550123")]
    #[case("+49 201 5550123 ext. 7", None, "tel:+492015550123;ext=7")]
    #[case("0201 5550123 Durchwahl 45", Some("DE"), "tel:+492015550123;ext=45")]
    #[case("٠٢٠١ ٥٥٥٠١٢٣", Some("DE"), "tel:+492015550123")]
    #[case("+٩٦٦ ٥٠ ١٢٣ ٤٥٦٧", None, "tel:+966501234567")]
    #[case("050 123 4567", Some("SA"), "tel:+966501234567")]
    #[case("020 7946 0018", Some("GB"), "tel:+442079460018")]
    #[case("+39 06 698 82125", None, "tel:+390669882125")]
    // Emergency and short numbers fit no pattern and are dialled as they stand.
    #[case("112", Some("DE"), "tel:112")]
    #[case("Porter: 55", None, "tel:55")]
    fn tel_uri_of_typed_number_is_dialled_number(
        #[case] typed: &str,
        #[case] country: Option<&str>,
        #[case] expected: &str,
    ) {
        let found = tel_uri(typed, country, "UTC");
        assert_eq!(found.as_deref(), Some(expected), "{typed}");
    }

    #[test]
    fn tel_uri_without_country_uses_zone() {
        let found = tel_uri("0201 5550123", None, "Europe/Berlin");
        assert_eq!(found.as_deref(), Some("tel:+492015550123"));
        assert_eq!(tel_uri("0201 5550123", None, "UTC").as_deref(), Some("tel:02015550123"));
    }

    #[test]
    fn tel_uri_without_digits_is_none() {
        assert_eq!(tel_uri("ask at the door", Some("DE"), "UTC"), None);
        assert_eq!(tel_uri("", None, "UTC"), None);
    }
}
