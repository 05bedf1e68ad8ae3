//! Builds the routing problem from planned visits and unscheduled jobs.

use std::ops::ControlFlow;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::customers::Coordinates;
use domain::ids::StaffId;
use domain::targets::{AppointmentStatus, TargetStatus};
use domain::travel::TravelTimes;
use routing::{Break, MAX_TIME_SECONDS, Matrix, Problem, Settings, Skills, Technician, Time, Visit, Window};

use crate::scheduling::board::{absence_on, day_endpoints, parse_zone};
use crate::scheduling::roads::FoundTravelTimes;
use crate::scheduling::{AbsenceView, BoardJob, BoardVisit, TechnicianView};
use domain::suggestions::ExcludedJob;

/// Travel times are rounded up to this step, so that visits start at round times.
const STEP_SECONDS: i64 = 300;

/// The data of some days from which the problem is built.
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
    /// Returns the places between which travel times are needed.
    pub(crate) fn places(&self) -> Vec<Coordinates> {
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

/// The technician and day behind a technician of the problem.
pub(crate) struct Worker {
    pub technician: StaffId,
    pub name: String,
    pub day: NaiveDate,
    pub day_endpoints: (Option<Coordinates>, Option<Coordinates>),
}

/// The job behind a visit of the problem.
pub(crate) struct Task {
    pub job: BoardJob,
    /// Worker index, start and end if the job is already planned.
    pub planned: Option<(usize, DateTime<Utc>, DateTime<Utc>)>,
}

/// The problem, with the records behind its indices.
pub(crate) struct BuiltProblem {
    pub problem: Problem,
    pub base: DateTime<Utc>,
    pub workers: Vec<Worker>,
    pub tasks: Vec<Task>,
    pub skills: Vec<String>,
    pub left: Vec<ExcludedJob>,
    pub other_days: i64,
    pub ways: TravelTimes,
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

fn left_out(job: &BoardJob, code: &str) -> ExcludedJob {
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

/// Builds the problem.
///
/// # Errors
/// The problem is invalid, which is a bug in this module.
pub(crate) fn build(material: PlanInput, found: &FoundTravelTimes) -> Result<BuiltProblem, routing::Invalid> {
    let base = material.begin - TimeDelta::hours(12);
    let skills = required_skills(&material.jobs);
    let mut places: Vec<Coordinates> = Vec::new();
    let mut place_index = |place: Option<Coordinates>| -> usize {
        // Index 0 is the unknown place, with no travel time to any other.
        let Some(place) = place else { return 0 };
        let found = places.iter().position(|known| *known == place);
        1 + found.unwrap_or_else(|| {
            places.push(place);
            places.len() - 1
        })
    };
    // Skills that no job requires are ignored.
    let skill_set = |names: &[String]| -> Skills {
        let numbered = skills.iter().enumerate().filter(|(_, skill)| names.contains(skill));
        Skills(numbered.fold(0, |found, (index, _)| found | 1 << index))
    };
    let (mut workers, mut people) = (Vec::new(), Vec::new());
    for technician in material
        .technicians
        .iter()
        .filter(|technician| technician.locked_at.is_none())
    {
        let Some(week) = &technician.week else { continue };
        for day in &material.days {
            let Some(shift) = week.0.on(*day, &parse_zone(&technician.zone)) else {
                continue;
            };
            // Skip absences and shifts that have ended.
            if absence_on(&material.absences, technician.id.0, *day).is_some() || shift.until <= material.now {
                continue;
            }
            let from = shift.from.max(round_up(material.now));
            let (start, end) = day_endpoints(technician);
            workers.push(Worker {
                technician: technician.id.0,
                name: technician.display_name.clone(),
                day: *day,
                day_endpoints: (start, end),
            });
            people.push(Technician {
                start: place_index(start),
                end: place_index(end),
                from: seconds(base, from),
                until: seconds(base, shift.until).max(seconds(base, from)),
                overtime: 0,
                skills: skill_set(&technician.skills.0),
                capacity: 0,
                breaks: shift
                    .rests
                    .iter()
                    .filter(|(_, last, _)| *last > from)
                    .take(Technician::MAX_BREAKS)
                    .map(|(first, last, length)| Break {
                        window: Window {
                            from: seconds(base, *first),
                            until: seconds(base, *last),
                        },
                        duration: Time::try_from(length.num_seconds()).unwrap_or_default(),
                    })
                    .collect(),
            });
        }
    }
    let (mut tasks, mut visits) = (Vec::new(), Vec::new());
    for visit in &material.visits {
        if visit.appointment_status != AppointmentStatus::Planned || visit.ends_at <= material.now {
            continue;
        }
        let start = seconds(base, visit.starts_at);
        let worker = workers
            .iter()
            .enumerate()
            .position(|(index, worker): (usize, &Worker)| {
                let near = people[index].from - 4 * 3_600..people[index].until + 4 * 3_600;
                worker.technician == visit.technician_id.0 && near.contains(&start)
            });
        let Some(worker) = worker else { continue };
        // The whole agreed window is reserved for the customer.
        let end = seconds(base, visit.ends_at);
        let place = place_index(visit.job.point());
        visits.push(Visit {
            place,
            service: end - start,
            windows: vec![Window {
                from: start,
                until: start,
            }],
            skills: Skills::default(),
            demand: 0,
            tier: 0,
            pinned: Some(worker),
            kept: true,
        });
        tasks.push(Task {
            job: visit.job.clone(),
            planned: Some((worker, visit.starts_at, visit.ends_at)),
        });
    }
    let (mut left, mut other_days) = (Vec::new(), 0);
    // The span covers the days themselves and the shifts that start on them.
    let days = TimeDelta::days(material.days.len().try_into().unwrap_or(1));
    let people_from = people.iter().map(|person| person.from).min().unwrap_or_default();
    let people_until = people.iter().map(|person| person.until).max().unwrap_or_default();
    let begin = people_from.min(seconds(base, material.begin));
    let end = people_until.max(seconds(base, material.begin + days));
    for job in material.jobs {
        if job.status != TargetStatus::Open {
            left.push(left_out(&job, "not_open"));
        } else if job.needs_mapping || job.customer_name.is_none() {
            left.push(left_out(&job, "needs_mapping"));
        } else if people.is_empty() {
            left.push(left_out(&job, "no_technician"));
        } else if job.point().is_none() {
            left.push(left_out(&job, "location_unknown"));
        } else if !job.required_skills.0.iter().all(|skill| skills.contains(skill)) {
            left.push(left_out(&job, "too_many_skills"));
        } else {
            let first = job.window_start.map_or(0, |start| seconds(base, start));
            // A job without a window can start at any time.
            let last = job.window_end.map_or(MAX_TIME_SECONDS / 2, |end| seconds(base, end));
            if last < begin || first > end {
                if material.is_explicit {
                    left.push(left_out(&job, "other_days"));
                } else {
                    other_days += 1;
                }
                continue;
            }
            visits.push(Visit {
                place: place_index(job.point()),
                service: Time::try_from(service_time(&job).num_seconds()).unwrap_or_default(),
                windows: vec![Window {
                    from: first.min(last),
                    until: last,
                }],
                skills: skill_set(&job.required_skills.0),
                demand: 0,
                tier: job.priority.rank(),
                pinned: None,
                kept: false,
            });
            tasks.push(Task { job, planned: None });
        }
    }
    let travel = Matrix::from_fn(places.len() + 1, |from, to| {
        if from == 0 || to == 0 || from == to {
            return 0;
        }
        let seconds = found.ways.time(places[from - 1], places[to - 1]).num_seconds();
        Time::try_from((seconds + STEP_SECONDS - 1) / STEP_SECONDS * STEP_SECONDS).unwrap_or(MAX_TIME_SECONDS)
    })?;
    fit_planned_visits(&mut people, &mut visits, &travel)?;
    Ok(BuiltProblem {
        problem: Problem::new(people, visits, travel)?,
        base,
        workers,
        tasks,
        skills,
        left,
        other_days,
        ways: found.ways.clone(),
        is_estimated: found.is_estimated,
    })
}

/// Makes planned visits feasible whatever their conflicts: extends shifts to include them, shortens a visit by the
/// travel time to the next one, and drops breaks that do not fit.
fn fit_planned_visits(
    people: &mut [Technician],
    visits: &mut [Visit],
    travel: &Matrix,
) -> Result<(), routing::Invalid> {
    for (index, person) in people.iter_mut().enumerate() {
        let mut planned: Vec<usize> = (0..visits.len())
            .filter(|visit| visits[*visit].kept && visits[*visit].pinned == Some(index))
            .collect();
        planned.sort_by_key(|visit| visits[*visit].windows[0].from);
        let (Some(first), Some(last)) = (planned.first().copied(), planned.last().copied()) else {
            continue;
        };
        for pair in planned.windows(2) {
            let travel_time = travel.time(visits[pair[0]].place, visits[pair[1]].place);
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
        let departure = visits[first].windows[0].from - travel.time(person.start, visits[first].place);
        let return_time =
            visits[last].windows[0].from + visits[last].service + travel.time(visits[last].place, person.end);
        person.from = person.from.min(departure.max(0));
        person.until = person.until.max(return_time);
        if person.breaks.is_empty() {
            continue;
        }
        let unpinned: Vec<Visit> = planned
            .iter()
            .map(|visit| Visit {
                pinned: None,
                ..visits[*visit].clone()
            })
            .collect();
        let day = Problem::new(vec![person.clone()], unpinned, travel.clone())?;
        let settings = Settings {
            budget: 10_000,
            seed: 0,
            overtime_weight: 1,
        };
        let plan = routing::solve(&day, &settings, &mut |_| ControlFlow::Continue(()));
        if !plan.unassigned.is_empty() {
            person.breaks.clear();
        }
    }
    Ok(())
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
