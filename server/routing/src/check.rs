//! An independent validator of plans. It shares no code with the search, so that an error in one does not hide an error in
//! the other.

use crate::plan::{Plan, Route};
use crate::problem::{Problem, Time};

/// A violated rule, with the index of the visit or technician.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Violation {
    /// The number of routes differs from the number of technicians.
    Routes,
    /// The visit is missing or is assigned more than once.
    Assignment(usize),
    /// The technician lacks a required skill.
    Skill(usize),
    /// The visit is pinned to another technician.
    Pinned(usize),
    /// The load exceeds the capacity of the vehicle.
    Load(usize),
    /// The technician leaves before the shift starts.
    Leave(usize),
    /// The technician returns after the limit, or the return time is wrong.
    Home(usize),
    /// The times of the stop are infeasible or inconsistent.
    Arrival(usize),
    /// The work starts outside all time windows.
    Window(usize),
    /// A break is missing, outside its window or out of order.
    Break(usize),
}

/// Returns all violations of a plan; an empty list means that the plan is valid.
pub fn check(problem: &Problem, plan: &Plan) -> Vec<Violation> {
    let mut violations = Vec::new();
    if plan.routes.len() != problem.technicians().len() {
        return vec![Violation::Routes];
    }
    let mut counts = vec![0; problem.visits().len()];
    let assigned = plan.routes.iter().flat_map(|route| &route.stops).map(|stop| stop.visit);
    for visit in assigned.chain(plan.unassigned.iter().copied()) {
        match counts.get_mut(visit) {
            Some(count) => *count += 1,
            None => violations.push(Violation::Assignment(visit)),
        }
    }
    violations.extend(
        (0..counts.len())
            .filter(|visit| counts[*visit] != 1)
            .map(Violation::Assignment),
    );
    if violations.is_empty() {
        for (technician, route) in plan
            .routes
            .iter()
            .enumerate()
            .filter(|(_, route)| !route.stops.is_empty())
        {
            check_route(problem, technician, route, &mut violations);
        }
    }
    violations
}

/// Simulates one route and checks its rules.
fn check_route(problem: &Problem, technician: usize, route: &Route, violations: &mut Vec<Violation>) {
    let tech = &problem.technicians()[technician];
    if route.leave < tech.from {
        violations.push(Violation::Leave(technician));
    }
    let load: u64 = route
        .stops
        .iter()
        .map(|stop| u64::from(problem.visits()[stop.visit].demand))
        .sum();
    if load > u64::from(tech.capacity) {
        violations.push(Violation::Load(technician));
    }
    let mut at = tech.start;
    let mut now = route.leave;
    for (index, stop) in route.stops.iter().enumerate() {
        let visit = &problem.visits()[stop.visit];
        if visit.skills.0 & tech.skills.0 != visit.skills.0 {
            violations.push(Violation::Skill(stop.visit));
        }
        if visit.pinned.is_some_and(|pinned| pinned != technician) {
            violations.push(Violation::Pinned(stop.visit));
        }
        let (arrival, ready) = travel_leg(problem, technician, route, index, now, at, visit.location, violations);
        let times_are_consistent =
            stop.arrival == arrival && stop.start >= ready && stop.departure == stop.start + visit.service;
        if !times_are_consistent {
            violations.push(Violation::Arrival(stop.visit));
        }
        if !visit
            .windows
            .iter()
            .any(|window| window.from <= stop.start && stop.start <= window.until)
        {
            violations.push(Violation::Window(stop.visit));
        }
        (now, at) = (stop.departure, visit.location);
    }
    let (home, _) = travel_leg(
        problem,
        technician,
        route,
        route.stops.len(),
        now,
        at,
        tech.end,
        violations,
    );
    if home != route.home || home > tech.until + tech.overtime {
        violations.push(Violation::Home(technician));
    }
    let taken_count = route.breaks.len();
    let in_order = route.breaks.windows(2).all(|pair| pair[0].start <= pair[1].start);
    // A break may be skipped only if the technician returns before the end of its window.
    let skipped_breaks_are_not_due = tech.breaks[taken_count.min(tech.breaks.len())..]
        .iter()
        .all(|rest| home <= rest.window.until);
    if taken_count > tech.breaks.len() || !in_order || !skipped_breaks_are_not_due {
        violations.push(Violation::Break(technician));
    }
}

/// Simulates the travel to the next stop, including breaks. Returns the arrival and the time when the work can start.
#[expect(clippy::too_many_arguments, reason = "the state of the simulation, used only here")]
fn travel_leg(
    problem: &Problem,
    technician: usize,
    route: &Route,
    after: usize,
    mut now: Time,
    from: usize,
    to: usize,
    violations: &mut Vec<Violation>,
) -> (Time, Time) {
    let breaks = &problem.technicians()[technician].breaks;
    let mut take_breaks = |now: &mut Time, before_travel: bool| {
        for (rest, rule) in route.breaks.iter().zip(breaks) {
            if rest.after == after && rest.before_travel == before_travel {
                if rest.start < *now || rest.start < rule.window.from || rest.start > rule.window.until {
                    violations.push(Violation::Break(technician));
                }
                *now = rest.start + rule.duration;
            }
        }
    };
    take_breaks(&mut now, true);
    now += problem.travel().time(from, to);
    let arrival = now;
    take_breaks(&mut now, false);
    (arrival, now)
}
