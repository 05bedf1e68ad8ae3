//! What a year of visits at a customer adds up to.

use chrono::{DateTime, Datelike as _, TimeZone, Utc};

/// The months that are shown, the current one included.
pub const MONTHS: usize = 12;

/// A visit that took place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PastVisit {
    /// When it began.
    pub starts_at: DateTime<Utc>,
    /// Whether it completed its job.
    pub is_completed: bool,
    /// Whether it began within the requested window; `None` if none was requested.
    pub is_in_window: Option<bool>,
}

/// The visits of a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Month {
    /// The year of the month.
    pub year: i32,
    /// 1 to 12.
    pub month: u32,
    /// All visits.
    pub visits: u32,
    /// Visits that did not complete their job.
    pub not_completed: u32,
}

/// The figures of the last twelve months.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitFigures {
    /// The oldest month first.
    pub months: Vec<Month>,
    /// All visits of the twelve months.
    pub visits: u32,
    /// Visits that did not complete their job.
    pub not_completed: u32,
    /// How many percent of the visits with a requested window began within it, rounded down; `None` without such visits.
    pub in_window_percent: Option<u32>,
}

impl VisitFigures {
    /// Adds up visits. Those outside the twelve months up to `now`, in the given time zone, do not count.
    pub fn of(visits: &[PastVisit], now: DateTime<Utc>, zone: &impl TimeZone) -> Self {
        let last = month_index(now, zone);
        let first = last - MONTHS as i32 + 1;
        let mut months: Vec<Month> = (first..=last)
            .map(|index| Month {
                year: index.div_euclid(12),
                month: index.rem_euclid(12).unsigned_abs() + 1,
                visits: 0,
                not_completed: 0,
            })
            .collect();
        let (mut requested, mut in_window) = (0, 0);
        for visit in visits {
            let index = month_index(visit.starts_at, zone) - first;
            let Some(month) = usize::try_from(index).ok().and_then(|index| months.get_mut(index)) else {
                continue;
            };
            month.visits += 1;
            month.not_completed += u32::from(!visit.is_completed);
            if let Some(is_in_window) = visit.is_in_window {
                requested += 1;
                in_window += u32::from(is_in_window);
            }
        }
        Self {
            visits: months.iter().map(|month| month.visits).sum(),
            not_completed: months.iter().map(|month| month.not_completed).sum(),
            in_window_percent: (in_window * 100_u32).checked_div(requested),
            months,
        }
    }

    /// Returns the number of visits in the busiest month.
    pub fn busiest(&self) -> u32 {
        self.months.iter().map(|month| month.visits).max().unwrap_or(0)
    }
}

/// Returns the number of months since the year 0.
fn month_index(at: DateTime<Utc>, zone: &impl TimeZone) -> i32 {
    let date = at.with_timezone(zone).date_naive();
    date.year() * 12 + i32::try_from(date.month0()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use chrono::FixedOffset;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("the test writes RFC 3339")
    }

    fn visit(text: &str, is_completed: bool, is_in_window: Option<bool>) -> PastVisit {
        PastVisit {
            starts_at: at(text),
            is_completed,
            is_in_window,
        }
    }

    #[test]
    fn twelve_months_end_with_the_current_one_in_the_zone_of_the_reader() {
        // 31 December 23:30 UTC is 1 January an hour further east.
        let figures = VisitFigures::of(
            &[],
            at("2026-12-31T23:30:00Z"),
            &FixedOffset::east_opt(3_600).expect("an hour is an offset"),
        );
        let months: Vec<(i32, u32)> = figures.months.iter().map(|month| (month.year, month.month)).collect();
        assert_eq!(months.len(), MONTHS);
        assert_eq!((months[0], months[11]), ((2026, 2), (2027, 1)));
        assert_eq!(
            (figures.visits, figures.in_window_percent, figures.busiest()),
            (0, None, 0)
        );
    }

    #[test]
    fn visits_count_in_their_month_and_only_within_the_year() {
        let visits = [
            visit("2026-11-02T08:00:00Z", true, Some(true)),
            visit("2026-11-30T08:00:00Z", false, Some(true)),
            visit("2026-06-01T08:00:00Z", true, Some(false)),
            visit("2026-06-02T08:00:00Z", true, None),
            // A year ago to the month, and in the future.
            visit("2025-11-30T08:00:00Z", true, Some(true)),
            visit("2026-12-01T08:00:00Z", true, Some(true)),
        ];
        let figures = VisitFigures::of(&visits, at("2026-11-30T12:00:00Z"), &Utc);
        assert_eq!((figures.visits, figures.not_completed), (4, 1));
        assert_eq!(figures.in_window_percent, Some(66));
        assert_eq!((figures.months[11].visits, figures.months[11].not_completed), (2, 1));
        assert_eq!((figures.months[6].month, figures.months[6].visits), (6, 2));
        assert_eq!(figures.busiest(), 2);
    }
}
