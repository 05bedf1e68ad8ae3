//! From what is planned and what waits to the engine's problem.

use std::ops::ControlFlow;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::customers::Coordinates;
use domain::ids::StaffId;
use domain::targets::{AppointmentStatus, TargetStatus};
use domain::travel::Ways;
use routing::{Break, LONGEST, Matrix, Problem, Settings, Skills, Technician, Time, Visit, Window};

use crate::scheduling::board::{away_on, bases, zone_of};
use crate::scheduling::roads::Found;
use crate::scheduling::{AbsenceView, BoardJob, BoardVisit, TechnicianView};
use domain::suggestions::LeftOut;

/// Ways are counted in steps of five minutes, so that visits begin at times that people say.
const STEP: i64 = 300;

/// What the database knows, for some days.
pub(crate) struct Material {
    pub begin: DateTime<Utc>,
    pub now: DateTime<Utc>,
    pub days: Vec<NaiveDate>,
    pub technicians: Vec<TechnicianView>,
    pub absences: Vec<AbsenceView>,
    pub visits: Vec<BoardVisit>,
    pub jobs: Vec<BoardJob>,
    /// Whether the jobs were named one by one, so that each of them gets an answer.
    pub is_named: bool,
}

impl Material {
    /// Every place between which ways matter.
    pub(crate) fn places(&self) -> Vec<Coordinates> {
        let bases = self.technicians.iter().map(bases).flat_map(|(start, end)| [start, end]);
        let visits = self.visits.iter().map(|visit| visit.job.point());
        let jobs = self.jobs.iter().map(BoardJob::point);
        bases.chain(visits).chain(jobs).flatten().collect()
    }
}

/// A technician's day in the problem.
pub(crate) struct Worker {
    pub technician: StaffId,
    pub name: String,
    pub day: NaiveDate,
    pub bases: (Option<Coordinates>, Option<Coordinates>),
}

/// A visit in the problem.
pub(crate) struct Task {
    pub job: BoardJob,
    /// What is planned already: whose day of the problem it is, and when.
    pub planned: Option<(usize, DateTime<Utc>, DateTime<Utc>)>,
}

/// The problem, and what its numbers stand for.
pub(crate) struct Built {
    pub problem: Problem,
    pub base: DateTime<Utc>,
    pub workers: Vec<Worker>,
    pub tasks: Vec<Task>,
    pub skills: Vec<String>,
    pub left: Vec<LeftOut>,
    pub other_days: i64,
    pub ways: Ways,
    pub is_estimated: bool,
}

/// How many seconds after the beginning a moment is; the engine counts from twelve hours before the first day.
fn seconds(base: DateTime<Utc>, moment: DateTime<Utc>) -> Time {
    let seconds = (moment - base).num_seconds().clamp(0, i64::from(LONGEST) / 2);
    Time::try_from(seconds).unwrap_or_default()
}

/// The skills that jobs ask for, in the order of the jobs, as many as the engine can number.
fn asked_for(jobs: &[BoardJob]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for skill in jobs.iter().flat_map(|job| &job.required_skills.0) {
        if !found.contains(skill) && found.len() < Skills::MOST {
            found.push(skill.clone());
        }
    }
    found
}

fn left_out(job: &BoardJob, code: &str) -> LeftOut {
    LeftOut {
        target: job.target_id.0,
        number: job.number,
        customer: job.customer_name.clone(),
        code: Some(code.to_owned()),
        hindrances: Vec::new(),
    }
}

fn work(job: &BoardJob) -> TimeDelta {
    TimeDelta::minutes(job.duration_minutes.clamp(1, 24 * 60))
}

/// Puts the problem together. An error says what is wrong with it, which would be a mistake in here.
pub(crate) fn build(material: Material, found: &Found) -> Result<Built, routing::Invalid> {
    let base = material.begin - TimeDelta::hours(12);
    let skills = asked_for(&material.jobs);
    let mut places: Vec<Coordinates> = Vec::new();
    let mut place_of = |place: Option<Coordinates>| -> usize {
        // Nowhere is as near as anything.
        let Some(place) = place else { return 0 };
        let found = places.iter().position(|known| *known == place);
        1 + found.unwrap_or_else(|| {
            places.push(place);
            places.len() - 1
        })
    };
    // What a technician can do and no job asks for does not matter.
    let bits = |names: &[String]| -> Skills {
        let numbered = skills.iter().enumerate().filter(|(_, skill)| names.contains(skill));
        Skills(numbered.fold(0, |found, (index, _)| found | 1 << index))
    };
    let (mut workers, mut people) = (Vec::new(), Vec::new());
    for technician in material.technicians.iter().filter(|one| one.locked_at.is_none()) {
        let Some(week) = &technician.week else { continue };
        for day in &material.days {
            let Some(shift) = week.0.on(*day, &zone_of(&technician.zone)) else {
                continue;
            };
            // What is over cannot be planned any more.
            if away_on(&material.absences, technician.id.0, *day).is_some() || shift.until <= material.now {
                continue;
            }
            let from = shift.from.max(round_up(material.now));
            let (start, end) = bases(technician);
            workers.push(Worker {
                technician: technician.id.0,
                name: technician.display_name.clone(),
                day: *day,
                bases: (start, end),
            });
            people.push(Technician {
                start: place_of(start),
                end: place_of(end),
                from: seconds(base, from),
                until: seconds(base, shift.until).max(seconds(base, from)),
                overtime: 0,
                skills: bits(&technician.skills.0),
                capacity: 0,
                breaks: shift
                    .rests
                    .iter()
                    .filter(|(_, last, _)| *last > from)
                    .take(Technician::MOST_BREAKS)
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
        let middle = seconds(base, visit.starts_at);
        let of_day = workers
            .iter()
            .enumerate()
            .position(|(index, worker): (usize, &Worker)| {
                let near = people[index].from - 4 * 3_600..people[index].until + 4 * 3_600;
                worker.technician == visit.technician_id.0 && near.contains(&middle)
            });
        let Some(worker) = of_day else { continue };
        // The whole time that was agreed is the customer's.
        let (first, last) = (seconds(base, visit.starts_at), seconds(base, visit.ends_at));
        let place = place_of(visit.job.point());
        visits.push(Visit {
            place,
            service: last - first,
            windows: vec![Window {
                from: first,
                until: first,
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
    // The days themselves, and the shifts that begin on them.
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
            // Whoever has no window cannot be late for it.
            let last = job.window_end.map_or(LONGEST / 2, |end| seconds(base, end));
            if last < begin || first > end {
                if material.is_named {
                    left.push(left_out(&job, "other_days"));
                } else {
                    other_days += 1;
                }
                continue;
            }
            visits.push(Visit {
                place: place_of(job.point()),
                service: Time::try_from(work(&job).num_seconds()).unwrap_or_default(),
                windows: vec![Window {
                    from: first.min(last),
                    until: last,
                }],
                skills: bits(&job.required_skills.0),
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
        Time::try_from((seconds + STEP - 1) / STEP * STEP).unwrap_or(LONGEST)
    })?;
    make_room(&mut people, &mut visits, &travel)?;
    Ok(Built {
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

/// What is fixed holds, whatever stands against it: shifts reach as far as it, the way to the next one is taken from the time
/// that was agreed, and a break for which there is no room is none.
fn make_room(people: &mut [Technician], visits: &mut [Visit], travel: &Matrix) -> Result<(), routing::Invalid> {
    for (index, person) in people.iter_mut().enumerate() {
        let mut own: Vec<usize> = (0..visits.len())
            .filter(|visit| visits[*visit].kept && visits[*visit].pinned == Some(index))
            .collect();
        own.sort_by_key(|visit| visits[*visit].windows[0].from);
        let (Some(first), Some(last)) = (own.first().copied(), own.last().copied()) else {
            continue;
        };
        for pair in own.windows(2) {
            let way = travel.time(visits[pair[0]].place, visits[pair[1]].place);
            let there_is = visits[pair[1]].windows[0].from - visits[pair[0]].windows[0].from - way;
            visits[pair[0]].service = visits[pair[0]].service.min(there_is.max(0));
            // Two at once: the second begins when one can be there.
            let late = visits[pair[0]].windows[0].from + visits[pair[0]].service + way;
            let window = &mut visits[pair[1]].windows[0];
            if late > window.from {
                *window = Window {
                    from: late,
                    until: late,
                };
            }
        }
        let out = visits[first].windows[0].from - travel.time(person.start, visits[first].place);
        let back = visits[last].windows[0].from + visits[last].service + travel.time(visits[last].place, person.end);
        person.from = person.from.min(out.max(0));
        person.until = person.until.max(back);
        if person.breaks.is_empty() {
            continue;
        }
        let alone: Vec<Visit> = own
            .iter()
            .map(|visit| Visit {
                pinned: None,
                ..visits[*visit].clone()
            })
            .collect();
        let day = Problem::new(vec![person.clone()], alone, travel.clone())?;
        let settings = Settings {
            budget: 10_000,
            seed: 0,
            overtime_weight: 1,
        };
        let plan = routing::solve(&day, &settings, &mut |_| ControlFlow::Continue(()));
        if !plan.left_out.is_empty() {
            person.breaks.clear();
        }
    }
    Ok(())
}

fn round_up(moment: DateTime<Utc>) -> DateTime<Utc> {
    let beyond = moment.timestamp().rem_euclid(STEP);
    if beyond == 0 {
        moment
    } else {
        moment + TimeDelta::seconds(STEP - beyond)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone as _;

    #[test]
    fn moments_are_counted_and_rounded_to_steps() {
        let base = Utc
            .with_ymd_and_hms(2026, 11, 23, 12, 0, 0)
            .single()
            .unwrap_or_default();
        assert_eq!(seconds(base, base + TimeDelta::hours(20)), 72_000);
        assert_eq!(
            seconds(base, base - TimeDelta::hours(1)),
            0,
            "nothing is before the beginning"
        );
        let odd = base + TimeDelta::seconds(61);
        assert_eq!(round_up(odd), base + TimeDelta::seconds(300));
        assert_eq!(round_up(base), base);
    }
}
