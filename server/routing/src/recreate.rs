//! Puts absent visits back, one after another, each where it costs least; sometimes a place is overlooked, so that the
//! search does not always do the same.

use fastrand::Rng;

use crate::draft::{Draft, NOWHERE};
use crate::instance::Instance;

/// How often a place is overlooked, in 100.
const BLINK: u32 = 1;

/// How often a visit begins a new route although another place costs less: alone it never pays, with others it may.
const OPEN: f64 = 0.02;

/// Puts back whatever fits; `touched` gets the routes that got something. The answer is how many places were looked at.
pub fn recreate<const STATES: usize>(
    instance: &Instance<'_, STATES>,
    draft: &mut Draft<STATES>,
    random: &mut Rng,
    touched: &mut Vec<usize>,
) -> u64 {
    let mut absent = std::mem::take(&mut draft.absent);
    sort(instance, &mut absent, random);
    let mut looked = 0;
    let mut opens = random.f64() < OPEN;
    for visit in absent {
        if opens && let Some(line) = empty_line(instance, draft, visit) {
            draft.put_in(instance, line, 0, visit);
            touched.push(line);
            opens = false;
            continue;
        }
        let (found, count) = best_place(instance, draft, visit, Some(random));
        looked += count;
        match found {
            Some(place) => {
                draft.put_in(instance, place.line, place.at, visit);
                if !touched.contains(&place.line) {
                    touched.push(place.line);
                }
            }
            None => {
                draft.line_of[visit as usize] = NOWHERE;
                draft.absent.push(visit);
            }
        }
    }
    looked
}

/// A technician with nothing to do who could begin with a visit.
fn empty_line<const STATES: usize>(
    instance: &Instance<'_, STATES>,
    draft: &Draft<STATES>,
    visit: u32,
) -> Option<usize> {
    let (to, from) = (instance.ways_to(visit), instance.ways_from(visit));
    draft.lines.iter().position(|line| {
        line.is_empty()
            && instance.may(line.technician, visit)
            && line.has_room(instance, visit)
            && line.fits(
                instance,
                0,
                visit,
                to[line.points[0] as usize],
                from[line.points[1] as usize],
            )
    })
}

/// The order in which visits are put back: by tier, and within one by an order that changes from step to step.
fn sort<const STATES: usize>(instance: &Instance<'_, STATES>, absent: &mut [u32], random: &mut Rng) {
    let visit = |index: &u32| &instance.problem.visits()[*index as usize];
    random.shuffle(absent);
    let nearest = |index: &u32| {
        let starts = 0..instance.problem.technicians().len();
        starts
            .map(|technician| instance.way(instance.start(technician), *index))
            .min()
            .unwrap_or_default()
    };
    match random.u32(0..19) {
        0..4 => {}
        4..8 => {
            absent.sort_by_key(|index| std::cmp::Reverse(visit(index).demand.max(visit(index).service.unsigned_abs())))
        }
        8..10 => absent.sort_by_key(|index| std::cmp::Reverse(nearest(index))),
        10 => absent.sort_by_key(nearest),
        11..14 => absent.sort_by_key(|index| instance.last_start(*index) - instance.window(*index).from),
        14..17 => absent.sort_by_key(|index| instance.window(*index).from),
        _ => absent.sort_by_key(|index| std::cmp::Reverse(instance.last_start(*index))),
    }
    absent.sort_by_key(|index| (!visit(index).kept, visit(index).tier));
}

/// Somewhere to put a visit.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    pub line: usize,
    /// Behind which point.
    pub at: usize,
    /// What it adds to the cost.
    pub cost: i64,
}

/// The cheapest place for a visit, and how many were looked at.
pub fn best_place<const STATES: usize>(
    instance: &Instance<'_, STATES>,
    draft: &Draft<STATES>,
    visit: u32,
    mut random: Option<&mut Rng>,
) -> (Option<Place>, u64) {
    let mut best: Option<Place> = None;
    let mut looked = 0;
    let mut seen_empty = Vec::new();
    for (index, line) in draft.lines.iter().enumerate() {
        if !instance.may(line.technician, visit) || !line.has_room(instance, visit) {
            continue;
        }
        if line.is_empty() {
            // Of technicians who are alike and have nothing to do, one is enough.
            let kind = instance.kind[line.technician];
            if seen_empty.contains(&kind) {
                continue;
            }
            seen_empty.push(kind);
        }
        let (place, count) = best_place_in(
            instance,
            draft,
            index,
            visit,
            best.map_or(i64::MAX, |best| best.cost),
            &mut random,
        );
        looked += count;
        best = place.or(best);
    }
    (best, looked)
}

/// The cheapest place in one route that is cheaper than `limit`.
pub fn best_place_in<const STATES: usize>(
    instance: &Instance<'_, STATES>,
    draft: &Draft<STATES>,
    index: usize,
    visit: u32,
    limit: i64,
    random: &mut Option<&mut Rng>,
) -> (Option<Place>, u64) {
    let line = &draft.lines[index];
    let (to, from) = (instance.ways_to(visit), instance.ways_from(visit));
    let last_start = instance.last_start(visit);
    let has_overtime = instance.overtime_weight > 0 && instance.problem.technicians()[line.technician].overtime > 0;
    let mut best: Option<Place> = None;
    let mut limit = limit;
    let legs = line.points.len() - 1;
    for at in 0..legs {
        let (before, after) = (line.points[at], line.points[at + 1]);
        let (there, on) = (to[before as usize], from[after as usize]);
        let mut cost = i64::from(there) + i64::from(on) - i64::from(line.leg(at));
        if cost >= limit || line.out(at)[0] + there > last_start {
            continue;
        }
        if let Some(random) = random.as_deref_mut()
            && random.u32(0..100) < BLINK
        {
            continue;
        }
        if !line.fits(instance, at, visit, there, on) {
            continue;
        }
        if has_overtime {
            cost += instance.overtime_weight * (line.overtime_with(instance, at, visit) - line.overtime);
            if cost >= limit {
                continue;
            }
        }
        limit = cost;
        best = Some(Place { line: index, at, cost });
    }
    (best, legs as u64)
}
