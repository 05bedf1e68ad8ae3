//! Days and local times as forms and JSON carry them. The parser of `chrono` accepts years that no date input sends and no
//! database stores.

use chrono::{NaiveDate, NaiveDateTime};

fn has_shape(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && text.bytes().zip(shape.bytes()).all(|(byte, expected)| {
            if expected == b'0' {
                byte.is_ascii_digit()
            } else {
                byte == expected
            }
        })
}

/// Parses a day such as `2026-11-24`, from year 1 to 9999.
#[must_use]
pub fn parse_day(text: &str) -> Option<NaiveDate> {
    if !has_shape(text, "0000-00-00") || text.starts_with("0000") {
        return None;
    }
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
}

/// Parses a local time such as `2026-11-24T09:30`, from year 1 to 9999.
#[must_use]
pub fn parse_local_time(text: &str) -> Option<NaiveDateTime> {
    if !has_shape(text, "0000-00-00T00:00") || text.starts_with("0000") {
        return None;
    }
    NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_day_and_local_time_accept_four_digit_years_only() {
        for (day, is_valid) in [
            ("2026-11-24", true),
            ("0001-01-01", true),
            ("9999-12-31", true),
            ("0000-01-01", false),
            ("-4800-1-01", false),
            ("-4800-01-01", false),
            ("+99999-01-01", false),
            ("2026-02-30", false),
            ("2026-1-1", false),
            (" 2026-1-01", false),
            ("", false),
        ] {
            assert_eq!(parse_day(day).is_some(), is_valid, "{day}");
            assert_eq!(parse_local_time(&format!("{day}T09:30")).is_some(), is_valid, "{day}");
        }
        assert!(parse_local_time("2026-11-24T24:00").is_none());
    }
}
