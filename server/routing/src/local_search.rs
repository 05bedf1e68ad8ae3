//! A granular local search: each stop is moved only next to its best neighbours. Every tour stores the earliest departure
//! from and the latest arrival at each point, so joining the start of a tour, a few stops and the end of a tour is checked
//! with one comparison.
//!
//! The neighbourhoods follow P. Toth and D. Vigo, "The granular tabu search", INFORMS Journal on Computing 15, 2003. The
//! proximity measure follows T. Vidal et al., "A hybrid genetic algorithm with adaptive diversity management", Computers
//! and Operations Research 40, 2013.

use std::collections::VecDeque;

use crate::draft::{Draft, NOWHERE};
use crate::instance::{Instance, reaches};
use crate::replacement::{MAX_STOPS, Replacement, StopList};
use crate::tour::Tour;

/// The number of neighbours of each stop.
const MAX_NEIGHBOURS: usize = 12;
/// The maximum number of consecutive stops that move together.
const MAX_STRING_STOPS: usize = 3;
/// The maximum distance of a move within a tour, in points; together with its string it must fit into a replacement.
const MAX_SPAN: usize = MAX_STOPS - MAX_STRING_STOPS;
/// The weight of a second of waiting in the proximity measure; travel and lateness have the weight 10.
const WAITING_WEIGHT: i64 = 2;

/// The state of the local search.
pub struct LocalSearch {
    /// The best successors of each visit, best first.
    successors: Vec<Vec<u32>>,
    pending: VecDeque<u32>,
    is_pending: Vec<bool>,
}

impl LocalSearch {
    /// Computes the neighbours of all visits.
    pub fn new<const STATES: usize>(instance: &Instance<'_, STATES>) -> Self {
        let visits = 0..instance.visits as u32;
        let successors = visits.clone().map(|one| {
            let mut others: Vec<u32> = visits.clone().filter(|other| *other != one).collect();
            others.sort_by_cached_key(|other| (proximity(instance, one, *other), *other));
            others.truncate(MAX_NEIGHBOURS);
            others
        });
        Self {
            successors: successors.collect(),
            pending: VecDeque::new(),
            is_pending: vec![false; instance.visits],
        }
    }

    /// Improves a plan until no move helps, starting with the tours in `touched`, to which changed tours are added. Returns the
    /// number of evaluated moves.
    pub fn improve<const STATES: usize>(
        &mut self,
        instance: &Instance<'_, STATES>,
        draft: &mut Draft<STATES>,
        touched: &mut Vec<usize>,
    ) -> u64 {
        for tour in touched.iter() {
            self.enqueue_visits(&draft.tours[*tour]);
        }
        let mut evaluated = 0;
        while let Some(one) = self.pending.pop_front() {
            self.is_pending[one as usize] = false;
            for index in 0..self.successors[one as usize].len() {
                let other = self.successors[one as usize][index];
                // A previous move may have removed one of the visits.
                if draft.tour_of[one as usize] == NOWHERE || draft.tour_of[other as usize] == NOWHERE {
                    continue;
                }
                evaluated += 1;
                let Some((first, second)) = make_adjacent(instance, draft, one, other) else {
                    continue;
                };
                for tour in [first, second] {
                    if !touched.contains(&tour) {
                        touched.push(tour);
                    }
                    self.enqueue_visits(&draft.tours[tour]);
                }
            }
        }
        evaluated
    }

    fn enqueue_visits<const STATES: usize>(&mut self, tour: &Tour<STATES>) {
        for visit in tour.visits() {
            if !std::mem::replace(&mut self.is_pending[*visit as usize], true) {
                self.pending.push_back(*visit);
            }
        }
    }
}

/// Applies the first improving move that makes `other` the successor of `one`. Returns the changed tours.
fn make_adjacent<const STATES: usize>(
    instance: &Instance<'_, STATES>,
    draft: &mut Draft<STATES>,
    one: u32,
    other: u32,
) -> Option<(usize, usize)> {
    let position = |visit: u32| {
        (
            draft.tour_of[visit as usize] as usize,
            draft.at[visit as usize] as usize,
        )
    };
    let (first, second) = (position(one), position(other));
    if first.0 == second.0 {
        let points = &draft.tours[first.0].points;
        let candidates = moves_within_tour(points, first.0, first.1, second.1);
        let is_better = candidates
            .into_iter()
            .flatten()
            .any(|part| try_parts(instance, draft, [part]));
        return is_better.then_some((first.0, first.0));
    }
    for length in 1..=MAX_STRING_STOPS {
        let candidates = moves_between_tours(&draft.tours, first, second, length);
        if candidates
            .into_iter()
            .flatten()
            .any(|parts| try_parts(instance, draft, parts))
        {
            return Some((first.0, second.0));
        }
    }
    try_ends(instance, draft, first, second).then_some((first.0, second.0))
}

/// Returns the moves of a string of stops that make two visits of different tours adjacent.
fn moves_between_tours<const STATES: usize>(
    tours: &[Tour<STATES>],
    (tour, at): (usize, usize),
    (other_line, other_at): (usize, usize),
    length: usize,
) -> [Option<[Replacement; 2]>; 4] {
    let (ours, theirs) = (&tours[tour].points, &tours[other_line].points);
    let (our_last, their_last) = (ours.len() - 1, theirs.len() - 1);
    let here = |after, before, stops: &[u32]| Replacement {
        tour,
        after,
        before,
        stops: StopList::of([stops, &[]]),
    };
    let there = |after, before, stops: &[u32]| Replacement {
        tour: other_line,
        ..here(after, before, stops)
    };
    [
        // Move the string that starts with the other visit after this one.
        (other_at + length <= their_last).then(|| {
            let string = &theirs[other_at..other_at + length];
            [here(at, at + 1, string), there(other_at - 1, other_at + length, &[])]
        }),
        // Move the string that ends with this visit before the other one.
        (at >= length).then(|| {
            let string = &ours[at + 1 - length..=at];
            [here(at - length, at + 1, &[]), there(other_at - 1, other_at, string)]
        }),
        // Swap the string after this visit with the other visit.
        (at + length < our_last).then(|| {
            let string = &ours[at + 1..=at + length];
            [
                here(at, at + 1 + length, &theirs[other_at..=other_at]),
                there(other_at - 1, other_at + 1, string),
            ]
        }),
        // Swap this visit with the string before the other one.
        (other_at > length).then(|| {
            let string = &theirs[other_at - length..other_at];
            [
                here(at - 1, at + 1, string),
                there(other_at - 1 - length, other_at, &ours[at..=at]),
            ]
        }),
    ]
}

/// Returns the moves within one tour: of the string that starts with the other visit, or that ends with this one.
fn moves_within_tour(
    points: &[u32],
    tour: usize,
    at: usize,
    other_at: usize,
) -> [Option<Replacement>; 2 * MAX_STRING_STOPS] {
    let last = points.len() - 1;
    std::array::from_fn(|index| {
        let length = index / 2 + 1;
        let (string, target) = if index % 2 == 0 {
            (other_at..other_at + length, at + 1)
        } else {
            ((at + 1).checked_sub(length)?..at + 1, other_at)
        };
        let is_outside = target < string.start || target > string.end;
        if string.start == 0 || string.end > last || !is_outside || at.abs_diff(other_at) > MAX_SPAN {
            return None;
        }
        let (after, before, stops) = if target < string.start {
            let stops = StopList::of([&points[string.clone()], &points[target..string.start]]);
            (target - 1, string.end, stops)
        } else {
            let stops = StopList::of([&points[string.end..target], &points[string.clone()]]);
            (string.start - 1, target, stops)
        };
        Some(Replacement {
            tour,
            after,
            before,
            stops,
        })
    })
}

/// Returns how unsuitable one visit is as the successor of another: travel plus unavoidable waiting and lateness.
fn proximity<const STATES: usize>(instance: &Instance<'_, STATES>, one: u32, other: u32) -> i64 {
    let travel_time = i64::from(instance.travel_time(one, other));
    let on = i64::from(instance.service(one)) + travel_time;
    let waits = i64::from(instance.window(other).from) - i64::from(instance.last_start(one)) - on;
    let late = i64::from(instance.window(one).from) + on - i64::from(instance.last_start(other));
    travel_time * 10 + waits.max(0) * WAITING_WEIGHT + late.max(0) * 10
}

/// Applies replacements if they are feasible and improve the plan.
fn try_parts<const STATES: usize, const PARTS: usize>(
    instance: &Instance<'_, STATES>,
    draft: &mut Draft<STATES>,
    parts: [Replacement; PARTS],
) -> bool {
    let added: i64 = parts
        .iter()
        .map(|part| part.added(instance, &draft.tours[part.tour]))
        .sum();
    if added >= 0 || !parts.iter().all(|part| part.fits(instance, &draft.tours[part.tour])) {
        return false;
    }
    try_change(instance, draft, parts.map(|part| part.tour), |draft| {
        for part in parts {
            draft.tours[part.tour]
                .points
                .splice(part.after + 1..part.before, part.stops.stops().iter().copied());
        }
    })
}

/// Exchanges the ends of two tours, so that the second point follows the first one. Only between identical technicians,
/// because the feasibility of a tour depends on its technician.
fn try_ends<const STATES: usize>(
    instance: &Instance<'_, STATES>,
    draft: &mut Draft<STATES>,
    (tour, at): (usize, usize),
    (other_line, other_at): (usize, usize),
) -> bool {
    let (ours, theirs) = (&draft.tours[tour], &draft.tours[other_line]);
    if instance.kind[ours.technician] != instance.kind[theirs.technician] {
        return false;
    }
    let (our_last, their_last) = (ours.points.len() - 1, theirs.points.len() - 1);
    let (one, next) = (ours.points[at], ours.points[at + 1]);
    let (before, other) = (theirs.points[other_at - 1], theirs.points[other_at]);
    let empties_other = other_at == 1 && at + 1 == our_last;
    let (to, back) = (
        instance.travel_time(one, other),
        if empties_other {
            0
        } else {
            instance.travel_time(before, next)
        },
    );
    if i64::from(to) + i64::from(back) >= i64::from(ours.leg(at)) + i64::from(theirs.leg(other_at - 1)) {
        return false;
    }
    if !reaches(ours.out(at), to, theirs.into(other_at))
        || !empties_other && !reaches(theirs.out(other_at - 1), back, ours.into(at + 1))
    {
        return false;
    }
    let (our_end, their_end): (Vec<u32>, Vec<u32>) = (
        ours.points[at + 1..our_last].to_vec(),
        theirs.points[other_at..their_last].to_vec(),
    );
    // Visits can be pinned to one of two otherwise identical technicians.
    let may = |technician, visits: &[u32]| visits.iter().all(|visit| instance.can_serve(technician, *visit));
    if !may(ours.technician, &their_end) || !may(theirs.technician, &our_end) {
        return false;
    }
    let capacity = instance.capacity(ours.technician);
    let (gives, gets) = (instance.demand(&our_end), instance.demand(&their_end));
    if ours.load - gives + gets > capacity || theirs.load - gets + gives > capacity {
        return false;
    }
    try_change(instance, draft, [tour, other_line], |draft| {
        draft.tours[tour]
            .points
            .splice(at + 1..our_last, their_end.iter().copied());
        draft.tours[other_line]
            .points
            .splice(other_at..their_last, our_end.iter().copied());
    })
}

/// Changes tours and reverts the change if the plan is not better: overtime is known only afterwards.
fn try_change<const STATES: usize, const LINES: usize>(
    instance: &Instance<'_, STATES>,
    draft: &mut Draft<STATES>,
    tours: [usize; LINES],
    apply: impl FnOnce(&mut Draft<STATES>),
) -> bool {
    let before = draft.score;
    let has_overtime = instance.overtime_weight > 0
        && tours
            .iter()
            .any(|tour| instance.problem.technicians()[draft.tours[*tour].technician].overtime > 0);
    let backup = has_overtime.then(|| tours.map(|tour| draft.tours[tour].clone()));
    apply(draft);
    let mut is_feasible = true;
    for tour in tours {
        is_feasible &= draft.update_tour(instance, tour);
    }
    debug_assert!(is_feasible, "the constant-time check agrees with the recomputation");
    let Some(backup) = backup.filter(|_| draft.score >= before) else {
        return true;
    };
    for (tour, backup) in tours.into_iter().zip(backup) {
        draft.tours[tour] = backup;
    }
    for tour in tours {
        draft.index_visits(tour);
    }
    draft.score = before;
    false
}
