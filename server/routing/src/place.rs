//! One more visit in a plan that is otherwise left as it is.

use crate::draft::Draft;
use crate::instance::Instance;
use crate::line::Line;
use crate::plan::Plan;
use crate::problem::Problem;
use crate::recreate::best_place;

/// Where a visit costs least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cheapest {
    /// Whose route.
    pub technician: usize,
    /// After how many stops.
    pub after: usize,
    /// Seconds of travel and weighted overtime that it adds.
    pub added: i64,
}

/// The cheapest place for a visit that a plan leaves out; `None` if it fits nowhere.
pub fn cheapest_place(problem: &Problem, plan: &Plan, visit: usize, overtime_weight: u32) -> Option<Cheapest> {
    match problem
        .technicians()
        .iter()
        .map(|technician| technician.breaks.len())
        .max()
    {
        None | Some(0) => place::<1>(problem, plan, visit, overtime_weight),
        Some(1) => place::<2>(problem, plan, visit, overtime_weight),
        Some(_) => place::<3>(problem, plan, visit, overtime_weight),
    }
}

fn place<const STATES: usize>(problem: &Problem, plan: &Plan, visit: usize, overtime_weight: u32) -> Option<Cheapest> {
    let instance = Instance::<STATES>::new(problem, overtime_weight);
    let mut draft = Draft::empty(&instance);
    for (technician, route) in plan.routes.iter().enumerate() {
        let mut line = Line::empty(&instance, technician);
        let stops = route.stops.iter().map(|stop| stop.visit as u32);
        line.points.splice(1..1, stops);
        line.work_out(&instance);
        draft.lines[technician] = line;
    }
    let found = best_place(&instance, &draft, u32::try_from(visit).ok()?, None).0?;
    Some(Cheapest {
        technician: found.line,
        after: found.at,
        added: found.cost,
    })
}
