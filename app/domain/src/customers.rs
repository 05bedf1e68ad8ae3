//! Postal addresses and coordinates.

use serde::{Deserialize, Serialize};

/// Where something is, as written on a letter. Every part may be unknown.
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
    /// ISO 3166 country code of two letters.
    #[schema(pattern = "^[A-Za-z]{2}$")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

impl Address {
    /// This address with the parts that were sent; what was not sent stays.
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

/// Where a job is, as its source sent it: kept with the job, whatever the records say.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// The address.
    #[serde(flatten)]
    pub address: Address,
    /// The coordinates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coordinates: Option<Coordinates>,
}

/// A place on the globe in degrees (WGS 84).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Coordinates {
    /// Latitude, -90 to 90.
    pub lat: f64,
    /// Longitude, -180 to 180.
    pub lon: f64,
}

impl Coordinates {
    /// Checks the bounds.
    pub fn new(lat: f64, lon: f64) -> Option<Self> {
        ((-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon)).then_some(Self { lat, lon })
    }
}
