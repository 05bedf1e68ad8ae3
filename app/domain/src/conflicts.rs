//! What stands against a visit by a technician at a time, as dispatch is told before it plans it. Dispatch may plan it all
//! the same; nothing here forbids.

use chrono::{DateTime, TimeDelta, Utc};

use crate::customers::Coordinates;
use crate::technicians::{AbsenceKind, ShiftOnDay};

/// What a visit asks for.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// When it begins.
    pub from: DateTime<Utc>,
    /// When it ends.
    pub until: DateTime<Utc>,
    /// How long the work takes; what is left of the time from beginning to end is for coming late.
    pub work: TimeDelta,
    /// Where, if that is known.
    pub place: Option<Coordinates>,
    /// What the technician has to be able to do.
    pub skills: &'a [String],
    /// Between when and when it may begin, if that was said.
    pub window: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

/// Something else that the technician does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Busy {
    /// The number of the other job.
    pub number: i64,
    /// When it begins.
    pub from: DateTime<Utc>,
    /// When it ends.
    pub until: DateTime<Utc>,
    /// How long the work takes.
    pub work: TimeDelta,
    /// Where, if that is known.
    pub place: Option<Coordinates>,
}

/// A technician around the time of a visit.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// What the technician can do.
    pub skills: &'a [String],
    /// The shifts of that day and the ones beside it, each with why the technician is away, if so; `None` if nobody has set
    /// up when the technician works.
    pub shifts: Option<&'a [(ShiftOnDay, Option<AbsenceKind>)]>,
    /// Why the technician is away on the day of the visit, if so.
    pub away: Option<AbsenceKind>,
    /// What else there is to do, in any order.
    pub stops: &'a [Busy],
}

/// Something that stands against it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conflict {
    /// The technician is not there.
    Away(AbsenceKind),
    /// The technician has no shift then.
    NoShift,
    /// It is not all within the shift.
    OutsideShift {
        /// How much of it is not.
        by: TimeDelta,
    },
    /// The technician cannot do this.
    Skills(Vec<String>),
    /// It begins outside the window that was agreed.
    OutsideWindow {
        /// By how much.
        by: TimeDelta,
    },
    /// The technician has another job then.
    Overlap {
        /// Its number.
        number: i64,
    },
    /// The way from another job, or to it, takes longer than there is time.
    Travel {
        /// Its number.
        number: i64,
        /// Whether the other job comes before.
        is_before: bool,
        /// How long the way takes.
        takes: TimeDelta,
        /// How much time there is.
        there_is: TimeDelta,
    },
}

impl Conflict {
    /// Every name that [`Conflict::name`] gives.
    pub const NAMES: [&'static str; 7] = [
        "technician_away",
        "no_shift",
        "outside_shift",
        "skills_missing",
        "outside_window",
        "technician_busy",
        "travel_too_long",
    ];

    /// A name that never changes, for forms and styles.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Away(_) => "technician_away",
            Self::NoShift => "no_shift",
            Self::OutsideShift { .. } => "outside_shift",
            Self::Skills(_) => "skills_missing",
            Self::OutsideWindow { .. } => "outside_window",
            Self::Overlap { .. } => "technician_busy",
            Self::Travel { .. } => "travel_too_long",
        }
    }
}

/// Everything that stands against a visit, the weightiest first. `travel` tells how long it takes from place to place.
pub fn conflicts(
    wish: &Wish<'_>,
    around: &Around<'_>,
    travel: impl Fn(Coordinates, Coordinates) -> TimeDelta,
) -> Vec<Conflict> {
    let mut found = Vec::new();
    found.extend(shift(wish, around));
    let missing: Vec<String> = wish
        .skills
        .iter()
        .filter(|skill| !around.skills.contains(skill))
        .cloned()
        .collect();
    if !missing.is_empty() {
        found.push(Conflict::Skills(missing));
    }
    if let Some((first, last)) = wish.window {
        let by = (first - wish.from).max(wish.from - last);
        if by > TimeDelta::zero() {
            found.push(Conflict::OutsideWindow { by });
        }
    }
    let mut others: Vec<&Busy> = around.stops.iter().collect();
    others.sort_by_key(|stop| (stop.from, stop.number));
    let overlaps = others
        .iter()
        .filter(|stop| stop.from < wish.until && stop.until > wish.from);
    found.extend(overlaps.map(|stop| Conflict::Overlap { number: stop.number }));
    let before = others.iter().rev().find(|stop| stop.until <= wish.from);
    let after = others.iter().find(|stop| stop.from >= wish.until);
    for (stop, is_before) in before
        .map(|stop| (stop, true))
        .into_iter()
        .chain(after.map(|stop| (stop, false)))
    {
        let (Some(there), Some(here)) = (stop.place, wish.place) else {
            continue;
        };
        // As early as the first can be done, as late as the second can begin.
        let done = |from: DateTime<Utc>, until: DateTime<Utc>, work: TimeDelta| from + work.min(until - from);
        let begun = |from: DateTime<Utc>, until: DateTime<Utc>, work: TimeDelta| until - work.min(until - from);
        let (takes, there_is) = if is_before {
            let there_is = begun(wish.from, wish.until, wish.work) - done(stop.from, stop.until, stop.work);
            (travel(there, here), there_is)
        } else {
            let there_is = begun(stop.from, stop.until, stop.work) - done(wish.from, wish.until, wish.work);
            (travel(here, there), there_is)
        };
        if takes > there_is {
            found.push(Conflict::Travel {
                number: stop.number,
                is_before,
                takes,
                there_is,
            });
        }
    }
    found
}

/// Within which shift a visit lies most, and whether somebody works it.
fn shift(wish: &Wish<'_>, around: &Around<'_>) -> Option<Conflict> {
    let Some(shifts) = around.shifts else {
        return around.away.map(Conflict::Away);
    };
    let shared = |shift: &ShiftOnDay| (wish.until.min(shift.until) - wish.from.max(shift.from)).max(TimeDelta::zero());
    let best = shifts
        .iter()
        .map(|(shift, away)| (shared(shift), away))
        .filter(|(shared, _)| *shared > TimeDelta::zero())
        .max_by_key(|(shared, away)| (*shared, away.is_none()));
    match best {
        Some((_, Some(kind))) => Some(Conflict::Away(*kind)),
        Some((shared, None)) => {
            let by = wish.until - wish.from - shared;
            (by > TimeDelta::zero()).then_some(Conflict::OutsideShift { by })
        }
        None => Some(around.away.map_or(Conflict::NoShift, Conflict::Away)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone as _;

    fn at(hour: u32, minute: u32) -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 11, 24, hour, minute, 0)
            .single()
            .unwrap_or_default()
    }

    fn day(from: u32, until: u32) -> ShiftOnDay {
        ShiftOnDay {
            from: at(from, 0),
            until: at(until, 0),
            rests: Vec::new(),
        }
    }

    fn wish(from: DateTime<Utc>, minutes: i64) -> Wish<'static> {
        Wish {
            from,
            until: from + TimeDelta::minutes(minutes),
            work: TimeDelta::minutes(minutes),
            place: Some(Coordinates { lat: 51.0, lon: 7.0 }),
            skills: &[],
            window: None,
        }
    }

    fn names(wish: &Wish<'_>, around: &Around<'_>) -> Vec<&'static str> {
        let half_an_hour = |_, _| TimeDelta::minutes(30);
        conflicts(wish, around, half_an_hour)
            .iter()
            .map(Conflict::name)
            .collect()
    }

    #[test]
    fn each_rule_is_told_by_its_name() {
        let shifts = [(day(8, 16), None)];
        let away = [(day(8, 16), Some(AbsenceKind::Sick))];
        let other = Busy {
            number: 7,
            from: at(10, 0),
            until: at(11, 0),
            work: TimeDelta::minutes(90),
            place: Some(Coordinates { lat: 51.2, lon: 7.0 }),
        };
        let free = Around {
            skills: &[],
            shifts: Some(&shifts),
            away: None,
            stops: &[],
        };
        let busy = Around {
            stops: &[other],
            ..free
        };
        let skills = ["lift".to_owned()];
        let lift = Wish {
            skills: &skills,
            ..wish(at(12, 0), 60)
        };
        let early = Wish {
            window: Some((at(12, 0), at(13, 0))),
            ..wish(at(11, 30), 60)
        };
        let cases: [(&str, Wish<'_>, Around<'_>, &[&str]); 12] = [
            ("free", wish(at(8, 0), 60), free, &[]),
            ("begins early", wish(at(7, 30), 60), free, &["outside_shift"]),
            ("no shift", wish(at(18, 0), 60), free, &["no_shift"]),
            (
                "sick",
                wish(at(9, 0), 60),
                Around {
                    shifts: Some(&away),
                    ..free
                },
                &["technician_away"],
            ),
            (
                "away, no shift",
                wish(at(18, 0), 60),
                Around {
                    away: Some(AbsenceKind::Other),
                    ..free
                },
                &["technician_away"],
            ),
            ("not set up", wish(at(3, 0), 60), Around { shifts: None, ..free }, &[]),
            (
                "not set up, away",
                wish(at(3, 0), 60),
                Around {
                    shifts: None,
                    away: Some(AbsenceKind::Vacation),
                    ..free
                },
                &["technician_away"],
            ),
            ("skills", lift, free, &["skills_missing"]),
            ("window", early, free, &["outside_window"]),
            ("busy", wish(at(10, 30), 60), busy, &["technician_busy"]),
            ("way from", wish(at(11, 20), 60), busy, &["travel_too_long"]),
            ("way to", wish(at(8, 40), 60), busy, &["travel_too_long"]),
        ];
        for (what, wish, around, expected) in cases {
            assert_eq!(names(&wish, &around), expected, "{what}");
            assert!(expected.iter().all(|name| Conflict::NAMES.contains(name)), "{what}");
        }
        assert_eq!(names(&wish(at(11, 30), 60), &busy), Vec::<&str>::new(), "just in time");
        let roomy = Wish {
            work: TimeDelta::minutes(30),
            ..wish(at(11, 10), 60)
        };
        assert_eq!(names(&roomy, &busy), Vec::<&str>::new(), "there is room to come late");
        let nowhere = Wish {
            place: None,
            ..wish(at(11, 5), 60)
        };
        assert_eq!(names(&nowhere, &busy), Vec::<&str>::new(), "no place, no way");
    }

    #[test]
    fn amounts_are_exact() {
        let shifts = [(day(8, 16), None)];
        let around = Around {
            skills: &[],
            shifts: Some(&shifts),
            away: None,
            stops: &[],
        };
        let late = Wish {
            window: Some((at(9, 0), at(15, 0))),
            ..wish(at(15, 40), 60)
        };
        let found = conflicts(&late, &around, |_, _| TimeDelta::zero());
        assert_eq!(
            found,
            [
                Conflict::OutsideShift {
                    by: TimeDelta::minutes(40)
                },
                Conflict::OutsideWindow {
                    by: TimeDelta::minutes(40)
                }
            ]
        );
    }
}
