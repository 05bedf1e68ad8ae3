//! Time windows together with the time zone in which they were agreed.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A half-open time span with its IANA time zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TimeWindow {
    /// Start, inclusive.
    pub start: DateTime<Utc>,
    /// End, exclusive; later than `start`.
    pub end: DateTime<Utc>,
    /// IANA time zone such as `Europe/Berlin`.
    pub zone: String,
}

impl TimeWindow {
    /// Maximum length of a visit window; anything longer is treated as a mistyped date.
    pub const MAX_LENGTH: chrono::TimeDelta = chrono::TimeDelta::days(31);

    /// Returns whether `end` is after `start` and the window is at most [`Self::MAX_LENGTH`] long.
    pub fn is_valid(&self) -> bool {
        self.end > self.start && self.end - self.start <= Self::MAX_LENGTH
    }
}
