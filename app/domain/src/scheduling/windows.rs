//! Time windows together with the time zone in which they were agreed.

use chrono::{DateTime, Datelike as _, NaiveDate, Utc, Weekday};
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

    /// Years in which an imported window can lie; any other one is a mistyped or shortened date.
    pub const YEARS: std::ops::RangeInclusive<i32> = 2000..=2100;

    /// Returns whether an imported window is valid and lies in [`Self::YEARS`].
    pub fn is_plausible(&self) -> bool {
        self.is_valid() && Self::YEARS.contains(&self.start.year()) && Self::YEARS.contains(&self.end.year())
    }

    /// Returns whether `end` is after `start` and the window is at most [`Self::MAX_LENGTH`] long.
    pub fn is_valid(&self) -> bool {
        self.end > self.start && self.end - self.start <= Self::MAX_LENGTH
    }
}

/// Returns the day to propose for a visit: the day on screen, else the first day of the requested window that is not over, else
/// the next working day.
pub fn proposed_day(
    on_screen: Option<NaiveDate>,
    window: Option<(NaiveDate, NaiveDate)>,
    today: NaiveDate,
) -> NaiveDate {
    let requested = window
        .filter(|(_, last)| *last >= today)
        .map(|(first, _)| first.max(today));
    on_screen
        .filter(|day| *day >= today)
        .or(requested)
        .unwrap_or_else(|| next_working_day(today))
}

/// Returns the first day after a day that is not on a weekend.
pub fn next_working_day(day: NaiveDate) -> NaiveDate {
    let is_working_day = |day: &NaiveDate| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
    day.iter_days().skip(1).find(is_working_day).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proposed_day_prefers_screen_then_window_then_working_day() {
        let day = |month, day| NaiveDate::from_ymd_opt(2026, month, day).expect("date is valid");
        // 27 November 2026 is a Friday.
        let today = day(11, 27);
        for (case, on_screen, window, expected) in [
            ("screen", Some(day(12, 2)), Some((day(12, 9), day(12, 9))), day(12, 2)),
            ("screen of today", Some(today), None, today),
            (
                "screen in the past",
                Some(day(11, 20)),
                Some((day(12, 9), day(12, 9))),
                day(12, 9),
            ),
            ("window", None, Some((day(12, 5), day(12, 6))), day(12, 5)),
            ("window that has begun", None, Some((day(11, 20), day(12, 6))), today),
            (
                "window that is over",
                None,
                Some((day(10, 31), day(10, 31))),
                day(11, 30),
            ),
            ("nothing", None, None, day(11, 30)),
        ] {
            assert_eq!(proposed_day(on_screen, window, today), expected, "{case}");
        }
        assert_eq!(next_working_day(day(11, 26)), today);
    }
}
