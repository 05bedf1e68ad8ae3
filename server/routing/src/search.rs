//! The search: ruin and recreate with simulated annealing within a budget. Local search improves every new best plan.

use std::ops::ControlFlow;

use fastrand::Rng;

use crate::draft::Draft;
use crate::instance::Instance;
use crate::local_search::LocalSearch;
use crate::plan::{Plan, Score};
use crate::problem::Problem;
use crate::recreate::{best_insertion, recreate};
use crate::ruin::ruin;
use crate::schedule;

/// The settings of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// The number of insertion positions that may be evaluated. It replaces a time limit, so that the result does not depend
    /// on the machine; the benchmark reports how many are evaluated per second.
    pub budget: u64,
    /// The seed of the random number generator.
    pub seed: u64,
    /// The weight of a second of overtime, in seconds of travel.
    pub overtime_weight: u32,
}

/// The progress of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The used share of the budget, in thousandths.
    pub done: u32,
    /// The score of the best plan so far.
    pub best: Score,
}

/// The number of insertion orders that are tried for the initial plan.
const INITIAL_PLANS: u32 = 6;
/// The number of steps between two progress reports.
const PROGRESS_INTERVAL_STEPS: u64 = 256;
/// The initial and final temperature, relative to the average cost of a leg.
const INITIAL_TEMPERATURE: f64 = 6.0;
const FINAL_TEMPERATURE: f64 = 0.01;

/// Computes a plan. `on_progress` is called regularly and may stop the search; the best plan so far is returned then.
pub fn solve(
    problem: &Problem,
    settings: &Settings,
    on_progress: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
) -> Plan {
    // The number of states is a const parameter, so that problems without breaks have no overhead.
    match problem
        .technicians()
        .iter()
        .map(|technician| technician.breaks.len())
        .max()
    {
        None | Some(0) => search::<1>(problem, settings, on_progress),
        Some(1) => search::<2>(problem, settings, on_progress),
        Some(_) => search::<3>(problem, settings, on_progress),
    }
}

fn search<const STATES: usize>(
    problem: &Problem,
    settings: &Settings,
    on_progress: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
) -> Plan {
    let instance = Instance::<STATES>::new(problem, settings.overtime_weight);
    let mut random = Rng::with_seed(settings.seed);
    let mut used = 0;
    let mut touched = Vec::new();
    let mut draft = Draft::empty(&instance);
    used += recreate(&instance, &mut draft, &mut random, &mut touched);
    for _ in 1..INITIAL_PLANS {
        let mut other = Draft::empty(&instance);
        used += recreate(&instance, &mut other, &mut random, &mut touched);
        if other.score < draft.score {
            draft = other;
        }
        if used >= settings.budget {
            break;
        }
    }
    let mut local_search = LocalSearch::new(&instance);
    touched.clear();
    touched.extend(0..draft.tours.len());
    used += local_search.improve(&instance, &mut draft, &mut touched);
    let mut best = draft.clone();
    let mut current = draft.clone();
    let leg_count = (instance.visits + current.tours.iter().filter(|tour| !tour.is_empty()).count()).max(1);
    let scale = (current.score.cost as f64 / leg_count as f64).max(1.0);
    let (initial_temperature, final_temperature) = (INITIAL_TEMPERATURE * scale, FINAL_TEMPERATURE * scale);
    let mut steps = 0_u64;
    let used_before = used;
    while used < settings.budget {
        let share = (used - used_before) as f64 / (settings.budget - used_before) as f64;
        if steps.is_multiple_of(PROGRESS_INTERVAL_STEPS) {
            let progress = Progress {
                done: (share * 1000.0) as u32,
                best: best.score,
            };
            if on_progress(&progress).is_break() {
                break;
            }
        }
        steps += 1;
        touched.clear();
        ruin(&instance, &mut draft, &mut random, &mut touched);
        // A step has a minimum cost, even if no position is evaluated.
        used += 8 + recreate(&instance, &mut draft, &mut random, &mut touched);
        // Local search after every step would reduce the diversity of the search and give worse results.
        if draft.score < best.score {
            used += local_search.improve(&instance, &mut draft, &mut touched);
        }
        let temperature = initial_temperature * (final_temperature / initial_temperature).powf(share);
        let is_accepted = match draft.score.unassigned_counts().cmp(&current.score.unassigned_counts()) {
            std::cmp::Ordering::Less => true,
            std::cmp::Ordering::Greater => false,
            std::cmp::Ordering::Equal => {
                let limit = current.score.cost as f64 - temperature * random.f64().max(f64::MIN_POSITIVE).ln();
                (draft.score.cost as f64) < limit
            }
        };
        if is_accepted {
            current.restore(&draft, &touched);
            if current.score < best.score {
                best.clone_from(&current);
            }
        } else {
            draft.restore(&current, &touched);
        }
    }
    insert_remaining(&instance, &mut best);
    schedule::build_plan(&instance, &best)
}

/// Inserts all visits that still fit, so that every unassigned visit has a reason.
fn insert_remaining<const STATES: usize>(instance: &Instance<'_, STATES>, draft: &mut Draft<STATES>) {
    // Without the triangle inequality, an insertion can make another one feasible, so this repeats until nothing changes.
    loop {
        let mut unassigned = std::mem::take(&mut draft.unassigned);
        let before = unassigned.len();
        unassigned.sort_by_key(|visit| {
            let job = &instance.problem.visits()[*visit as usize];
            (!job.locked, job.tier, *visit)
        });
        for visit in unassigned {
            match best_insertion(instance, draft, visit, None).0 {
                Some(insertion) => draft.insert_visit(instance, insertion.tour, insertion.at, visit),
                None => draft.unassigned.push(visit),
            }
        }
        if draft.unassigned.len() == before {
            return;
        }
    }
}
