//! The independent checker: walks through a plan as a technician would and tells whatever does not hold. It shares no line
//! with the search, so that neither can hide the other's mistake.

use crate::plan::{Plan, Route};
use crate::problem::{Problem, Time};

/// Something in a plan that does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Violation {
    /// The plan has not one route for each technician.
    Routes,
    /// A visit is in more than one place of the plan, or in none.
    Twice(usize),
    /// The technician lacks a skill.
    Skill(usize),
    /// The visit is pinned to somebody else.
    Pinned(usize),
    /// More than the van carries.
    Load(usize),
    /// The technician leaves before the shift begins.
    Leave(usize),
    /// The technician is back after the limit, or the time of return is wrong.
    Home(usize),
    /// The technician cannot be there by then, or the times of the stop contradict each other.
    Arrival(usize),
    /// The work begins outside of every window.
    Window(usize),
    /// A break is missing, outside of its window, or in the wrong order.
    Break(usize),
}

/// Everything that does not hold.
pub fn check(problem: &Problem, plan: &Plan) -> Vec<Violation> {
    let mut found = Vec::new();
    if plan.routes.len() != problem.technicians().len() {
        return vec![Violation::Routes];
    }
    let mut times = vec![0; problem.visits().len()];
    let served = plan.routes.iter().flat_map(|route| &route.stops).map(|stop| stop.visit);
    for visit in served.chain(plan.left_out.iter().copied()) {
        match times.get_mut(visit) {
            Some(count) => *count += 1,
            None => found.push(Violation::Twice(visit)),
        }
    }
    found.extend(
        (0..times.len())
            .filter(|visit| times[*visit] != 1)
            .map(Violation::Twice),
    );
    if found.is_empty() {
        for (technician, route) in plan
            .routes
            .iter()
            .enumerate()
            .filter(|(_, route)| !route.stops.is_empty())
        {
            walk(problem, technician, route, &mut found);
        }
    }
    found
}

/// Walks through one route.
fn walk(problem: &Problem, technician: usize, route: &Route, found: &mut Vec<Violation>) {
    let who = &problem.technicians()[technician];
    if route.leave < who.from {
        found.push(Violation::Leave(technician));
    }
    let load: u64 = route
        .stops
        .iter()
        .map(|stop| u64::from(problem.visits()[stop.visit].demand))
        .sum();
    if load > u64::from(who.capacity) {
        found.push(Violation::Load(technician));
    }
    let mut at = who.start;
    let mut now = route.leave;
    for (index, stop) in route.stops.iter().enumerate() {
        let visit = &problem.visits()[stop.visit];
        if visit.skills.0 & who.skills.0 != visit.skills.0 {
            found.push(Violation::Skill(stop.visit));
        }
        if visit.pinned.is_some_and(|pinned| pinned != technician) {
            found.push(Violation::Pinned(stop.visit));
        }
        let (arrived, ready) = way(problem, technician, route, index, now, at, visit.place, found);
        let times_fit = stop.arrival == arrived && stop.start >= ready && stop.departure == stop.start + visit.service;
        if !times_fit {
            found.push(Violation::Arrival(stop.visit));
        }
        if !visit
            .windows
            .iter()
            .any(|window| window.from <= stop.start && stop.start <= window.until)
        {
            found.push(Violation::Window(stop.visit));
        }
        (now, at) = (stop.departure, visit.place);
    }
    let (home, _) = way(problem, technician, route, route.stops.len(), now, at, who.end, found);
    if home != route.home || home > who.until + who.overtime {
        found.push(Violation::Home(technician));
    }
    let taken = route.rests.len();
    let in_order = route.rests.windows(2).all(|pair| pair[0].start <= pair[1].start);
    // What is not taken must be no longer due when the technician is back.
    let rest_is_free = who.breaks[taken.min(who.breaks.len())..]
        .iter()
        .all(|rest| home <= rest.window.until);
    if taken > who.breaks.len() || !in_order || !rest_is_free {
        found.push(Violation::Break(technician));
    }
}

/// The way to the next place with the breaks on it: when the technician is there, and when ready for work.
#[expect(clippy::too_many_arguments, reason = "the state of one walk, used nowhere else")]
fn way(
    problem: &Problem,
    technician: usize,
    route: &Route,
    after: usize,
    mut now: Time,
    from: usize,
    to: usize,
    found: &mut Vec<Violation>,
) -> (Time, Time) {
    let breaks = &problem.technicians()[technician].breaks;
    let mut take = |now: &mut Time, before_travel: bool| {
        for (rest, rule) in route.rests.iter().zip(breaks) {
            if rest.after == after && rest.before_travel == before_travel {
                if rest.start < *now || rest.start < rule.window.from || rest.start > rule.window.until {
                    found.push(Violation::Break(technician));
                }
                *now = rest.start + rule.duration;
            }
        }
    };
    take(&mut now, true);
    now += problem.travel().time(from, to);
    let arrived = now;
    take(&mut now, false);
    (arrived, now)
}
