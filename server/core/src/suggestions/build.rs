//! Builds the routing problem from planned visits and unscheduled jobs.

use std::ops::ControlFlow;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::customers::Coordinates;
use domain::ids::StaffId;
use domain::jobs::targets::{AppointmentStatus, TargetStatus};
use domain::scheduling::technicians::ShiftOnDay;
use domain::scheduling::travel::TravelTimes;
use routing::{Break, MAX_TIME_SECONDS, Matrix, Problem, Settings, Skills, Technician, Time, Visit, Window};

use crate::scheduling::board::{absence_on, day_endpoints, parse_zone};
use crate::scheduling::travel_times::FoundTravelTimes;
use crate::scheduling::{AbsenceView, BoardJob, BoardVisit, TechnicianView};
use domain::suggestions::ExcludedJob;

/// Travel times are rounded up to this step, so that visits start at round times.
const STEP_SECONDS: i64 = 300;

/// The schedule of the planned days, from which the routing problem is built.
pub(crate) struct PlanInput {
    pub begin: DateTime<Utc>,
    pub now: DateTime<Utc>,
    pub days: Vec<NaiveDate>,
    pub technicians: Vec<TechnicianView>,
    pub absences: Vec<AbsenceView>,
    pub visits: Vec<BoardVisit>,
    pub jobs: Vec<BoardJob>,
    /// Whether the jobs were requested individually, so that each of them needs a result.
    pub is_explicit: bool,
}

impl PlanInput {
    /// Returns the locations between which travel times are needed.
    pub(crate) fn locations(&self) -> Vec<Coordinates> {
        let day_endpoints = self
            .technicians
            .iter()
            .map(day_endpoints)
            .flat_map(|(start, end)| [start, end]);
        let visits = self.visits.iter().map(|visit| visit.job.point());
        let jobs = self.jobs.iter().map(BoardJob::point);
        day_endpoints.chain(visits).chain(jobs).flatten().collect()
    }
}

/// A technician on one day; the routing problem treats each as a separate technician.
pub(crate) struct TechnicianDay {
    pub technician: StaffId,
    pub name: String,
    pub day: NaiveDate,
    pub day_endpoints: (Option<Coordinates>, Option<Coordinates>),
}

/// The job behind a visit of the problem.
pub(crate) struct Task {
    pub job: BoardJob,
    /// Index of the technician day, start and end if the job is already scheduled.
    pub planned: Option<(usize, DateTime<Utc>, DateTime<Utc>)>,
}

/// The routing problem, with the records behind its indices.
pub(crate) struct BuiltProblem {
    pub problem: Problem,
    pub base: DateTime<Utc>,
    pub technician_days: Vec<TechnicianDay>,
    pub tasks: Vec<Task>,
    pub skills: Vec<String>,
    pub left: Vec<ExcludedJob>,
    pub other_days: i64,
    pub travel_times: TravelTimes,
    pub is_estimated: bool,
}

/// Converts a time to the engine's seconds since `base`, which is twelve hours before the first day.
fn seconds(base: DateTime<Utc>, moment: DateTime<Utc>) -> Time {
    let seconds = (moment - base).num_seconds().clamp(0, i64::from(MAX_TIME_SECONDS) / 2);
    Time::try_from(seconds).unwrap_or_default()
}

/// Returns the distinct skills that the jobs require, at most as many as the engine can represent.
fn required_skills(jobs: &[BoardJob]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for skill in jobs.iter().flat_map(|job| &job.required_skills.0) {
        if !found.contains(skill) && found.len() < Skills::MAX {
            found.push(skill.clone());
        }
    }
    found
}

fn excluded_job(job: &BoardJob, code: &str) -> ExcludedJob {
    ExcludedJob {
        target: job.target_id.0,
        number: job.number,
        customer: job.customer_name.clone(),
        code: Some(code.to_owned()),
        hindrances: Vec::new(),
    }
}

fn service_time(job: &BoardJob) -> TimeDelta {
    TimeDelta::minutes(job.duration_minutes.clamp(1, 24 * 60))
}

/// Builds the routing problem.
///
/// # Errors
/// The problem is invalid, which is a bug in this module.
pub(crate) fn build(input: PlanInput, found: &FoundTravelTimes) -> Result<BuiltProblem, routing::Invalid> {
    let mut builder = ProblemBuilder::new(&input);
    builder.add_technician_days(&input);
    builder.add_planned_visits(&input);
    builder.add_jobs(input);
    builder.finish(found)
}

/// The distinct locations of the problem. Index 0 is the unknown location, with no travel time to any other.
#[derive(Default)]
struct Locations(Vec<Coordinates>);

impl Locations {
    fn index_of(&mut self, location: Option<Coordinates>) -> usize {
        let Some(location) = location else { return 0 };
        let found = self.0.iter().position(|known| *known == location);
        1 + found.unwrap_or_else(|| {
            self.0.push(location);
            self.0.len() - 1
        })
    }

    /// Returns the travel times between all locations, rounded up to [`STEP_SECONDS`].
    fn travel_matrix(&self, travel_times: &TravelTimes) -> Result<Matrix, routing::Invalid> {
        Matrix::from_fn(self.0.len() + 1, |from, to| {
            if from == 0 || to == 0 || from == to {
                return 0;
            }
            let seconds = travel_times.time(self.0[from - 1], self.0[to - 1]).num_seconds();
            Time::try_from((seconds + STEP_SECONDS - 1) / STEP_SECONDS * STEP_SECONDS).unwrap_or(MAX_TIME_SECONDS)
        })
    }
}

/// The parts of the problem, collected step by step. Technicians and visits have the same indices as the records behind
/// them, `technician_days` and `tasks`.
struct ProblemBuilder {
    base: DateTime<Utc>,
    skills: Vec<String>,
    locations: Locations,
    technician_days: Vec<TechnicianDay>,
    technicians: Vec<Technician>,
    tasks: Vec<Task>,
    visits: Vec<Visit>,
    left: Vec<ExcludedJob>,
    other_days: i64,
}

impl ProblemBuilder {
    fn new(input: &PlanInput) -> Self {
        Self {
            base: input.begin - TimeDelta::hours(12),
            skills: required_skills(&input.jobs),
            locations: Locations::default(),
            technician_days: Vec::new(),
            technicians: Vec::new(),
            tasks: Vec::new(),
            visits: Vec::new(),
            left: Vec::new(),
            other_days: 0,
        }
    }

    fn seconds(&self, moment: DateTime<Utc>) -> Time {
        seconds(self.base, moment)
    }

    /// Returns the numbered skills among the names. Skills that no job requires are ignored.
    fn skill_set(&self, names: &[String]) -> Skills {
        let numbered = self
            .skills
            .iter()
            .enumerate()
            .filter(|(_, skill)| names.contains(skill));
        Skills(numbered.fold(0, |found, (index, _)| found | 1 << index))
    }

    /// Adds the shifts that have not ended, except on days of absence.
    fn add_technician_days(&mut self, input: &PlanInput) {
        let active = input
            .technicians
            .iter()
            .filter(|technician| technician.locked_at.is_none());
        for technician in active {
            let Some(week) = &technician.week else { continue };
            for day in &input.days {
                let Some(shift) = week.0.on(*day, &parse_zone(&technician.zone)) else {
                    continue;
                };
                if absence_on(&input.absences, technician.id.0, *day).is_some() || shift.until <= input.now {
                    continue;
                }
                self.add_technician_day(technician, *day, &shift, input.now);
            }
        }
    }

    fn add_technician_day(
        &mut self,
        technician: &TechnicianView,
        day: NaiveDate,
        shift: &ShiftOnDay,
        now: DateTime<Utc>,
    ) {
        let from = shift.from.max(round_up(now));
        let (start, end) = day_endpoints(technician);
        self.technician_days.push(TechnicianDay {
            technician: technician.id.0,
            name: technician.display_name.clone(),
            day,
            day_endpoints: (start, end),
        });
        let breaks = remaining_breaks(shift, from)
            .take(Technician::MAX_BREAKS)
            .map(|(first, last, length)| Break {
                window: Window {
                    from: self.seconds(*first),
                    until: self.seconds(*last),
                },
                duration: Time::try_from(length.num_seconds()).unwrap_or_default(),
            })
            .collect();
        self.technicians.push(Technician {
            start: self.locations.index_of(start),
            end: self.locations.index_of(end),
            from: self.seconds(from),
            until: self.seconds(shift.until).max(self.seconds(from)),
            overtime: 0,
            skills: self.skill_set(&technician.skills.0),
            capacity: 0,
            breaks,
        });
    }

    /// Adds the planned visits that have not ended, each locked to its technician day and time.
    fn add_planned_visits(&mut self, input: &PlanInput) {
        for visit in &input.visits {
            if visit.appointment_status != AppointmentStatus::Planned || visit.ends_at <= input.now {
                continue;
            }
            let start = self.seconds(visit.starts_at);
            let Some(technician_day) = self.technician_day_near(visit.technician_id.0, start) else {
                continue;
            };
            self.visits.push(Visit {
                location: self.locations.index_of(visit.job.point()),
                // The visit occupies its whole agreed window.
                service: self.seconds(visit.ends_at) - start,
                windows: vec![Window {
                    from: start,
                    until: start,
                }],
                skills: Skills::default(),
                demand: 0,
                tier: 0,
                pinned: Some(technician_day),
                locked: true,
            });
            self.tasks.push(Task {
                job: visit.job.clone(),
                planned: Some((technician_day, visit.starts_at, visit.ends_at)),
            });
        }
    }

    /// Returns the day of the technician whose shift, extended by four hours on both sides, contains the time.
    fn technician_day_near(&self, technician: StaffId, start: Time) -> Option<usize> {
        self.technician_days
            .iter()
            .zip(&self.technicians)
            .position(|(technician_day, shift)| {
                let extended = shift.from - 4 * 3_600..shift.until + 4 * 3_600;
                technician_day.technician == technician && extended.contains(&start)
            })
    }

    /// Adds the jobs that can be planned on these days, and records why the others cannot.
    fn add_jobs(&mut self, input: PlanInput) {
        let span = self.planned_span(&input);
        for job in input.jobs {
            if let Some(code) = self.exclusion_code(&job) {
                self.left.push(excluded_job(&job, code));
                continue;
            }
            let first = job.window_start.map_or(0, |start| self.seconds(start));
            // A job without a window can start at any time.
            let last = job.window_end.map_or(MAX_TIME_SECONDS / 2, |end| self.seconds(end));
            if last < span.from || first > span.until {
                if input.is_explicit {
                    self.left.push(excluded_job(&job, "other_days"));
                } else {
                    self.other_days += 1;
                }
                continue;
            }
            self.visits.push(Visit {
                location: self.locations.index_of(job.point()),
                service: Time::try_from(service_time(&job).num_seconds()).unwrap_or_default(),
                windows: vec![Window {
                    from: first.min(last),
                    until: last,
                }],
                skills: self.skill_set(&job.required_skills.0),
                demand: 0,
                tier: job.priority.rank(),
                pinned: None,
                locked: false,
            });
            self.tasks.push(Task { job, planned: None });
        }
    }

    /// Returns the span of the planned days and of the shifts that start on them.
    fn planned_span(&self, input: &PlanInput) -> Window {
        let days = TimeDelta::days(input.days.len().try_into().unwrap_or(1));
        let earliest_start = self.technicians.iter().map(|technician| technician.from).min();
        let latest_end = self.technicians.iter().map(|technician| technician.until).max();
        Window {
            from: earliest_start.unwrap_or_default().min(self.seconds(input.begin)),
            until: latest_end.unwrap_or_default().max(self.seconds(input.begin + days)),
        }
    }

    /// Returns why a job cannot be planned on any day.
    fn exclusion_code(&self, job: &BoardJob) -> Option<&'static str> {
        if job.status != TargetStatus::Open {
            Some("not_open")
        } else if job.needs_mapping || job.customer_name.is_none() {
            Some("needs_mapping")
        } else if self.technicians.is_empty() {
            Some("no_technician")
        } else if job.point().is_none() {
            Some("location_unknown")
        } else if !job.required_skills.0.iter().all(|skill| self.skills.contains(skill)) {
            Some("too_many_skills")
        } else {
            None
        }
    }

    fn finish(mut self, found: &FoundTravelTimes) -> Result<BuiltProblem, routing::Invalid> {
        let travel = self.locations.travel_matrix(&found.travel_times)?;
        fit_planned_visits(&mut self.technicians, &mut self.visits, &travel)?;
        Ok(BuiltProblem {
            problem: Problem::new(self.technicians, self.visits, travel)?,
            base: self.base,
            technician_days: self.technician_days,
            tasks: self.tasks,
            skills: self.skills,
            left: self.left,
            other_days: self.other_days,
            travel_times: found.travel_times.clone(),
            is_estimated: found.is_estimated,
        })
    }
}

/// Makes planned visits feasible whatever their conflicts: extends shifts to include them, shortens a visit by the
/// travel time to the next one, and drops breaks that do not fit.
fn fit_planned_visits(
    technicians: &mut [Technician],
    visits: &mut [Visit],
    travel: &Matrix,
) -> Result<(), routing::Invalid> {
    for (index, technician) in technicians.iter_mut().enumerate() {
        let mut planned: Vec<usize> = (0..visits.len())
            .filter(|visit| visits[*visit].locked && visits[*visit].pinned == Some(index))
            .collect();
        planned.sort_by_key(|visit| visits[*visit].windows[0].from);
        let (Some(first), Some(last)) = (planned.first().copied(), planned.last().copied()) else {
            continue;
        };
        for pair in planned.windows(2) {
            let travel_time = travel.time(visits[pair[0]].location, visits[pair[1]].location);
            let available = visits[pair[1]].windows[0].from - visits[pair[0]].windows[0].from - travel_time;
            visits[pair[0]].service = visits[pair[0]].service.min(available.max(0));
            // If the visits overlap, the second one starts at the earliest possible arrival.
            let arrival = visits[pair[0]].windows[0].from + visits[pair[0]].service + travel_time;
            let window = &mut visits[pair[1]].windows[0];
            if arrival > window.from {
                *window = Window {
                    from: arrival,
                    until: arrival,
                };
            }
        }
        let departure = visits[first].windows[0].from - travel.time(technician.start, visits[first].location);
        let return_time =
            visits[last].windows[0].from + visits[last].service + travel.time(visits[last].location, technician.end);
        technician.from = technician.from.min(departure.max(0));
        technician.until = technician.until.max(return_time);
        if technician.breaks.is_empty() {
            continue;
        }
        let unpinned: Vec<Visit> = planned
            .iter()
            .map(|visit| Visit {
                pinned: None,
                ..visits[*visit].clone()
            })
            .collect();
        let day = Problem::new(vec![technician.clone()], unpinned, travel.clone())?;
        let settings = Settings {
            budget: 10_000,
            seed: 0,
            overtime_weight: 1,
        };
        let plan = routing::solve(&day, &settings, &mut |_| ControlFlow::Continue(()));
        if !plan.unassigned.is_empty() {
            technician.breaks.clear();
        }
    }
    Ok(())
}

/// Returns the breaks of a shift that can still be taken, including one that begins exactly with what remains of it.
fn remaining_breaks(
    shift: &ShiftOnDay,
    from: DateTime<Utc>,
) -> impl Iterator<Item = &(DateTime<Utc>, DateTime<Utc>, TimeDelta)> {
    shift.rests.iter().filter(move |(_, last, _)| *last >= from)
}

fn round_up(moment: DateTime<Utc>) -> DateTime<Utc> {
    let excess = moment.timestamp().rem_euclid(STEP_SECONDS);
    if excess == 0 {
        moment
    } else {
        moment + TimeDelta::seconds(STEP_SECONDS - excess)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone as _;

    #[test]
    fn remaining_breaks_include_one_that_begins_with_the_shift() {
        let at = |hour| {
            Utc.with_ymd_and_hms(2026, 11, 23, hour, 0, 0)
                .single()
                .unwrap_or_default()
        };
        let half_an_hour = TimeDelta::minutes(30);
        let shift = ShiftOnDay {
            from: at(8),
            until: at(16),
            rests: vec![(at(8), at(8), half_an_hour), (at(12), at(13), half_an_hour)],
        };
        assert_eq!(remaining_breaks(&shift, at(8)).count(), 2);
        assert_eq!(remaining_breaks(&shift, at(9)).count(), 1);
        assert_eq!(remaining_breaks(&shift, at(13)).count(), 1);
        assert_eq!(remaining_breaks(&shift, at(14)).count(), 0);
    }

    #[test]
    fn time_converted_is_clamped_and_rounded_up_to_step() {
        let base = Utc
            .with_ymd_and_hms(2026, 11, 23, 12, 0, 0)
            .single()
            .unwrap_or_default();
        assert_eq!(seconds(base, base + TimeDelta::hours(20)), 72_000);
        assert_eq!(
            seconds(base, base - TimeDelta::hours(1)),
            0,
            "a time before the base is clamped to 0"
        );
        let odd = base + TimeDelta::seconds(61);
        assert_eq!(round_up(odd), base + TimeDelta::seconds(300));
        assert_eq!(round_up(base), base);
    }
}
