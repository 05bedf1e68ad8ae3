//! Scheduling conflicts of a proposed visit. They are warnings: dispatch may schedule the visit anyway.

use crate::fields::ScheduleConflict;
use chrono::{DateTime, TimeDelta, Utc};

use crate::customers::Coordinates;
use crate::scheduling::technicians::{AbsenceKind, ShiftOnDay};

/// A visit to be checked against a technician's schedule.
#[derive(Debug, Clone, Copy)]
pub struct ProposedVisit<'a> {
    /// Start of the appointment.
    pub from: DateTime<Utc>,
    /// End of the appointment.
    pub until: DateTime<Utc>,
    /// Duration of the work; the remainder of the appointment is slack for a late arrival.
    pub work: TimeDelta,
    /// Coordinates of the location, if known.
    pub place: Option<Coordinates>,
    /// Skills that the job requires.
    pub skills: &'a [String],
    /// Earliest and latest start requested for the job, if any.
    pub window: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// When the visit is proposed; `None` for a visit that is planned already.
    pub now: Option<DateTime<Utc>>,
}

/// Another appointment of the technician.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BookedSlot {
    /// Number of the other job.
    pub number: i64,
    /// Start of the appointment.
    pub from: DateTime<Utc>,
    /// End of the appointment.
    pub until: DateTime<Utc>,
    /// Duration of the work.
    pub work: TimeDelta,
    /// Coordinates of the location, if known.
    pub place: Option<Coordinates>,
}

/// The technician's working hours and appointments at the time of a visit.
#[derive(Debug, Clone, Copy)]
pub struct TechnicianSchedule<'a> {
    /// Skills of the technician.
    pub skills: &'a [String],
    /// Shifts of that day and the adjacent days, each with the kind of absence, if any; `None` if no working hours are
    /// configured.
    pub shifts: Option<&'a [(ShiftOnDay, Option<AbsenceKind>)]>,
    /// Absence on the day of the visit, if any.
    pub away: Option<AbsenceKind>,
    /// Whether the visit is outside usual working times, for a technician without working hours.
    pub is_unusual_time: bool,
    /// Other appointments, in any order.
    pub stops: &'a [BookedSlot],
}

/// A reason why a visit does not fit the technician's schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conflict {
    /// The visit would have ended already; it is recorded afterwards.
    InPast,
    /// The technician is absent.
    Absent(AbsenceKind),
    /// The technician has no shift at that time.
    NoShift,
    /// The technician has no working hours, and the visit is on a Sunday or at night.
    UnusualTime,
    /// Part of the visit lies outside the shift.
    OutsideShift {
        /// Length of the part outside the shift.
        by: TimeDelta,
    },
    /// The appointment is shorter than the work.
    TooShort {
        /// The missing time.
        by: TimeDelta,
    },
    /// The technician lacks these skills.
    Skills(Vec<String>),
    /// The visit starts outside the requested window.
    OutsideWindow {
        /// Distance from the window.
        by: TimeDelta,
    },
    /// The technician has another appointment at that time.
    Overlap {
        /// Number of the other job.
        number: i64,
    },
    /// The technician's time is offered to the requester of another job, and kept free until the offer ends.
    Offered {
        /// Number of the other job.
        number: i64,
    },
    /// There is not enough time to travel from the previous or to the next appointment.
    Travel {
        /// Number of the other job.
        number: i64,
        /// Whether the other job is the previous one.
        is_before: bool,
        /// Travel time.
        takes: TimeDelta,
        /// Time between the two jobs.
        available: TimeDelta,
    },
}

impl Conflict {
    /// Every name that [`Conflict::name`] returns.
    pub const NAMES: [&'static str; 11] = [
        "in_the_past",
        "technician_away",
        "no_shift",
        "unusual_time",
        "outside_shift",
        "too_short",
        "skills_missing",
        "outside_window",
        "technician_busy",
        "technician_offered",
        "travel_too_long",
    ];

    /// Returns the stable name used in forms and styles.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::InPast => "in_the_past",
            Self::Absent(_) => "technician_away",
            Self::NoShift => "no_shift",
            Self::UnusualTime => "unusual_time",
            Self::TooShort { .. } => "too_short",
            Self::OutsideShift { .. } => "outside_shift",
            Self::Skills(_) => "skills_missing",
            Self::OutsideWindow { .. } => "outside_window",
            Self::Overlap { .. } => "technician_busy",
            Self::Offered { .. } => "technician_offered",
            Self::Travel { .. } => "travel_too_long",
        }
    }
}

impl From<&Conflict> for ScheduleConflict {
    fn from(conflict: &Conflict) -> Self {
        match conflict {
            Conflict::InPast => Self::InThePast,
            Conflict::Absent(_) => Self::Absent,
            Conflict::NoShift => Self::NoShift,
            Conflict::UnusualTime => Self::UnusualTime,
            Conflict::TooShort { by } => Self::TooShort { minutes: minutes(*by) },
            Conflict::OutsideShift { by } => Self::OutsideShift { minutes: minutes(*by) },
            Conflict::Skills(missing) => Self::SkillsMissing {
                skills: missing.clone(),
            },
            Conflict::OutsideWindow { by } => Self::OutsideWindow { minutes: minutes(*by) },
            Conflict::Overlap { number } => Self::Overlap { job: *number },
            Conflict::Offered { number } => Self::Offered { job: *number },
            Conflict::Travel { takes, available, .. } => Self::Travel {
                needed: minutes(*takes),
                available: minutes(*available),
            },
        }
    }
}

/// Whole minutes, rounded up.
fn minutes(duration: TimeDelta) -> i64 {
    (duration.num_seconds() + 59) / 60
}

/// Returns the conflicts of a visit, most severe first. `travel` returns the travel time between two coordinates.
pub fn conflicts(
    visit: &ProposedVisit<'_>,
    schedule: &TechnicianSchedule<'_>,
    travel: impl Fn(Coordinates, Coordinates) -> TimeDelta,
) -> Vec<Conflict> {
    let mut found = Vec::new();
    if visit.now.is_some_and(|now| visit.until <= now) {
        found.push(Conflict::InPast);
    }
    found.extend(shift_conflict(visit, schedule));
    let missing_time = visit.work - (visit.until - visit.from);
    if missing_time > TimeDelta::zero() {
        found.push(Conflict::TooShort { by: missing_time });
    }
    let missing: Vec<String> = visit
        .skills
        .iter()
        .filter(|skill| !schedule.skills.contains(skill))
        .cloned()
        .collect();
    if !missing.is_empty() {
        found.push(Conflict::Skills(missing));
    }
    if let Some((first, last)) = visit.window {
        let by = (first - visit.from).max(visit.from - last);
        if by > TimeDelta::zero() {
            found.push(Conflict::OutsideWindow { by });
        }
    }
    let mut others: Vec<&BookedSlot> = schedule.stops.iter().collect();
    others.sort_by_key(|stop| (stop.from, stop.number));
    let overlaps = others
        .iter()
        .filter(|stop| stop.from < visit.until && stop.until > visit.from);
    found.extend(overlaps.map(|stop| Conflict::Overlap { number: stop.number }));
    let before = others.iter().rev().find(|stop| stop.until <= visit.from);
    let after = others.iter().find(|stop| stop.from >= visit.until);
    for (stop, is_before) in before
        .map(|stop| (stop, true))
        .into_iter()
        .chain(after.map(|stop| (stop, false)))
    {
        let (Some(other), Some(own)) = (stop.place, visit.place) else {
            continue;
        };
        // The available time runs from the earliest end of the first job to the latest start of the second.
        let earliest_end = |from: DateTime<Utc>, until: DateTime<Utc>, work: TimeDelta| from + work.min(until - from);
        let latest_start = |from: DateTime<Utc>, until: DateTime<Utc>, work: TimeDelta| until - work.min(until - from);
        let (takes, available) = if is_before {
            let available =
                latest_start(visit.from, visit.until, visit.work) - earliest_end(stop.from, stop.until, stop.work);
            (travel(other, own), available)
        } else {
            let available =
                latest_start(stop.from, stop.until, stop.work) - earliest_end(visit.from, visit.until, visit.work);
            (travel(own, other), available)
        };
        if takes > available {
            found.push(Conflict::Travel {
                number: stop.number,
                is_before,
                takes,
                available,
            });
        }
    }
    found
}

/// Checks the visit against the shift with which it overlaps most, preferring shifts without an absence.
fn shift_conflict(visit: &ProposedVisit<'_>, schedule: &TechnicianSchedule<'_>) -> Option<Conflict> {
    let Some(shifts) = schedule.shifts else {
        let unusual = schedule.is_unusual_time.then_some(Conflict::UnusualTime);
        return schedule.away.map(Conflict::Absent).or(unusual);
    };
    let overlap =
        |shift: &ShiftOnDay| (visit.until.min(shift.until) - visit.from.max(shift.from)).max(TimeDelta::zero());
    let best = shifts
        .iter()
        .map(|(shift, away)| (overlap(shift), away))
        .filter(|(overlap, _)| *overlap > TimeDelta::zero())
        .max_by_key(|(overlap, away)| (*overlap, away.is_none()));
    match best {
        Some((_, Some(kind))) => Some(Conflict::Absent(*kind)),
        Some((overlap, None)) => {
            let by = visit.until - visit.from - overlap;
            (by > TimeDelta::zero()).then_some(Conflict::OutsideShift { by })
        }
        None => Some(schedule.away.map_or(Conflict::NoShift, Conflict::Absent)),
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

    fn shift(from: u32, until: u32) -> ShiftOnDay {
        ShiftOnDay {
            from: at(from, 0),
            until: at(until, 0),
            rests: Vec::new(),
        }
    }

    fn visit(from: DateTime<Utc>, minutes: i64) -> ProposedVisit<'static> {
        ProposedVisit {
            from,
            until: from + TimeDelta::minutes(minutes),
            work: TimeDelta::minutes(minutes),
            place: Some(Coordinates { lat: 51.0, lon: 7.0 }),
            skills: &[],
            window: None,
            now: None,
        }
    }

    fn names(visit: &ProposedVisit<'_>, schedule: &TechnicianSchedule<'_>) -> Vec<&'static str> {
        let half_an_hour = |_, _| TimeDelta::minutes(30);
        conflicts(visit, schedule, half_an_hour)
            .iter()
            .map(Conflict::name)
            .collect()
    }

    #[test]
    fn conflicts_each_rule_returns_its_name() {
        let shifts = [(shift(8, 16), None)];
        let away = [(shift(8, 16), Some(AbsenceKind::Sick))];
        let other = BookedSlot {
            number: 7,
            from: at(10, 0),
            until: at(11, 0),
            work: TimeDelta::minutes(90),
            place: Some(Coordinates { lat: 51.2, lon: 7.0 }),
        };
        let free = TechnicianSchedule {
            skills: &[],
            shifts: Some(&shifts),
            away: None,
            is_unusual_time: false,
            stops: &[],
        };
        let busy = TechnicianSchedule {
            stops: &[other],
            ..free
        };
        let skills = ["lift".to_owned()];
        let lift = ProposedVisit {
            skills: &skills,
            ..visit(at(12, 0), 60)
        };
        let too_early = ProposedVisit {
            window: Some((at(12, 0), at(13, 0))),
            ..visit(at(11, 30), 60)
        };
        let past = ProposedVisit {
            now: Some(at(9, 0)),
            ..visit(at(8, 0), 60)
        };
        let begun = ProposedVisit {
            now: Some(at(8, 30)),
            ..visit(at(8, 0), 60)
        };
        let short = ProposedVisit {
            work: TimeDelta::minutes(60),
            ..visit(at(8, 0), 5)
        };
        let cases: [(&str, ProposedVisit<'_>, TechnicianSchedule<'_>, &[&str]); 16] = [
            ("ended before it is planned", past, free, &["in_the_past"]),
            ("has begun", begun, free, &[]),
            ("shorter than the work", short, free, &["too_short"]),
            (
                "no working hours, unusual time",
                visit(at(3, 0), 60),
                TechnicianSchedule {
                    shifts: None,
                    is_unusual_time: true,
                    ..free
                },
                &["unusual_time"],
            ),
            ("free", visit(at(8, 0), 60), free, &[]),
            ("starts before shift", visit(at(7, 30), 60), free, &["outside_shift"]),
            ("no shift", visit(at(18, 0), 60), free, &["no_shift"]),
            (
                "sick",
                visit(at(9, 0), 60),
                TechnicianSchedule {
                    shifts: Some(&away),
                    ..free
                },
                &["technician_away"],
            ),
            (
                "absent, no shift",
                visit(at(18, 0), 60),
                TechnicianSchedule {
                    away: Some(AbsenceKind::Other),
                    ..free
                },
                &["technician_away"],
            ),
            (
                "no working hours",
                visit(at(3, 0), 60),
                TechnicianSchedule { shifts: None, ..free },
                &[],
            ),
            (
                "no working hours, absent",
                visit(at(3, 0), 60),
                TechnicianSchedule {
                    shifts: None,
                    away: Some(AbsenceKind::Vacation),
                    ..free
                },
                &["technician_away"],
            ),
            ("skills", lift, free, &["skills_missing"]),
            ("window", too_early, free, &["outside_window"]),
            ("busy", visit(at(10, 30), 60), busy, &["technician_busy"]),
            (
                "travel from previous",
                visit(at(11, 20), 60),
                busy,
                &["travel_too_long"],
            ),
            ("travel to next", visit(at(8, 40), 60), busy, &["travel_too_long"]),
        ];
        for (case, visit, schedule, expected) in cases {
            assert_eq!(names(&visit, &schedule), expected, "{case}");
            assert!(expected.iter().all(|name| Conflict::NAMES.contains(name)), "{case}");
        }
        assert_eq!(names(&visit(at(11, 30), 60), &busy), Vec::<&str>::new(), "just in time");
        let with_slack = ProposedVisit {
            work: TimeDelta::minutes(30),
            ..visit(at(11, 10), 60)
        };
        assert_eq!(
            names(&with_slack, &busy),
            Vec::<&str>::new(),
            "slack allows a late arrival"
        );
        let unlocated = ProposedVisit {
            place: None,
            ..visit(at(11, 5), 60)
        };
        assert_eq!(
            names(&unlocated, &busy),
            Vec::<&str>::new(),
            "unknown location needs no travel"
        );
    }

    #[test]
    fn conflicts_partly_outside_shift_and_window_return_exact_amounts() {
        let shifts = [(shift(8, 16), None)];
        let schedule = TechnicianSchedule {
            skills: &[],
            shifts: Some(&shifts),
            away: None,
            is_unusual_time: false,
            stops: &[],
        };
        let late = ProposedVisit {
            window: Some((at(9, 0), at(15, 0))),
            ..visit(at(15, 40), 60)
        };
        let found = conflicts(&late, &schedule, |_, _| TimeDelta::zero());
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
