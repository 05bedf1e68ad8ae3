//! Parses the values of settings. Errors name the setting and an allowed value.

use std::time::Duration;

use ipnet::IpNet;
use serde::{Deserialize, Deserializer};

use crate::api::limits::Rate;

/// Reads a text that may look like a number, such as `0` for no limit or `8443` for a port.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Text(String),
        Whole(i64),
        Number(f64),
        Truth(bool),
    }
    Ok(match Written::deserialize(deserializer)? {
        Written::Text(text) => text,
        Written::Whole(number) => number.to_string(),
        Written::Number(number) => number.to_string(),
        Written::Truth(is_true) => is_true.to_string(),
    })
}

/// Parses a comma-separated list of networks.
pub(super) fn parse_networks(setting: &str, text: &str) -> Result<Vec<IpNet>, String> {
    text.split(',')
        .map(str::trim)
        .filter(|net| !net.is_empty())
        .map(|net| {
            net.parse()
                .map_err(|_| format!("setting {setting}: {net} is not a network such as 10.0.0.0/8"))
        })
        .collect()
}

pub(super) fn parse_ports(setting: &str, text: &str) -> Result<Vec<u16>, String> {
    text.split(',')
        .map(str::trim)
        .filter(|port| !port.is_empty())
        .map(|port| {
            port.parse()
                .map_err(|_| format!("setting {setting}: {port} is not a port such as 8443"))
        })
        .collect()
}

pub(super) fn parse_rate(name: &str, text: &str) -> Result<Rate, String> {
    Rate::parse(text)
        .ok_or_else(|| format!("setting {name}: must be a rate such as 100/1000 (requests per second/burst)"))
}

pub(super) fn parse_duration(name: &str, text: &str) -> Result<Duration, String> {
    parse_delay(text.trim()).ok_or_else(|| format!("setting {name}: {text} is not a duration such as 10s, 5m or 2h"))
}

/// Parses a number of bytes with a unit: `KiB`, `MiB`, `GiB` or `TiB`; `0` has none.
pub(super) fn parse_size(name: &str, text: &str) -> Result<u64, String> {
    let text = text.trim();
    let units = [("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40)];
    let size = units.iter().find_map(|(unit, bits)| {
        let number = text.strip_suffix(unit)?.trim().parse::<u64>().ok()?;
        number.checked_mul(1 << bits)
    });
    size.or_else(|| (text == "0").then_some(0))
        .ok_or_else(|| format!("setting {name}: {text} is not a size such as 500MiB or 20GiB"))
}

/// Parses a duration that is not zero.
pub(super) fn parse_timeout(name: &str, text: &str) -> Result<Duration, String> {
    match parse_duration(name, text)? {
        Duration::ZERO => Err(format!("setting {name}: must be longer than 0s")),
        timeout => Ok(timeout),
    }
}

/// Parses a number with a unit: `s`, `m` or `h`.
pub(super) fn parse_delay(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return None,
    };
    Some(Duration::from_secs(number.parse::<u64>().ok()?.checked_mul(seconds)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_delay_without_unit_returns_none() {
        assert_eq!(parse_delay("5m"), Some(Duration::from_secs(300)));
        for text in ["", "5", "m", "-1s", "5d", "1.5s"] {
            assert_eq!(parse_delay(text), None, "{text}");
        }
    }

    #[test]
    fn parse_size_without_unit_is_error() {
        assert_eq!(parse_size("x", "20 GiB"), Ok(20 * 1024 * 1024 * 1024));
        assert_eq!(parse_size("x", "0"), Ok(0));
        for text in ["", "5", "MiB", "-1KiB", "5GB", "99999999999999TiB"] {
            assert!(parse_size("x", text).is_err(), "{text}");
        }
    }
}
