//! Insertion of one visit into an otherwise unchanged plan.

use crate::draft::Draft;
use crate::instance::Instance;
use crate::plan::Plan;
use crate::problem::Problem;
use crate::recreate::best_insertion;
use crate::tour::Tour;

/// The cheapest insertion of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheapestInsertion {
    /// The technician.
    pub technician: usize,
    /// The number of stops before the visit.
    pub after: usize,
    /// Additional travel and weighted overtime, in seconds.
    pub added: i64,
}

/// Returns the cheapest insertion for an unassigned visit; `None` if there is no feasible one.
pub fn cheapest_insertion(
    problem: &Problem,
    plan: &Plan,
    visit: usize,
    overtime_weight: u32,
) -> Option<CheapestInsertion> {
    match problem
        .technicians()
        .iter()
        .map(|technician| technician.breaks.len())
        .max()
    {
        None | Some(0) => find_insertion::<1>(problem, plan, visit, overtime_weight),
        Some(1) => find_insertion::<2>(problem, plan, visit, overtime_weight),
        Some(_) => find_insertion::<3>(problem, plan, visit, overtime_weight),
    }
}

fn find_insertion<const STATES: usize>(
    problem: &Problem,
    plan: &Plan,
    visit: usize,
    overtime_weight: u32,
) -> Option<CheapestInsertion> {
    let instance = Instance::<STATES>::new(problem, overtime_weight);
    let mut draft = Draft::empty(&instance);
    for (technician, route) in plan.routes.iter().enumerate() {
        let mut tour = Tour::empty(&instance, technician);
        let stops = route.stops.iter().map(|stop| stop.visit as u32);
        tour.points.splice(1..1, stops);
        tour.recompute(&instance);
        draft.tours[technician] = tour;
    }
    let found = best_insertion(&instance, &draft, u32::try_from(visit).ok()?, None).0?;
    Some(CheapestInsertion {
        technician: found.tour,
        after: found.at,
        added: found.cost,
    })
}
