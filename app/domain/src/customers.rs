//! Postal addresses and coordinates.

use serde::{Deserialize, Serialize};

/// Longest street with number, in characters.
pub const MAX_STREET_CHARS: usize = 200;
/// Longest postal code, in characters.
pub const MAX_POSTAL_CODE_CHARS: usize = 20;
/// Longest name of a city, in characters.
pub const MAX_CITY_CHARS: usize = 100;
/// Longest notes about access, in characters.
pub const MAX_ACCESS_NOTES_CHARS: usize = 1_000;
/// Longest phone number of a contact, in characters.
pub const MAX_PHONE_CHARS: usize = 40;

/// Postal address; every part may be unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Address {
    /// Street and number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub street: Option<String>,
    /// Postal code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// City.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// Two-letter country code (ISO 3166-1).
    #[schema(pattern = "^[A-Za-z]{2}$")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

impl Address {
    /// Returns the street, or else the city, for a location that has no name of its own; the city stands beside the name.
    pub fn as_name(&self) -> Option<String> {
        self.street.clone().or_else(|| self.city.clone())
    }

    /// Returns the address with the sent parts applied; absent parts are unchanged.
    pub fn with(&self, sent: &Self) -> Self {
        let part = |stored: &Option<String>, sent: &Option<String>| sent.clone().or_else(|| stored.clone());
        Self {
            street: part(&self.street, &sent.street),
            postal_code: part(&self.postal_code, &sent.postal_code),
            city: part(&self.city, &sent.city),
            country: part(&self.country, &sent.country),
        }
    }
}

/// Place of a job as sent by its source system; stored with the job independently of the location record.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// Postal address.
    #[serde(flatten)]
    pub address: Address,
    /// Geographic coordinates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coordinates: Option<Coordinates>,
}

/// Geographic coordinates in degrees (WGS 84).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Coordinates {
    /// Latitude, -90 to 90.
    pub lat: f64,
    /// Longitude, -180 to 180.
    pub lon: f64,
}

impl std::fmt::Display for Coordinates {
    /// Latitude and longitude with six decimals, which is a tenth of a metre.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = |degrees: f64| {
            let text = format!("{degrees:.6}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        };
        write!(formatter, "{}, {}", text(self.lat), text(self.lon))
    }
}

impl Coordinates {
    /// Creates coordinates; `None` if a value is out of range.
    pub fn new(lat: f64, lon: f64) -> Option<Self> {
        ((-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon)).then_some(Self { lat, lon })
    }
}
