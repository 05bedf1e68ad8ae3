//! The search: ruin and recreate under falling temperature, as much of it as the budget allows; what is better than
//! everything before goes through the local search, too.

use std::ops::ControlFlow;

use fastrand::Rng;

use crate::draft::Draft;
use crate::instance::Instance;
use crate::plan::{Plan, Score};
use crate::polish::Polish;
use crate::problem::Problem;
use crate::recreate::{best_place, recreate};
use crate::ruin::ruin;
use crate::schedule;

/// How much work the search may do and what it counts with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How many places for a visit may be looked at. It stands for time, so that the same input, seed and budget give the
    /// same plan on every machine; see the bench for how many make a second.
    pub budget: u64,
    /// Where chance begins.
    pub seed: u64,
    /// As how many seconds of travel a second of overtime counts.
    pub overtime_weight: u32,
}

/// How far a search is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// How much of the budget is used, in thousandths.
    pub done: u32,
    /// The best plan so far.
    pub best: Score,
}

/// How many orders of putting in are tried for the first plan.
const FIRST_PLANS: u32 = 6;
/// After how many steps progress is told.
const TELL_EVERY: u64 = 256;
/// The temperature at the beginning and at the end, as parts of the average way between two stops.
const HOT: f64 = 6.0;
const COLD: f64 = 0.01;

/// Makes a plan. `watch` is told how far it is, and may end it; the best plan so far is the answer then.
pub fn solve(problem: &Problem, settings: &Settings, watch: &mut dyn FnMut(&Progress) -> ControlFlow<()>) -> Plan {
    // How many breaks somebody has at most is known to the compiler, so that whoever has none pays for none.
    match problem
        .technicians()
        .iter()
        .map(|technician| technician.breaks.len())
        .max()
    {
        None | Some(0) => search::<1>(problem, settings, watch),
        Some(1) => search::<2>(problem, settings, watch),
        Some(_) => search::<3>(problem, settings, watch),
    }
}

fn search<const STATES: usize>(
    problem: &Problem,
    settings: &Settings,
    watch: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
) -> Plan {
    let instance = Instance::<STATES>::new(problem, settings.overtime_weight);
    let mut random = Rng::with_seed(settings.seed);
    let mut used = 0;
    let mut touched = Vec::new();
    let mut draft = Draft::empty(&instance);
    used += recreate(&instance, &mut draft, &mut random, &mut touched);
    for _ in 1..FIRST_PLANS {
        let mut other = Draft::empty(&instance);
        used += recreate(&instance, &mut other, &mut random, &mut touched);
        if other.score < draft.score {
            draft = other;
        }
        if used >= settings.budget {
            break;
        }
    }
    let mut polish = Polish::new(&instance);
    touched.clear();
    touched.extend(0..draft.lines.len());
    used += polish.polish(&instance, &mut draft, &mut touched);
    let mut best = draft.clone();
    let mut present = draft.clone();
    let ways = (instance.visits + present.lines.iter().filter(|line| !line.is_empty()).count()).max(1);
    let scale = (present.score.cost as f64 / ways as f64).max(1.0);
    let (hot, cold) = (HOT * scale, COLD * scale);
    let mut steps = 0_u64;
    let begun = used;
    while used < settings.budget {
        let share = (used - begun) as f64 / (settings.budget - begun) as f64;
        if steps.is_multiple_of(TELL_EVERY) {
            let progress = Progress {
                done: (share * 1000.0) as u32,
                best: best.score,
            };
            if watch(&progress).is_break() {
                break;
            }
        }
        steps += 1;
        touched.clear();
        ruin(&instance, &mut draft, &mut random, &mut touched);
        // A step costs something even where nothing fits anywhere.
        used += 8 + recreate(&instance, &mut draft, &mut random, &mut touched);
        // Worth its time where something good was found: polishing every step finds less, as it takes chance away.
        if draft.score < best.score {
            used += polish.polish(&instance, &mut draft, &mut touched);
        }
        let temperature = hot * (cold / hot).powf(share);
        let is_accepted = match draft.score.omissions().cmp(&present.score.omissions()) {
            std::cmp::Ordering::Less => true,
            std::cmp::Ordering::Greater => false,
            std::cmp::Ordering::Equal => {
                let limit = present.score.cost as f64 - temperature * random.f64().max(f64::MIN_POSITIVE).ln();
                (draft.score.cost as f64) < limit
            }
        };
        if is_accepted {
            present.restore(&draft, &touched);
            if present.score < best.score {
                best.clone_from(&present);
            }
        } else {
            draft.restore(&present, &touched);
        }
    }
    put_in_what_fits(&instance, &mut best);
    schedule::plan(&instance, &best)
}

/// Whatever fits somewhere is in the plan, so that nobody is told that it does not.
fn put_in_what_fits<const STATES: usize>(instance: &Instance<'_, STATES>, draft: &mut Draft<STATES>) {
    // Where a way round is shorter than the straight one, one visit may make room for another: until nothing more fits.
    loop {
        let mut absent = std::mem::take(&mut draft.absent);
        let before = absent.len();
        absent.sort_by_key(|visit| {
            let what = &instance.problem.visits()[*visit as usize];
            (!what.kept, what.tier, *visit)
        });
        for visit in absent {
            match best_place(instance, draft, visit, None).0 {
                Some(place) => draft.put_in(instance, place.line, place.at, visit),
                None => draft.absent.push(visit),
            }
        }
        if draft.absent.len() == before {
            return;
        }
    }
}
