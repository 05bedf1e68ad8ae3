//! A granular local search: a stop is tried only beside the few stops that can well come before or after it. Every route
//! keeps when each of its points can be left at the earliest and must be reached at the latest, so whether the beginning of
//! a route, a few stops and the end of a route go together is one comparison, however long the routes are.
//!
//! The neighbourhoods are those of P. Toth and D. Vigo, The granular tabu search, INFORMS Journal on Computing 15, 2003; how
//! well one stop follows another is weighed as in T. Vidal and others, A hybrid genetic algorithm with adaptive diversity
//! management, Computers and Operations Research 40, 2013.

use std::collections::VecDeque;

use crate::draft::{Draft, NOWHERE};
use crate::instance::{Instance, reaches};
use crate::line::Line;
use crate::part::{Few, MOST, Part};

/// Beside how many others a stop is tried.
const GRANULAR: usize = 12;
/// How many stops in a row move together at most.
const LONGEST_STRING: usize = 3;
/// Over how many points a stop moves within its route at most: with its string, as many as a piece may have.
const LONGEST_SPAN: usize = MOST - LONGEST_STRING;
/// What a second of waiting counts, in tenths of a second of travel; a second of being late counts ten.
const WAITING: i64 = 2;

/// The local search with what it needs to know of a problem.
pub struct Polish {
    /// Which visits can well come right behind each visit, the best first.
    behind: Vec<Vec<u32>>,
    pending: VecDeque<u32>,
    is_pending: Vec<bool>,
}

impl Polish {
    /// Learns which visits go well together.
    pub fn new<const STATES: usize>(instance: &Instance<'_, STATES>) -> Self {
        let visits = 0..instance.visits as u32;
        let behind = visits.clone().map(|one| {
            let mut others: Vec<u32> = visits.clone().filter(|other| *other != one).collect();
            others.sort_by_cached_key(|other| (apart(instance, one, *other), *other));
            others.truncate(GRANULAR);
            others
        });
        Self {
            behind: behind.collect(),
            pending: VecDeque::new(),
            is_pending: vec![false; instance.visits],
        }
    }

    /// Makes a plan shorter as long as something near helps, beginning with the routes in `touched`, which gets the ones
    /// that change. The answer is how many changes were looked at.
    pub fn polish<const STATES: usize>(
        &mut self,
        instance: &Instance<'_, STATES>,
        draft: &mut Draft<STATES>,
        touched: &mut Vec<usize>,
    ) -> u64 {
        for line in touched.iter() {
            self.look_again(&draft.lines[*line]);
        }
        let mut looked = 0;
        while let Some(one) = self.pending.pop_front() {
            self.is_pending[one as usize] = false;
            for index in 0..self.behind[one as usize].len() {
                let other = self.behind[one as usize][index];
                // Where each of them is, before a change may have moved it.
                if draft.line_of[one as usize] == NOWHERE || draft.line_of[other as usize] == NOWHERE {
                    continue;
                }
                looked += 1;
                let Some((first, second)) = bring_together(instance, draft, one, other) else {
                    continue;
                };
                for line in [first, second] {
                    if !touched.contains(&line) {
                        touched.push(line);
                    }
                    self.look_again(&draft.lines[line]);
                }
            }
        }
        looked
    }

    fn look_again<const STATES: usize>(&mut self, line: &Line<STATES>) {
        for visit in line.visits() {
            if !std::mem::replace(&mut self.is_pending[*visit as usize], true) {
                self.pending.push_back(*visit);
            }
        }
    }
}

/// Makes `other` the stop right behind `one`, in the first way that makes the plan better; the answer is which routes have
/// changed.
fn bring_together<const STATES: usize>(
    instance: &Instance<'_, STATES>,
    draft: &mut Draft<STATES>,
    one: u32,
    other: u32,
) -> Option<(usize, usize)> {
    let place = |visit: u32| {
        (
            draft.line_of[visit as usize] as usize,
            draft.at[visit as usize] as usize,
        )
    };
    let (first, second) = (place(one), place(other));
    if first.0 == second.0 {
        let points = &draft.lines[first.0].points;
        let ways = within(points, first.0, first.1, second.1);
        let is_better = ways
            .into_iter()
            .flatten()
            .any(|part| try_parts(instance, draft, [part]));
        return is_better.then_some((first.0, first.0));
    }
    for length in 1..=LONGEST_STRING {
        let ways = between(&draft.lines, first, second, length);
        if ways
            .into_iter()
            .flatten()
            .any(|parts| try_parts(instance, draft, parts))
        {
            return Some((first.0, second.0));
        }
    }
    try_ends(instance, draft, first, second).then_some((first.0, second.0))
}

/// The ways in which a string of stops brings two visits of different routes together.
fn between<const STATES: usize>(
    lines: &[Line<STATES>],
    (line, at): (usize, usize),
    (other_line, other_at): (usize, usize),
    length: usize,
) -> [Option<[Part; 2]>; 4] {
    let (ours, theirs) = (&lines[line].points, &lines[other_line].points);
    let (our_last, their_last) = (ours.len() - 1, theirs.len() - 1);
    let here = |after, before, stops: &[u32]| Part {
        line,
        after,
        before,
        stops: Few::of([stops, &[]]),
    };
    let there = |after, before, stops: &[u32]| Part {
        line: other_line,
        ..here(after, before, stops)
    };
    [
        // The string that begins with the other one moves behind this one.
        (other_at + length <= their_last).then(|| {
            let string = &theirs[other_at..other_at + length];
            [here(at, at + 1, string), there(other_at - 1, other_at + length, &[])]
        }),
        // The string that ends with this one moves before the other one.
        (at >= length).then(|| {
            let string = &ours[at + 1 - length..=at];
            [here(at - length, at + 1, &[]), there(other_at - 1, other_at, string)]
        }),
        // The string behind this one and the other one change places.
        (at + length < our_last).then(|| {
            let string = &ours[at + 1..=at + length];
            [
                here(at, at + 1 + length, &theirs[other_at..=other_at]),
                there(other_at - 1, other_at + 1, string),
            ]
        }),
        // This one and the string before the other one change places.
        (other_at > length).then(|| {
            let string = &theirs[other_at - length..other_at];
            [
                here(at - 1, at + 1, string),
                there(other_at - 1 - length, other_at, &ours[at..=at]),
            ]
        }),
    ]
}

/// The same within one route: the string that begins with the other one moves, or the one that ends with this one.
fn within(points: &[u32], line: usize, at: usize, other_at: usize) -> [Option<Part>; 2 * LONGEST_STRING] {
    let last = points.len() - 1;
    std::array::from_fn(|way| {
        let length = way / 2 + 1;
        let (string, target) = if way % 2 == 0 {
            (other_at..other_at + length, at + 1)
        } else {
            ((at + 1).checked_sub(length)?..at + 1, other_at)
        };
        let is_outside = target < string.start || target > string.end;
        if string.start == 0 || string.end > last || !is_outside || at.abs_diff(other_at) > LONGEST_SPAN {
            return None;
        }
        let (after, before, stops) = if target < string.start {
            let stops = Few::of([&points[string.clone()], &points[target..string.start]]);
            (target - 1, string.end, stops)
        } else {
            let stops = Few::of([&points[string.end..target], &points[string.clone()]]);
            (string.start - 1, target, stops)
        };
        Some(Part {
            line,
            after,
            before,
            stops,
        })
    })
}

/// How badly one visit follows another: the way, the waiting and the being late that nothing can prevent.
fn apart<const STATES: usize>(instance: &Instance<'_, STATES>, one: u32, other: u32) -> i64 {
    let way = i64::from(instance.way(one, other));
    let on = i64::from(instance.service(one)) + way;
    let waits = i64::from(instance.window(other).from) - i64::from(instance.last_start(one)) - on;
    let late = i64::from(instance.window(one).from) + on - i64::from(instance.last_start(other));
    way * 10 + waits.max(0) * WAITING + late.max(0) * 10
}

/// Changes routes if that can be done and makes the plan better.
fn try_parts<const STATES: usize, const PARTS: usize>(
    instance: &Instance<'_, STATES>,
    draft: &mut Draft<STATES>,
    parts: [Part; PARTS],
) -> bool {
    let all: i64 = parts
        .iter()
        .map(|part| part.added(instance, &draft.lines[part.line]))
        .sum();
    if all >= 0 || !parts.iter().all(|part| part.fits(instance, &draft.lines[part.line])) {
        return false;
    }
    change(instance, draft, parts.map(|part| part.line), |draft| {
        for part in parts {
            draft.lines[part.line]
                .points
                .splice(part.after + 1..part.before, part.stops.stops().iter().copied());
        }
    })
}

/// Lets two routes exchange their ends, so that the second point follows the first one. Only among technicians who are alike,
/// since what a route must keep to depends on who does it.
fn try_ends<const STATES: usize>(
    instance: &Instance<'_, STATES>,
    draft: &mut Draft<STATES>,
    (line, at): (usize, usize),
    (other_line, other_at): (usize, usize),
) -> bool {
    let (ours, theirs) = (&draft.lines[line], &draft.lines[other_line]);
    if instance.kind[ours.technician] != instance.kind[theirs.technician] {
        return false;
    }
    let (our_last, their_last) = (ours.points.len() - 1, theirs.points.len() - 1);
    let (one, next) = (ours.points[at], ours.points[at + 1]);
    let (before, other) = (theirs.points[other_at - 1], theirs.points[other_at]);
    let leaves_nothing = other_at == 1 && at + 1 == our_last;
    let (to, back) = (
        instance.way(one, other),
        if leaves_nothing { 0 } else { instance.way(before, next) },
    );
    if i64::from(to) + i64::from(back) >= i64::from(ours.leg(at)) + i64::from(theirs.leg(other_at - 1)) {
        return false;
    }
    if !reaches(ours.out(at), to, theirs.into(other_at))
        || !leaves_nothing && !reaches(theirs.out(other_at - 1), back, ours.into(at + 1))
    {
        return false;
    }
    let (our_end, their_end): (Vec<u32>, Vec<u32>) = (
        ours.points[at + 1..our_last].to_vec(),
        theirs.points[other_at..their_last].to_vec(),
    );
    // Somebody alike in everything is still somebody else to whoever is pinned.
    let may = |technician, visits: &[u32]| visits.iter().all(|visit| instance.may(technician, *visit));
    if !may(ours.technician, &their_end) || !may(theirs.technician, &our_end) {
        return false;
    }
    let capacity = instance.capacity(ours.technician);
    let (gives, gets) = (instance.demand(&our_end), instance.demand(&their_end));
    if ours.load - gives + gets > capacity || theirs.load - gets + gives > capacity {
        return false;
    }
    change(instance, draft, [line, other_line], |draft| {
        draft.lines[line]
            .points
            .splice(at + 1..our_last, their_end.iter().copied());
        draft.lines[other_line]
            .points
            .splice(other_at..their_last, our_end.iter().copied());
    })
}

/// Changes routes, and takes it back if the plan is not better for it: overtime is only known afterwards.
fn change<const STATES: usize, const LINES: usize>(
    instance: &Instance<'_, STATES>,
    draft: &mut Draft<STATES>,
    lines: [usize; LINES],
    work: impl FnOnce(&mut Draft<STATES>),
) -> bool {
    let before = draft.score;
    let has_overtime = instance.overtime_weight > 0
        && lines
            .iter()
            .any(|line| instance.problem.technicians()[draft.lines[*line].technician].overtime > 0);
    let kept = has_overtime.then(|| lines.map(|line| draft.lines[line].clone()));
    work(draft);
    let mut can_be_done = true;
    for line in lines {
        can_be_done &= draft.settle(instance, line);
    }
    debug_assert!(can_be_done, "what was looked at in constant time holds");
    let Some(kept) = kept.filter(|_| draft.score >= before) else {
        return true;
    };
    for (line, kept) in lines.into_iter().zip(kept) {
        draft.lines[line] = kept;
    }
    for line in lines {
        draft.number(line);
    }
    draft.score = before;
    false
}
