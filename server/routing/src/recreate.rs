//! Inserts unassigned visits one after another at their cheapest position. Positions are skipped at random to diversify
//! the search.

use fastrand::Rng;

use crate::draft::{Draft, NOWHERE};
use crate::instance::Instance;

/// The probability of skipping a position, in percent.
const BLINK_PERCENT: u32 = 1;

/// The probability of starting a new tour although another position is cheaper. A new tour pays off only with further
/// visits.
const NEW_TOUR_PROBABILITY: f64 = 0.02;

/// Inserts all visits that fit and adds the changed tours to `touched`. Returns the number of evaluated positions.
pub fn recreate<const STATES: usize>(
    instance: &Instance<'_, STATES>,
    draft: &mut Draft<STATES>,
    random: &mut Rng,
    touched: &mut Vec<usize>,
) -> u64 {
    let mut unassigned = std::mem::take(&mut draft.unassigned);
    sort(instance, &mut unassigned, random);
    let mut evaluated = 0;
    let mut starts_new_tour = random.f64() < NEW_TOUR_PROBABILITY;
    for visit in unassigned {
        if starts_new_tour && let Some(tour) = empty_tour(instance, draft, visit) {
            draft.insert_visit(instance, tour, 0, visit);
            touched.push(tour);
            starts_new_tour = false;
            continue;
        }
        let (found, count) = best_insertion(instance, draft, visit, Some(random));
        evaluated += count;
        match found {
            Some(insertion) => {
                draft.insert_visit(instance, insertion.tour, insertion.at, visit);
                if !touched.contains(&insertion.tour) {
                    touched.push(insertion.tour);
                }
            }
            None => {
                draft.tour_of[visit as usize] = NOWHERE;
                draft.unassigned.push(visit);
            }
        }
    }
    evaluated
}

/// Returns an empty tour that can start with a visit.
fn empty_tour<const STATES: usize>(
    instance: &Instance<'_, STATES>,
    draft: &Draft<STATES>,
    visit: u32,
) -> Option<usize> {
    let (to, from) = (instance.travel_times_to(visit), instance.travel_times_from(visit));
    draft.tours.iter().position(|tour| {
        tour.is_empty()
            && instance.can_serve(tour.technician, visit)
            && tour.has_room(instance, visit)
            && tour.fits(
                instance,
                0,
                visit,
                to[tour.points[0] as usize],
                from[tour.points[1] as usize],
            )
    })
}

/// Sorts the visits to insert: by tier, and within a tier by a random criterion.
fn sort<const STATES: usize>(instance: &Instance<'_, STATES>, unassigned: &mut [u32], random: &mut Rng) {
    let visit = |index: &u32| &instance.problem.visits()[*index as usize];
    random.shuffle(unassigned);
    let nearest = |index: &u32| {
        let starts = 0..instance.problem.technicians().len();
        starts
            .map(|technician| instance.travel_time(instance.start(technician), *index))
            .min()
            .unwrap_or_default()
    };
    match random.u32(0..19) {
        0..4 => {}
        4..8 => unassigned
            .sort_by_key(|index| std::cmp::Reverse(visit(index).demand.max(visit(index).service.unsigned_abs()))),
        8..10 => unassigned.sort_by_key(|index| std::cmp::Reverse(nearest(index))),
        10 => unassigned.sort_by_key(nearest),
        11..14 => unassigned.sort_by_key(|index| instance.last_start(*index) - instance.window(*index).from),
        14..17 => unassigned.sort_by_key(|index| instance.window(*index).from),
        _ => unassigned.sort_by_key(|index| std::cmp::Reverse(instance.last_start(*index))),
    }
    unassigned.sort_by_key(|index| (!visit(index).locked, visit(index).tier));
}

/// A position to insert a visit.
#[derive(Debug, Clone, Copy)]
pub struct Insertion {
    pub tour: usize,
    /// The index of the preceding point.
    pub at: usize,
    /// The additional cost.
    pub cost: i64,
}

/// Returns the cheapest position for a visit and the number of evaluated positions.
pub fn best_insertion<const STATES: usize>(
    instance: &Instance<'_, STATES>,
    draft: &Draft<STATES>,
    visit: u32,
    mut random: Option<&mut Rng>,
) -> (Option<Insertion>, u64) {
    let mut best: Option<Insertion> = None;
    let mut evaluated = 0;
    let mut seen_empty = Vec::new();
    for (index, tour) in draft.tours.iter().enumerate() {
        if !instance.can_serve(tour.technician, visit) || !tour.has_room(instance, visit) {
            continue;
        }
        if tour.is_empty() {
            // One of several identical technicians with empty tours is sufficient.
            let kind = instance.kind[tour.technician];
            if seen_empty.contains(&kind) {
                continue;
            }
            seen_empty.push(kind);
        }
        let (insertion, count) = best_insertion_in(
            instance,
            draft,
            index,
            visit,
            best.map_or(i64::MAX, |best| best.cost),
            &mut random,
        );
        evaluated += count;
        best = insertion.or(best);
    }
    (best, evaluated)
}

/// Returns the cheapest position in one tour that is cheaper than `limit`.
pub fn best_insertion_in<const STATES: usize>(
    instance: &Instance<'_, STATES>,
    draft: &Draft<STATES>,
    index: usize,
    visit: u32,
    limit: i64,
    random: &mut Option<&mut Rng>,
) -> (Option<Insertion>, u64) {
    let tour = &draft.tours[index];
    let (to, from) = (instance.travel_times_to(visit), instance.travel_times_from(visit));
    let last_start = instance.last_start(visit);
    let has_overtime = instance.overtime_weight > 0 && instance.problem.technicians()[tour.technician].overtime > 0;
    let mut best: Option<Insertion> = None;
    let mut limit = limit;
    let legs = tour.points.len() - 1;
    for at in 0..legs {
        let (before, after) = (tour.points[at], tour.points[at + 1]);
        let (there, on) = (to[before as usize], from[after as usize]);
        let mut cost = i64::from(there) + i64::from(on) - i64::from(tour.leg(at));
        if cost >= limit || tour.out(at)[0] + there > last_start {
            continue;
        }
        if let Some(random) = random.as_deref_mut()
            && random.u32(0..100) < BLINK_PERCENT
        {
            continue;
        }
        if !tour.fits(instance, at, visit, there, on) {
            continue;
        }
        if has_overtime {
            cost += instance.overtime_weight * (tour.overtime_with(instance, at, visit) - tour.overtime);
            if cost >= limit {
                continue;
            }
        }
        limit = cost;
        best = Some(Insertion { tour: index, at, cost });
    }
    (best, legs as u64)
}
