//! From the order of the stops to the times of a day, breaks included.

use crate::draft::Draft;
use crate::instance::{Instance, NEVER};
use crate::line::Line;
use crate::plan::{Plan, Rest, Route, Stop};
use crate::problem::Time;

/// The plan of a draft.
pub fn plan<const STATES: usize>(instance: &Instance<'_, STATES>, draft: &Draft<STATES>) -> Plan {
    let mut left_out: Vec<usize> = draft.absent.iter().map(|visit| *visit as usize).collect();
    left_out.sort_unstable();
    Plan {
        routes: draft.lines.iter().map(|line| route(instance, line)).collect(),
        left_out,
    }
}

/// A route under way: how it got to where it is.
#[derive(Clone)]
struct Walk {
    now: Time,
    stops: Vec<Stop>,
    rests: Vec<Rest>,
}

/// The times of one route: the earliest at which everything is done.
pub fn route<const STATES: usize>(instance: &Instance<'_, STATES>, line: &Line<STATES>) -> Route {
    if line.is_empty() {
        return Route::default();
    }
    let technician = line.technician;
    let who = &instance.problem.technicians()[technician];
    let begin = Walk {
        now: who.from,
        stops: Vec::new(),
        rests: Vec::new(),
    };
    // The best walk by how many breaks are behind the technician.
    let mut walks: Vec<Option<Walk>> = vec![None; STATES];
    walks[0] = Some(begin);
    let mut last = line.points[0];
    for visit in line.visits() {
        rest(instance, technician, &mut walks, true);
        let way = instance.way(last, *visit);
        let mut arrivals = Vec::with_capacity(STATES);
        for walk in walks.iter_mut() {
            if let Some(walk) = walk {
                walk.now += way;
            }
            arrivals.push(walk.as_ref().map(|walk| walk.now));
        }
        rest(instance, technician, &mut walks, false);
        for walk in &mut walks {
            let begun = walk
                .as_ref()
                .map_or(NEVER, |walk| instance.first_start(*visit, walk.now));
            match walk {
                Some(walk) if begun < NEVER => {
                    // The arrival is before the breaks that were taken on the spot.
                    let taken = walk
                        .rests
                        .iter()
                        .filter(|rest| rest.after == walk.stops.len() && !rest.before_travel)
                        .count();
                    let arrival = arrivals[walk.rests.len() - taken].unwrap_or(walk.now);
                    let departure = begun + instance.service(*visit);
                    walk.stops.push(Stop {
                        visit: *visit as usize,
                        arrival,
                        start: begun,
                        departure,
                    });
                    walk.now = departure;
                }
                _ => *walk = None,
            }
        }
        last = *visit;
    }
    rest(instance, technician, &mut walks, true);
    let way = instance.way(last, line.points[line.points.len() - 1]);
    let home_by = instance.home_by[technician];
    let ends = walks
        .into_iter()
        .enumerate()
        .filter_map(|(taken, walk)| Some((taken, walk?)));
    let back = ends.filter(|(taken, walk)| walk.now + way <= home_by[*taken]);
    let Some((_, walk)) = back.min_by_key(|(_, walk)| walk.now) else {
        return Route::default();
    };
    // Nobody leaves earlier than the first stop asks for.
    let first = &walk.stops[0];
    let is_free = walk.rests.first().is_none_or(|rest| rest.after > 0);
    let mut stops = walk.stops.clone();
    let leave = if is_free {
        let leave = first.start - instance.way(line.points[0], line.points[1]);
        stops[0].arrival = first.start;
        leave
    } else {
        who.from
    };
    Route {
        leave,
        stops,
        rests: walk.rests,
        home: walk.now + way,
    }
}

/// Lets breaks be taken now, where that is earlier than what was known.
fn rest<const STATES: usize>(
    instance: &Instance<'_, STATES>,
    technician: usize,
    walks: &mut [Option<Walk>],
    before_travel: bool,
) {
    for taken in 0..STATES - 1 {
        let rule = instance.rests[technician][taken];
        let Some(walk) = &walks[taken] else {
            continue;
        };
        let begin = walk.now.max(rule.window.from);
        let is_earlier = walks[taken + 1]
            .as_ref()
            .is_none_or(|other| begin + rule.duration < other.now);
        if begin <= rule.window.until && is_earlier {
            let mut walk = walk.clone();
            walk.rests.push(Rest {
                after: walk.stops.len(),
                before_travel,
                start: begin,
            });
            walk.now = begin + rule.duration;
            walks[taken + 1] = Some(walk);
        }
    }
}
