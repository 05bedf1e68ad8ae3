//! When technicians work: a week of shifts in their own zone, breaks, and days off.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike as _, Days, LocalResult, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use serde::{Deserialize, Serialize};

/// Minutes after midnight.
pub type Minute = u16;

/// Minutes of a day.
pub const DAY: Minute = 24 * 60;

/// A shift of one weekday. One that ends at or before its beginning ends on the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shift {
    /// When it begins.
    pub from: Minute,
    /// When it ends.
    pub until: Minute,
}

impl Shift {
    /// How many minutes it has on a day on which no clock changes.
    pub const fn minutes(self) -> Minute {
        if self.until > self.from {
            self.until - self.from
        } else {
            self.until + DAY - self.from
        }
    }

    /// Whether a break can begin within it, by the clock.
    pub fn has(self, rest: Rest) -> bool {
        let after = |minute: Minute| (minute + DAY - self.from) % DAY;
        after(rest.from) < self.minutes() && after(rest.from) <= after(rest.until)
    }
}

/// A break within a shift: when it may begin, and how long it is. A time before the shift's beginning is of the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rest {
    /// The earliest beginning.
    pub from: Minute,
    /// The latest beginning.
    pub until: Minute,
    /// How many minutes.
    pub minutes: Minute,
}

/// A week of shifts, Monday first, with the breaks that each shift has.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct WorkingWeek {
    /// The shifts; none on free days.
    pub days: [Option<Shift>; 7],
    /// At most [`WorkingWeek::MOST_RESTS`], in their order.
    pub rests: Vec<Rest>,
}

/// A shift on a certain day, in the world's time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShiftOnDay {
    /// When it begins.
    pub from: DateTime<Utc>,
    /// When it ends.
    pub until: DateTime<Utc>,
    /// Earliest beginning, latest beginning and length of each break.
    pub rests: Vec<(DateTime<Utc>, DateTime<Utc>, TimeDelta)>,
}

impl WorkingWeek {
    /// How many breaks a shift may have; the route engine counts with as many.
    pub const MOST_RESTS: usize = 2;
    /// The longest break, in minutes.
    pub const LONGEST_REST: Minute = 4 * 60;

    /// Whether a break makes sense: it takes some time and not too much, and if there are shifts, one can have it.
    pub fn holds(&self, rest: Rest) -> bool {
        let length = (1..=Self::LONGEST_REST).contains(&rest.minutes);
        let mut shifts = self.days.iter().flatten().peekable();
        length && (shifts.peek().is_none() || shifts.any(|shift| shift.has(rest)))
    }

    /// The shift of a day in a zone; `None` on a free one. A time that the change of the clock leaves out is the moment of
    /// the change, one that comes twice is the first of the two.
    pub fn on<Zone: TimeZone>(&self, day: NaiveDate, zone: &Zone) -> Option<ShiftOnDay> {
        let shift = self.days[day.weekday().num_days_from_monday() as usize]?;
        let moment = |minute: Minute, is_next_day: bool| {
            let day = if is_next_day {
                day.checked_add_days(Days::new(1))?
            } else {
                day
            };
            local_moment(day, minute, zone)
        };
        let is_later = |minute: Minute| minute < shift.from;
        let from = moment(shift.from, false)?;
        let until = moment(shift.until, shift.until <= shift.from)?;
        let rests = self.rests.iter().filter_map(|rest| {
            let earliest = moment(rest.from, is_later(rest.from))?;
            let latest = moment(rest.until, is_later(rest.until))?;
            // A break of the long days is none of a short one.
            let is_within = earliest < until && earliest <= latest;
            is_within.then(|| (earliest, latest, TimeDelta::minutes(i64::from(rest.minutes))))
        });
        Some(ShiftOnDay {
            from,
            until,
            rests: rests.collect(),
        })
    }
}

/// A time of a day in a zone. One that the change of the clock leaves out is the moment of the change, one that comes twice
/// is the first of the two. `None` outside the calendar.
pub fn local_moment<Zone: TimeZone>(day: NaiveDate, minute: Minute, zone: &Zone) -> Option<DateTime<Utc>> {
    let time = NaiveTime::from_num_seconds_from_midnight_opt(u32::from(minute) * 60, 0)?;
    let mut local = day.and_time(time);
    // Gaps are at most a few hours; a quarter of an hour is the smallest step that zones know.
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
    /// When somebody's day begins: at midnight, or when the shift of the evening before is over, or when the day's own
    /// shift begins if that is earlier.
    fn beginning<Zone: TimeZone>(&self, day: NaiveDate, zone: &Zone) -> Option<DateTime<Utc>> {
        let midnight = local_moment(day, 0, zone)?;
        let before = day.pred_opt().and_then(|before| self.on(before, zone));
        let own = self.on(day, zone).map(|shift| shift.from);
        let over = before.map_or(midnight, |shift| shift.until);
        Some(own.map_or(over, |own| over.min(own)).max(midnight))
    }

    /// The span of a day as somebody works it: a night shift belongs as a whole to the day on which it begins, so that each
    /// moment belongs to exactly one day. `None` outside the calendar.
    pub fn span<Zone: TimeZone>(&self, day: NaiveDate, zone: &Zone) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        Some((self.beginning(day, zone)?, self.beginning(day.succ_opt()?, zone)?))
    }

    /// The day to which a moment belongs.
    pub fn day_of<Zone: TimeZone>(&self, moment: DateTime<Utc>, zone: &Zone) -> NaiveDate {
        let day = moment.with_timezone(zone).date_naive();
        let is_of_night_before = self.beginning(day, zone).is_some_and(|begins| moment < begins);
        if is_of_night_before {
            day.pred_opt().unwrap_or(day)
        } else {
            day
        }
    }
}

crate::stored_names! {
    /// Why somebody is not there.
    AbsenceKind {
        /// Holidays.
        Vacation = "vacation",
        /// Illness.
        Sick = "sick",
        /// Training.
        Training = "training",
        /// Anything else.
        Other = "other",
    }
}

/// The most skills of a technician.
pub const MOST_SKILLS: usize = 50;

/// Reads skills from a text with commas or line ends between them: without repetition, in alphabetical order.
/// `None` if there are too many, or one is empty of sense or longer than 64 characters.
pub fn skills(text: &str) -> Option<Vec<String>> {
    let mut found = BTreeSet::new();
    for skill in text
        .split([',', '\n', ';'])
        .map(str::trim)
        .filter(|skill| !skill.is_empty())
    {
        found.insert(crate::text::line(skill, 64).ok()?);
    }
    (found.len() <= MOST_SKILLS).then(|| found.into_iter().collect())
}

/// Reads a time of day such as `07:30`.
pub fn minute(text: &str) -> Option<Minute> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let (hours, minutes) = (hours.parse::<Minute>().ok()?, minutes.parse::<Minute>().ok()?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

/// A time of day as a form wants it.
pub fn clock(minute: Minute) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn week(from: &str, until: &str) -> WorkingWeek {
        let shift = Shift {
            from: minute(from).unwrap_or_default(),
            until: minute(until).unwrap_or_default(),
        };
        WorkingWeek {
            days: [Some(shift); 7],
            rests: vec![Rest {
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
    fn a_night_belongs_to_the_day_on_which_it_begins() {
        let zone = chrono_tz::Europe::Berlin;
        let night = week("22:00", "06:00");
        let (from, until) = night.span(day("2026-11-24"), &zone).expect("valid");
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
                night.day_of(moment.parse().expect("valid"), &zone),
                day(expected),
                "{moment}"
            );
        }
        // The night in which the clock goes back has an hour more.
        let (from, until) = night.span(day("2026-10-24"), &zone).expect("valid");
        assert_eq!((until - from).num_hours(), 25);
        // Without shifts a day is a day: 23 hours when the clock goes forward.
        let (from, until) = WorkingWeek::default().span(day("2027-03-28"), &zone).expect("valid");
        assert_eq!((until - from).num_hours(), 23);
    }

    #[test]
    fn times_of_day() {
        for (text, found) in [
            ("00:00", Some(0)),
            ("7:05", Some(425)),
            (" 23:59 ", Some(1439)),
            ("24:00", None),
            ("12:60", None),
            ("noon", None),
            ("", None),
        ] {
            assert_eq!(minute(text), found, "{text}");
        }
        assert_eq!(clock(425), "07:05");
    }

    #[test]
    fn skills_are_told_apart_once() {
        assert_eq!(
            skills("hvac, lift\nhvac;  gas ").unwrap_or_default(),
            ["gas", "hvac", "lift"]
        );
        assert_eq!(skills(" , \n").unwrap_or_default(), Vec::<String>::new());
        assert_eq!(skills(&"x".repeat(65)), None);
        assert_eq!(
            skills(
                &(0..51)
                    .map(|index| format!("skill {index}"))
                    .collect::<Vec<_>>()
                    .join(",")
            ),
            None
        );
    }

    #[test]
    fn a_shift_past_midnight_ends_on_the_next_day_and_its_breaks_lie_in_it() {
        let mut nights = week("22:00", "06:00");
        nights.rests[0].from = 2 * 60;
        nights.rests[0].until = 3 * 60;
        let found = nights.on(day("2026-11-23"), &Utc).expect("a shift");
        assert_eq!(found.until - found.from, TimeDelta::hours(8));
        assert_eq!(found.rests[0].0 - found.from, TimeDelta::hours(4));
        assert_eq!(nights.days[0].expect("a shift").minutes(), 480);
    }

    #[test]
    fn free_days_have_no_shift_and_short_ones_no_late_break() {
        let mut week = week("08:00", "11:30");
        week.days[6] = None;
        assert_eq!(week.on(day("2026-11-29"), &Utc), None, "a Sunday");
        assert_eq!(week.on(day("2026-11-28"), &Utc).expect("a shift").rests, []);
    }

    #[test]
    fn a_break_takes_time_and_lies_in_some_shift() {
        let days = week("08:00", "16:00");
        let rest = |from: &str, until: &str, minutes| Rest {
            from: minute(from).unwrap_or_default(),
            until: minute(until).unwrap_or_default(),
            minutes,
        };
        for (rest, holds) in [
            (rest("12:00", "13:00", 30), true),
            (rest("12:00", "12:00", 240), true),
            (rest("12:00", "13:00", 0), false),
            (rest("12:00", "13:00", 241), false),
            (rest("13:00", "12:00", 30), false),
            (rest("16:00", "17:00", 30), false),
            (rest("02:00", "03:00", 30), false),
        ] {
            assert_eq!(days.holds(rest), holds, "{rest:?}");
            assert!(
                WorkingWeek::default().holds(rest) == (1..=240).contains(&rest.minutes),
                "{rest:?}"
            );
        }
        assert!(
            week("22:00", "06:00").holds(rest("23:30", "01:00", 30)),
            "over midnight"
        );
    }

    proptest! {
        #[test]
        fn every_moment_has_one_day(from in 0_u16..DAY, length in 1_u16..DAY, minutes in 0_i64..600_000) {
            let zone = chrono_tz::Europe::Berlin;
            let shift = Shift { from, until: (from + length) % DAY };
            prop_assume!(shift.from != shift.until);
            let week = WorkingWeek { days: [Some(shift), None, Some(shift), Some(shift), None, Some(shift), Some(shift)], rests: vec![] };
            let moment = "2026-01-01T00:00:00Z".parse::<DateTime<Utc>>().expect("valid") + TimeDelta::minutes(minutes);
            let day = week.day_of(moment, &zone);
            let (begins, ends) = week.span(day, &zone).expect("valid");
            prop_assert!(begins <= moment && moment < ends, "{} {} {}", begins, moment, ends);
        }

        #[test]
        fn a_break_that_a_shift_has_is_in_it_on_every_day(from in 0..DAY, until in 0..DAY, first in 0..DAY, last in 0..DAY) {
            let shift = Shift { from, until };
            let rest = Rest { from: first, until: last, minutes: 15 };
            let week = WorkingWeek { days: [Some(shift); 7], rests: vec![rest] };
            let found = week.on(day("2026-11-23"), &Utc).expect("a shift");
            prop_assert_eq!(found.rests.len() == 1, shift.has(rest));
        }

        #[test]
        fn a_shift_lasts_as_long_as_its_clock_says_where_no_clock_changes(from in 0..DAY, until in 0..DAY, offset in 0..700_u64) {
            let week = WorkingWeek { days: [Some(Shift { from, until }); 7], rests: Vec::new() };
            let day = day("2026-01-01") + Days::new(offset);
            let found = week.on(day, &Utc).expect("a shift");
            let length = i64::from(Shift { from, until }.minutes());
            prop_assert_eq!(found.until - found.from, TimeDelta::minutes(length));
            prop_assert_eq!(found.from.date_naive(), day);
        }
    }
}
