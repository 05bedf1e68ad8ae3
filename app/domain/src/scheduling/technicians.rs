//! Working hours of technicians: weekly shifts in their own time zone, breaks, and absences.

use std::collections::BTreeSet;

use chrono::{
    DateTime, Datelike as _, Days, LocalResult, NaiveDate, NaiveTime, TimeDelta, TimeZone, Timelike as _, Utc, Weekday,
};
use serde::{Deserialize, Serialize};

/// Minutes since local midnight, or a duration in minutes.
pub type Minute = u16;

/// Minutes per day.
pub const MINUTES_PER_DAY: Minute = 24 * 60;

/// A shift of one weekday. If `until` is not after `from`, the shift ends on the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shift {
    /// Start.
    pub from: Minute,
    /// End.
    pub until: Minute,
}

impl Shift {
    /// Returns the length in minutes on a day without a clock change.
    pub const fn minutes(self) -> Minute {
        if self.until > self.from {
            self.until - self.from
        } else {
            self.until + MINUTES_PER_DAY - self.from
        }
    }

    /// Returns whether the window in which a break may start begins within the shift, by the local clock.
    pub fn contains_break(self, work_break: Break) -> bool {
        let since_start = |minute: Minute| (minute + MINUTES_PER_DAY - self.from) % MINUTES_PER_DAY;
        since_start(work_break.from) < self.minutes() && since_start(work_break.from) <= since_start(work_break.until)
    }
}

/// A break within a shift. A time before the start of the shift refers to the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Break {
    /// Earliest start.
    pub from: Minute,
    /// Latest start.
    pub until: Minute,
    /// Length in minutes.
    pub minutes: Minute,
}

/// A weekly schedule, Monday first. The breaks apply to every shift that can contain them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct WorkingWeek {
    /// Shift of each weekday; `None` on days off.
    pub days: [Option<Shift>; 7],
    /// Breaks in order, at most [`WorkingWeek::MAX_BREAKS`].
    pub rests: Vec<Break>,
}

/// A shift on a specific day, in UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShiftOnDay {
    /// Start.
    pub from: DateTime<Utc>,
    /// End.
    pub until: DateTime<Utc>,
    /// Earliest start, latest start and length of each break.
    pub rests: Vec<(DateTime<Utc>, DateTime<Utc>, TimeDelta)>,
}

impl WorkingWeek {
    /// Maximum number of breaks per shift; the route engine supports as many.
    pub const MAX_BREAKS: usize = 2;
    /// Maximum length of a break, in minutes.
    pub const MAX_BREAK_MINUTES: Minute = 4 * 60;

    /// Returns the hours of a new technician until they are set: Monday to Friday, 08:00 to 17:00.
    pub fn usual() -> Self {
        let shift = Some(Shift {
            from: 8 * 60,
            until: 17 * 60,
        });
        Self {
            days: [shift, shift, shift, shift, shift, None, None],
            rests: Vec::new(),
        }
    }

    /// Returns whether a break is valid: its length is within bounds and, if there are shifts, at least one can contain
    /// it.
    pub fn is_valid_break(&self, work_break: Break) -> bool {
        let length = (1..=Self::MAX_BREAK_MINUTES).contains(&work_break.minutes);
        let mut shifts = self.days.iter().flatten().peekable();
        length && (shifts.peek().is_none() || shifts.any(|shift| shift.contains_break(work_break)))
    }

    /// Returns the shift of a day in a time zone; `None` on a day off. Clock changes are resolved as by
    /// [`local_moment`].
    pub fn on<Zone: TimeZone>(&self, day: NaiveDate, zone: &Zone) -> Option<ShiftOnDay> {
        let shift = self.days[day.weekday().num_days_from_monday() as usize]?;
        let to_utc = |minute: Minute, is_next_day: bool| {
            let day = if is_next_day {
                day.checked_add_days(Days::new(1))?
            } else {
                day
            };
            local_moment(day, minute, zone)
        };
        let is_next_day = |minute: Minute| minute < shift.from;
        let from = to_utc(shift.from, false)?;
        let until = to_utc(shift.until, shift.until <= shift.from)?;
        let rests = self.rests.iter().filter_map(|work_break| {
            let earliest = to_utc(work_break.from, is_next_day(work_break.from))?;
            let latest = to_utc(work_break.until, is_next_day(work_break.until))?;
            // A short shift may end before a break that fits the longer shifts of the week.
            let is_within = earliest < until && earliest <= latest;
            is_within.then(|| (earliest, latest, TimeDelta::minutes(i64::from(work_break.minutes))))
        });
        Some(ShiftOnDay {
            from,
            until,
            rests: rests.collect(),
        })
    }
}

/// The hours in which a visit is usual for a technician without working hours, in minutes since midnight.
const USUAL_HOURS: std::ops::RangeInclusive<u32> = 6 * 60..=20 * 60;

/// Returns whether a visit is on a Sunday or at night by the local clock.
pub fn is_unusual_time<Zone: TimeZone>(from: DateTime<Utc>, until: DateTime<Utc>, zone: &Zone) -> bool {
    let (from, until) = (from.with_timezone(zone), until.with_timezone(zone));
    let minute = |at: &DateTime<Zone>| at.num_seconds_from_midnight() / 60;
    from.weekday() == Weekday::Sun
        || from.date_naive() != until.date_naive()
        || !USUAL_HOURS.contains(&minute(&from))
        || !USUAL_HOURS.contains(&minute(&until))
}

/// Converts a local time to UTC. A time skipped by a clock change becomes the moment of the change; an ambiguous time
/// becomes the earlier of the two. `None` if the date is out of range.
pub fn local_moment<Zone: TimeZone>(day: NaiveDate, minute: Minute, zone: &Zone) -> Option<DateTime<Utc>> {
    let time = NaiveTime::from_num_seconds_from_midnight_opt(u32::from(minute) * 60, 0)?;
    let mut local = day.and_time(time);
    // Gaps last at most a few hours, and zone offsets change in steps of at least 15 minutes.
    for _ in 0..16 {
        match zone.from_local_datetime(&local) {
            LocalResult::Single(found) | LocalResult::Ambiguous(found, _) => {
                return Some(found.with_timezone(&Utc));
            }
            LocalResult::None => local += TimeDelta::minutes(15),
        }
    }
    None
}

impl WorkingWeek {
    /// Returns the start of a working day: midnight, or the end of the previous night shift, or the start of the day's
    /// own shift if that is earlier.
    fn start_of_day<Zone: TimeZone>(&self, day: NaiveDate, zone: &Zone) -> Option<DateTime<Utc>> {
        let midnight = local_moment(day, 0, zone)?;
        let previous = day.pred_opt().and_then(|previous| self.on(previous, zone));
        let shift_start = self.on(day, zone).map(|shift| shift.from);
        let previous_end = previous.map_or(midnight, |shift| shift.until);
        Some(
            shift_start
                .map_or(previous_end, |start| previous_end.min(start))
                .max(midnight),
        )
    }

    /// Returns the span of a working day. A night shift belongs entirely to the day on which it starts, so every moment
    /// belongs to exactly one day. `None` if the date is out of range.
    pub fn span<Zone: TimeZone>(&self, day: NaiveDate, zone: &Zone) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        Some((self.start_of_day(day, zone)?, self.start_of_day(day.succ_opt()?, zone)?))
    }

    /// Returns the working day to which a moment belongs.
    pub fn day_of<Zone: TimeZone>(&self, moment: DateTime<Utc>, zone: &Zone) -> NaiveDate {
        let day = moment.with_timezone(zone).date_naive();
        let belongs_to_previous_day = self.start_of_day(day, zone).is_some_and(|start| moment < start);
        if belongs_to_previous_day {
            day.pred_opt().unwrap_or(day)
        } else {
            day
        }
    }
}

crate::stored_names! {
    /// Kind of absence.
    AbsenceKind {
        /// Vacation.
        Vacation = "vacation",
        /// Illness.
        Sick = "sick",
        /// Training.
        Training = "training",
        /// Anything else.
        Other = "other",
    }
}

/// Maximum number of skills of a technician.
pub const MAX_SKILLS: usize = 50;

/// Parses skills separated by commas, semicolons or line breaks; removes duplicates and sorts them. `None` if there
/// are too many, or if one has invalid characters or more than 64 characters.
pub fn parse_skill_list(text: &str) -> Option<Vec<String>> {
    let mut found = BTreeSet::new();
    for skill in text
        .split([',', '\n', ';'])
        .map(str::trim)
        .filter(|skill| !skill.is_empty())
    {
        found.insert(crate::text::line(skill, 64).ok()?);
    }
    (found.len() <= MAX_SKILLS).then(|| found.into_iter().collect())
}

/// Parses a time of day such as `07:30`.
pub fn parse_time_of_day(text: &str) -> Option<Minute> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let (hours, minutes) = (hours.parse::<Minute>().ok()?, minutes.parse::<Minute>().ok()?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

/// Formats a time of day for a form input.
pub fn format_time_of_day(minute: Minute) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn week(from: &str, until: &str) -> WorkingWeek {
        let shift = Shift {
            from: parse_time_of_day(from).unwrap_or_default(),
            until: parse_time_of_day(until).unwrap_or_default(),
        };
        WorkingWeek {
            days: [Some(shift); 7],
            rests: vec![Break {
                from: 12 * 60,
                until: 13 * 60,
                minutes: 30,
            }],
        }
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap_or_default()
    }

    #[test]
    fn span_night_shift_belongs_to_the_day_it_starts() {
        let zone = chrono_tz::Europe::Berlin;
        let night = week("22:00", "06:00");
        let (from, until) = night.span(day("2026-11-24"), &zone).expect("date is in range");
        assert_eq!(
            (from.to_rfc3339(), until.to_rfc3339()),
            (
                "2026-11-24T05:00:00+00:00".to_owned(),
                "2026-11-25T05:00:00+00:00".to_owned()
            )
        );
        for (moment, expected) in [
            ("2026-11-24T04:59:00Z", "2026-11-23"),
            ("2026-11-24T05:00:00Z", "2026-11-24"),
            ("2026-11-24T23:30:00Z", "2026-11-24"),
        ] {
            assert_eq!(
                night.day_of(moment.parse().expect("timestamp is valid"), &zone),
                day(expected),
                "{moment}"
            );
        }
        // The night in which clocks are set back is one hour longer.
        let (from, until) = night.span(day("2026-10-24"), &zone).expect("date is in range");
        assert_eq!((until - from).num_hours(), 25);
        // Without shifts a day is a calendar day: 23 hours when clocks are set forward.
        let (from, until) = WorkingWeek::default()
            .span(day("2027-03-28"), &zone)
            .expect("date is in range");
        assert_eq!((until - from).num_hours(), 23);
    }

    #[test]
    fn minute_parses_valid_times_only() {
        for (text, expected) in [
            ("00:00", Some(0)),
            ("7:05", Some(425)),
            (" 23:59 ", Some(1439)),
            ("24:00", None),
            ("12:60", None),
            ("noon", None),
            ("", None),
        ] {
            assert_eq!(parse_time_of_day(text), expected, "{text}");
        }
        assert_eq!(format_time_of_day(425), "07:05");
    }

    #[test]
    fn skills_are_deduplicated_sorted_and_bounded() {
        assert_eq!(
            parse_skill_list("hvac, lift\nhvac;  gas ").unwrap_or_default(),
            ["gas", "hvac", "lift"]
        );
        assert_eq!(parse_skill_list(" , \n").unwrap_or_default(), Vec::<String>::new());
        assert_eq!(parse_skill_list(&"x".repeat(65)), None);
        assert_eq!(
            parse_skill_list(
                &(0..51)
                    .map(|index| format!("skill {index}"))
                    .collect::<Vec<_>>()
                    .join(",")
            ),
            None
        );
    }

    #[test]
    fn shift_past_midnight_ends_next_day_and_contains_its_breaks() {
        let mut nights = week("22:00", "06:00");
        nights.rests[0].from = 2 * 60;
        nights.rests[0].until = 3 * 60;
        let found = nights.on(day("2026-11-23"), &Utc).expect("day has a shift");
        assert_eq!(found.until - found.from, TimeDelta::hours(8));
        assert_eq!(found.rests[0].0 - found.from, TimeDelta::hours(4));
        assert_eq!(nights.days[0].expect("day has a shift").minutes(), 480);
    }

    #[test]
    fn day_off_has_no_shift_and_short_shift_has_no_late_break() {
        let mut week = week("08:00", "11:30");
        week.days[6] = None;
        assert_eq!(week.on(day("2026-11-29"), &Utc), None, "Sunday");
        assert_eq!(week.on(day("2026-11-28"), &Utc).expect("day has a shift").rests, []);
    }

    #[test]
    fn break_needs_valid_length_and_a_shift_that_contains_it() {
        let days = week("08:00", "16:00");
        let work_break = |from: &str, until: &str, minutes| Break {
            from: parse_time_of_day(from).unwrap_or_default(),
            until: parse_time_of_day(until).unwrap_or_default(),
            minutes,
        };
        for (work_break, expected) in [
            (work_break("12:00", "13:00", 30), true),
            (work_break("12:00", "12:00", 240), true),
            (work_break("12:00", "13:00", 0), false),
            (work_break("12:00", "13:00", 241), false),
            (work_break("13:00", "12:00", 30), false),
            (work_break("16:00", "17:00", 30), false),
            (work_break("02:00", "03:00", 30), false),
        ] {
            assert_eq!(days.is_valid_break(work_break), expected, "{work_break:?}");
            assert!(
                WorkingWeek::default().is_valid_break(work_break) == (1..=240).contains(&work_break.minutes),
                "{work_break:?}"
            );
        }
        assert!(
            week("22:00", "06:00").is_valid_break(work_break("23:30", "01:00", 30)),
            "break across midnight"
        );
    }

    proptest! {
        #[test]
        fn every_moment_belongs_to_one_day(from in 0_u16..MINUTES_PER_DAY, length in 1_u16..MINUTES_PER_DAY, minutes in 0_i64..600_000) {
            let zone = chrono_tz::Europe::Berlin;
            let shift = Shift { from, until: (from + length) % MINUTES_PER_DAY };
            prop_assume!(shift.from != shift.until);
            let week = WorkingWeek { days: [Some(shift), None, Some(shift), Some(shift), None, Some(shift), Some(shift)], rests: vec![] };
            let moment = "2026-01-01T00:00:00Z".parse::<DateTime<Utc>>().expect("timestamp is valid") + TimeDelta::minutes(minutes);
            let day = week.day_of(moment, &zone);
            let (start, end) = week.span(day, &zone).expect("date is in range");
            prop_assert!(start <= moment && moment < end, "{} {} {}", start, moment, end);
        }

        #[test]
        fn break_contained_in_shift_appears_on_every_day(from in 0..MINUTES_PER_DAY, until in 0..MINUTES_PER_DAY, first in 0..MINUTES_PER_DAY, last in 0..MINUTES_PER_DAY) {
            let shift = Shift { from, until };
            let work_break = Break { from: first, until: last, minutes: 15 };
            let week = WorkingWeek { days: [Some(shift); 7], rests: vec![work_break] };
            let found = week.on(day("2026-11-23"), &Utc).expect("day has a shift");
            prop_assert_eq!(found.rests.len() == 1, shift.contains_break(work_break));
        }

        #[test]
        fn shift_length_matches_clock_without_clock_change(from in 0..MINUTES_PER_DAY, until in 0..MINUTES_PER_DAY, offset in 0..700_u64) {
            let week = WorkingWeek { days: [Some(Shift { from, until }); 7], rests: Vec::new() };
            let day = day("2026-01-01") + Days::new(offset);
            let found = week.on(day, &Utc).expect("day has a shift");
            let length = i64::from(Shift { from, until }.minutes());
            prop_assert_eq!(found.until - found.from, TimeDelta::minutes(length));
            prop_assert_eq!(found.from.date_naive(), day);
        }
    }
}
