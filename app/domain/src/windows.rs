//! Time windows with the zone in which people agreed on them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A span of time and the IANA zone in which it was meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TimeWindow {
    /// The first moment.
    pub start: DateTime<Utc>,
    /// The moment after the last; later than `start`.
    pub end: DateTime<Utc>,
    /// An IANA zone such as `Europe/Berlin`.
    pub zone: String,
}

impl TimeWindow {
    /// The longest window of one visit; longer ones are a mistyped date.
    pub const LONGEST: chrono::TimeDelta = chrono::TimeDelta::days(31);

    /// Whether end is after start and the window is not absurdly long.
    pub fn is_sound(&self) -> bool {
        self.end > self.start && self.end - self.start <= Self::LONGEST
    }
}
