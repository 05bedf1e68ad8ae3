//! When an unscheduled job is due.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, TimeZone, Utc};

use crate::requests::Priority;

/// How many days after a day still count as soon.
const SOON: Days = Days::new(7);

/// When a job is due, seen from a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// It is urgent, or its requested window ends on the day or before.
    Now,
    /// Its requested window ends within seven days.
    Soon,
    /// Its requested window ends later, or none was requested.
    Later,
}

impl Due {
    /// All values, the most urgent first.
    pub const ALL: [Self; 3] = [Self::Now, Self::Soon, Self::Later];

    /// Returns when a job is due. `window_end` is the end of its requested window, the first moment outside; `zone` is that of `date`.
    pub fn of(priority: Priority, window_end: Option<DateTime<Utc>>, date: NaiveDate, zone: &impl TimeZone) -> Self {
        if priority == Priority::Urgent {
            return Self::Now;
        }
        let Some(end) = window_end else {
            return Self::Later;
        };
        let last = (end - TimeDelta::seconds(1)).with_timezone(zone).date_naive();
        if last <= date {
            Self::Now
        } else if last <= date + SOON {
            Self::Soon
        } else {
            Self::Later
        }
    }

    /// Returns the name for texts and tests.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::Soon => "soon",
            Self::Later => "later",
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Europe::Berlin;

    use super::*;

    #[test]
    fn due_follows_priority_and_the_local_day_on_which_the_window_ends() {
        let date = NaiveDate::from_ymd_opt(2026, 11, 30).expect("the day exists");
        for (priority, window_end, expected) in [
            (Priority::Urgent, None, Due::Now),
            (Priority::Urgent, Some("2027-01-01T00:00:00Z"), Due::Now),
            (Priority::Normal, None, Due::Later),
            (Priority::Normal, Some("2026-11-20T10:00:00Z"), Due::Now),
            // Midnight in Berlin ends the day before.
            (Priority::Normal, Some("2026-11-30T23:00:00Z"), Due::Now),
            (Priority::Normal, Some("2026-11-30T23:00:01Z"), Due::Soon),
            (Priority::Normal, Some("2026-12-07T23:00:00Z"), Due::Soon),
            (Priority::Normal, Some("2026-12-08T23:00:00Z"), Due::Later),
        ] {
            let end = window_end.map(|end| end.parse().expect("the test writes RFC 3339"));
            assert_eq!(
                Due::of(priority, end, date, &Berlin),
                expected,
                "{priority:?} {window_end:?}"
            );
        }
    }
}
