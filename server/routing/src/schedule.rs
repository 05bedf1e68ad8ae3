//! Computes the times of a plan, including breaks, from the order of the stops.

use crate::draft::Draft;
use crate::instance::{Instance, NEVER};
use crate::plan::{Plan, Route, Stop, TakenBreak};
use crate::problem::Time;
use crate::tour::Tour;

/// Converts a draft into a plan.
pub fn plan<const STATES: usize>(instance: &Instance<'_, STATES>, draft: &Draft<STATES>) -> Plan {
    let mut unassigned: Vec<usize> = draft.unassigned.iter().map(|visit| *visit as usize).collect();
    unassigned.sort_unstable();
    Plan {
        routes: draft.tours.iter().map(|tour| route(instance, tour)).collect(),
        unassigned,
    }
}

/// A partial route.
#[derive(Clone)]
struct PartialRoute {
    now: Time,
    stops: Vec<Stop>,
    breaks: Vec<TakenBreak>,
}

/// Computes the times of one route with the earliest possible return.
pub fn route<const STATES: usize>(instance: &Instance<'_, STATES>, tour: &Tour<STATES>) -> Route {
    if tour.is_empty() {
        return Route::default();
    }
    let technician = tour.technician;
    let tech = &instance.problem.technicians()[technician];
    let start = PartialRoute {
        now: tech.from,
        stops: Vec::new(),
        breaks: Vec::new(),
    };
    // The best partial route by the number of breaks taken.
    let mut partials: Vec<Option<PartialRoute>> = vec![None; STATES];
    partials[0] = Some(start);
    let mut last = tour.points[0];
    for visit in tour.visits() {
        take_breaks(instance, technician, &mut partials, true);
        let travel_time = instance.travel_time(last, *visit);
        let mut arrivals = Vec::with_capacity(STATES);
        for partial in partials.iter_mut() {
            if let Some(partial) = partial {
                partial.now += travel_time;
            }
            arrivals.push(partial.as_ref().map(|partial| partial.now));
        }
        take_breaks(instance, technician, &mut partials, false);
        for partial in &mut partials {
            *partial = partial
                .take()
                .and_then(|partial| serve(instance, *visit, partial, &arrivals));
        }
        last = *visit;
    }
    take_breaks(instance, technician, &mut partials, true);
    let travel_time = instance.travel_time(last, tour.points[tour.points.len() - 1]);
    let home_by = instance.home_by[technician];
    let ends = partials
        .into_iter()
        .enumerate()
        .filter_map(|(taken, partial)| Some((taken, partial?)));
    let back = ends.filter(|(taken, partial)| partial.now + travel_time <= home_by[*taken]);
    let Some((_, partial)) = back.min_by_key(|(_, partial)| partial.now) else {
        return Route::default();
    };
    complete(instance, tour, partial, travel_time)
}

/// Adds a visit to a partial route; `None` if it cannot start anymore. `arrivals` are the arrival times by the number of
/// breaks taken before.
fn serve<const STATES: usize>(
    instance: &Instance<'_, STATES>,
    visit: u32,
    mut partial: PartialRoute,
    arrivals: &[Option<Time>],
) -> Option<PartialRoute> {
    let start = instance.first_start(visit, partial.now);
    if start >= NEVER {
        return None;
    }
    // The arrival precedes the breaks that are taken after it.
    let taken = partial
        .breaks
        .iter()
        .filter(|rest| rest.after == partial.stops.len() && !rest.before_travel)
        .count();
    let arrival = arrivals[partial.breaks.len() - taken].unwrap_or(partial.now);
    let departure = start + instance.service(visit);
    partial.stops.push(Stop {
        visit: visit as usize,
        arrival,
        start,
        departure,
    });
    partial.now = departure;
    Some(partial)
}

/// Completes a route with the way home. The technician leaves as late as the first stop allows.
fn complete<const STATES: usize>(
    instance: &Instance<'_, STATES>,
    tour: &Tour<STATES>,
    partial: PartialRoute,
    travel_time_home: Time,
) -> Route {
    let PartialRoute { now, mut stops, breaks } = partial;
    let has_no_break_before_first_stop = breaks.first().is_none_or(|rest| rest.after > 0);
    let leave = if has_no_break_before_first_stop {
        let first_start = stops[0].start;
        stops[0].arrival = first_start;
        first_start - instance.travel_time(tour.points[0], tour.points[1])
    } else {
        instance.problem.technicians()[tour.technician].from
    };
    Route {
        leave,
        stops,
        breaks,
        home: now + travel_time_home,
    }
}

/// Takes the next break in each state if that is better than the known partial route.
fn take_breaks<const STATES: usize>(
    instance: &Instance<'_, STATES>,
    technician: usize,
    partials: &mut [Option<PartialRoute>],
    before_travel: bool,
) {
    for taken in 0..STATES - 1 {
        let rule = instance.breaks[technician][taken];
        let Some(partial) = &partials[taken] else {
            continue;
        };
        let start = partial.now.max(rule.window.from);
        let is_earlier = partials[taken + 1]
            .as_ref()
            .is_none_or(|other| start + rule.duration < other.now);
        if start <= rule.window.until && is_earlier {
            let mut partial = partial.clone();
            partial.breaks.push(TakenBreak {
                after: partial.stops.len(),
                before_travel,
                start,
            });
            partial.now = start + rule.duration;
            partials[taken + 1] = Some(partial);
        }
    }
}
