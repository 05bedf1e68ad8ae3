//! Computes the times of a plan, including breaks, from the order of the stops.

use crate::draft::Draft;
use crate::instance::{Instance, NEVER};
use crate::plan::{Plan, Route, Stop, TakenBreak};
use crate::problem::Time;
use crate::tour::Tour;

/// Converts a draft into a plan.
pub fn build_plan<const STATES: usize>(instance: &Instance<'_, STATES>, draft: &Draft<STATES>) -> Plan {
    let mut unassigned: Vec<usize> = draft.unassigned.iter().map(|visit| *visit as usize).collect();
    unassigned.sort_unstable();
    Plan {
        routes: draft.tours.iter().map(|tour| build_route(instance, tour)).collect(),
        unassigned,
    }
}

/// The route up to a stop; one is kept for each number of breaks taken.
#[derive(Clone)]
struct PartialRoute {
    now: Time,
    stops: Vec<Stop>,
    breaks: Vec<TakenBreak>,
}

/// Computes the times of one route with the earliest possible return. The route is empty if the tour is not feasible.
pub fn build_route<const STATES: usize>(instance: &Instance<'_, STATES>, tour: &Tour<STATES>) -> Route {
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
                .and_then(|partial| append_visit(instance, *visit, partial, &arrivals));
        }
        last = *visit;
    }
    take_breaks(instance, technician, &mut partials, true);
    let travel_time = instance.travel_time(last, tour.points[tour.points.len() - 1]);
    let latest_return = instance.home_by[technician];
    let ends = partials
        .into_iter()
        .enumerate()
        .filter_map(|(taken, partial)| Some((taken, partial?)));
    let feasible_ends = ends.filter(|(taken, partial)| partial.now + travel_time <= latest_return[*taken]);
    let Some((_, partial)) = feasible_ends.min_by_key(|(_, partial)| partial.now) else {
        return Route::default();
    };
    finish_route(instance, tour, partial, travel_time)
}

/// Appends a visit to a partial route. Returns `None` if the visit can no longer start. `arrivals` are the arrival times by the number of
/// breaks taken before.
fn append_visit<const STATES: usize>(
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
    let breaks_after_arrival = partial
        .breaks
        .iter()
        .filter(|taken_break| taken_break.after == partial.stops.len() && !taken_break.before_travel)
        .count();
    let arrival = arrivals[partial.breaks.len() - breaks_after_arrival].unwrap_or(partial.now);
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

/// Completes a route with the way home. Without a break before the first stop the departure is as late as that stop allows,
/// otherwise it is the start of the shift.
fn finish_route<const STATES: usize>(
    instance: &Instance<'_, STATES>,
    tour: &Tour<STATES>,
    partial: PartialRoute,
    travel_time_home: Time,
) -> Route {
    let PartialRoute { now, mut stops, breaks } = partial;
    let has_no_break_before_first_stop = breaks.first().is_none_or(|taken_break| taken_break.after > 0);
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
