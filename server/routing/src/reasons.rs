//! Why a visit is left out, and why one is where it is. Exact about a given plan: for each technician the first rule that
//! stands in the way wherever the visit is put, by how much, and what would have to give.

use crate::plan::Plan;
use crate::problem::{Problem, Skills, Time};
use crate::walk::{Failure, Waived, walk};

/// The first rule that keeps a visit from a technician. In the order in which they are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The technician lacks these skills.
    Skill {
        /// What is missing.
        missing: Skills,
    },
    /// The visit is pinned to somebody else.
    Pinned {
        /// To whom.
        to: usize,
    },
    /// The van is too small, by so much.
    Capacity {
        /// In the caller's unit.
        over: u32,
    },
    /// Even with nothing else to do, the technician is there after the last window ends.
    Window {
        /// By so many seconds.
        late: Time,
    },
    /// Even with nothing else to do, the technician is back after the end of the shift.
    Shift {
        /// By so many seconds.
        over: Time,
    },
    /// With nothing else to do it would hold, were there no breaks.
    Break {
        /// By so many seconds.
        over: Time,
    },
    /// It would hold on a free day, and not beside the stops that are kept.
    Kept {
        /// By so many seconds.
        over: Time,
    },
    /// It would hold beside the stops that are kept, and not beside those of higher tiers.
    HigherTier {
        /// By so many seconds.
        over: Time,
    },
    /// It would hold, were there not others of the same tier or, where that serves more visits, of lower ones.
    Full {
        /// By so many seconds; none where only the van is full.
        over: Time,
    },
}

impl Reason {
    /// Whether no order of priorities would help: nothing that may be moved stands in the way.
    pub const fn is_impossible(self) -> bool {
        !matches!(self, Self::HigherTier { .. } | Self::Full { .. })
    }
}

/// The least that would have to give for a visit to be done by a technician.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relaxation {
    /// The technician learns or brings this.
    Skill {
        /// What is missing.
        missing: Skills,
    },
    /// The visit is no longer pinned.
    Unpin,
    /// The van carries so much more.
    Capacity {
        /// In the caller's unit.
        by: u32,
    },
    /// The visit may begin so much later.
    Window {
        /// In seconds.
        by: Time,
    },
    /// The shift ends so much later.
    Shift {
        /// In seconds.
        by: Time,
    },
    /// One other stop of the route is left out.
    Instead {
        /// Which visit.
        of: usize,
    },
}

/// What keeps a visit from one technician.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Obstacle {
    /// Whom it is about.
    pub technician: usize,
    /// The first rule.
    pub reason: Reason,
    /// The least that would do, alone; `None` where no single one does.
    pub relaxation: Option<Relaxation>,
}

/// Why a visit is left out: for each technician what stands in the way. An empty answer says that the visit could be put in.
pub fn why_left_out(problem: &Problem, plan: &Plan, visit: usize) -> Vec<Obstacle> {
    let obstacles: Vec<Option<Obstacle>> = (0..problem.technicians().len())
        .map(|technician| obstacle(problem, plan, technician, visit))
        .collect();
    if obstacles.iter().any(Option::is_none) {
        return Vec::new();
    }
    obstacles.into_iter().flatten().collect()
}

/// What keeps a visit from a technician; `None` if nothing does.
pub fn obstacle(problem: &Problem, plan: &Plan, technician: usize, visit: usize) -> Option<Obstacle> {
    let (who, what) = (&problem.technicians()[technician], &problem.visits()[visit]);
    let answer = |reason, relaxation| {
        Some(Obstacle {
            technician,
            reason,
            relaxation,
        })
    };
    let route: Vec<usize> = plan.routes[technician].stops.iter().map(|stop| stop.visit).collect();
    // Whether one change alone would do is asked of the whole route, whatever the first rule is.
    let fits_somewhere = |order: &[usize]| best_gap(problem, technician, order, visit).is_none();
    let missing = what.skills.missing_in(who.skills);
    let pinned_elsewhere = what.pinned.filter(|pinned| *pinned != technician);
    let van_is_too_small = what.demand > who.capacity;
    if !missing.is_empty() {
        let alone = pinned_elsewhere.is_none()
            && !van_is_too_small
            && has_room(problem, technician, &route, visit)
            && fits_somewhere(&route);
        return answer(
            Reason::Skill { missing },
            alone.then_some(Relaxation::Skill { missing }),
        );
    }
    if let Some(to) = pinned_elsewhere {
        let alone = !van_is_too_small && has_room(problem, technician, &route, visit) && fits_somewhere(&route);
        return answer(Reason::Pinned { to }, alone.then_some(Relaxation::Unpin));
    }
    if van_is_too_small {
        let over = what.demand - who.capacity;
        let by = load(problem, &route)
            .saturating_add(what.demand)
            .saturating_sub(who.capacity);
        return answer(
            Reason::Capacity { over },
            fits_somewhere(&route).then_some(Relaxation::Capacity { by }),
        );
    }
    let kept: Vec<usize> = route
        .iter()
        .copied()
        .filter(|stop| problem.visits()[*stop].kept)
        .collect();
    let outranks = |stop: &usize| {
        let other = &problem.visits()[*stop];
        other.kept || (!what.kept && other.tier < what.tier)
    };
    let higher: Vec<usize> = route.iter().copied().filter(outranks).collect();
    let tight = |order: &[usize]| {
        let gap = best_gap(problem, technician, order, visit);
        let is_full = !has_room(problem, technician, order, visit);
        gap.or(is_full.then_some(Failure::Home { over: 0 }))
    };
    // Where a way round is shorter than the straight one, a visit may fit beside others that would not fit alone.
    let full = tight(&route)?;
    let reason = if let Some(failure) = tight(&[]) {
        match failure {
            Failure::Window { late, .. } => Reason::Window { late },
            Failure::Home { over } => Reason::Shift { over },
            Failure::Break { over } => Reason::Break { over },
        }
    } else if let Some(failure) = tight(&kept) {
        Reason::Kept { over: failure.amount() }
    } else if let Some(failure) = tight(&higher) {
        Reason::HigherTier { over: failure.amount() }
    } else {
        Reason::Full { over: full.amount() }
    };
    answer(reason, relaxation(problem, technician, &route, visit, &outranks))
}

/// The cheapest single change with which a visit fits into a route: the fewest seconds, else another stop.
fn relaxation(
    problem: &Problem,
    technician: usize,
    route: &[usize],
    visit: usize,
    outranks: &dyn Fn(&usize) -> bool,
) -> Option<Relaxation> {
    if has_room(problem, technician, route, visit) {
        let mut cheapest: Option<(Time, Relaxation)> = None;
        for order in orders(route, visit) {
            let window = Waived {
                window_of: Some(visit),
                shift: false,
            };
            let shift = Waived {
                window_of: None,
                shift: true,
            };
            let later = walk(problem, technician, &order, window)
                .ok()
                .map(|walked| (walked.late, Relaxation::Window { by: walked.late }));
            let longer = walk(problem, technician, &order, shift)
                .ok()
                .map(|walked| (walked.over, Relaxation::Shift { by: walked.over }));
            for (cost, change) in later.into_iter().chain(longer) {
                if cheapest.is_none_or(|(least, _)| cost < least) {
                    cheapest = Some((cost, change));
                }
            }
        }
        if let Some((_, change)) = cheapest {
            return Some(change);
        }
    }
    // The lowest tier first; what goes before this visit does not give way to it.
    let mut others: Vec<usize> = route.iter().copied().filter(|stop| !outranks(stop)).collect();
    others.sort_by_key(|stop| std::cmp::Reverse(problem.visits()[*stop].tier));
    others.into_iter().find_map(|stop| {
        let without: Vec<usize> = route.iter().copied().filter(|other| *other != stop).collect();
        let fits =
            has_room(problem, technician, &without, visit) && best_gap(problem, technician, &without, visit).is_none();
        fits.then_some(Relaxation::Instead { of: stop })
    })
}

/// The smallest failure over all places of a visit in an order; `None` if it fits somewhere.
fn best_gap(problem: &Problem, technician: usize, order: &[usize], visit: usize) -> Option<Failure> {
    let mut least: Option<Failure> = None;
    for order in orders(order, visit) {
        match walk(problem, technician, &order, Waived::default()) {
            Ok(_) => return None,
            Err(failure) if least.is_none_or(|least| failure.amount() < least.amount()) => least = Some(failure),
            Err(_) => {}
        }
    }
    least
}

/// An order with a visit at each place.
fn orders(order: &[usize], visit: usize) -> impl Iterator<Item = Vec<usize>> {
    (0..=order.len()).map(move |at| {
        let mut with = order.to_vec();
        with.insert(at, visit);
        with
    })
}

fn load(problem: &Problem, order: &[usize]) -> u32 {
    let demands = order.iter().map(|stop| problem.visits()[*stop].demand);
    demands.fold(0, u32::saturating_add)
}

fn has_room(problem: &Problem, technician: usize, order: &[usize], visit: usize) -> bool {
    let demand = problem.visits()[visit].demand;
    load(problem, order).saturating_add(demand) <= problem.technicians()[technician].capacity
}

/// What somebody else would make of a stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alternative {
    /// It would cost so many seconds of travel more than where it is; less than none if it would cost fewer.
    Costs(i64),
    /// It cannot be: the first rule that stands in the way.
    Cannot(Reason),
}

/// Why a visit is where it is: what each other technician would make of it, the rest of the plan as it is.
pub fn why_here(problem: &Problem, plan: &Plan, visit: usize) -> Vec<(usize, Alternative)> {
    let Some(here) = plan
        .routes
        .iter()
        .position(|route| route.stops.iter().any(|stop| stop.visit == visit))
    else {
        return Vec::new();
    };
    let order: Vec<usize> = plan.routes[here].stops.iter().map(|stop| stop.visit).collect();
    let without: Vec<usize> = order.iter().copied().filter(|other| *other != visit).collect();
    let saved = travel(problem, here, &order) - travel(problem, here, &without);
    (0..problem.technicians().len())
        .filter(|technician| *technician != here)
        .map(|technician| {
            if let Some(obstacle) = obstacle(problem, plan, technician, visit) {
                return (technician, Alternative::Cannot(obstacle.reason));
            }
            let order: Vec<usize> = plan.routes[technician].stops.iter().map(|stop| stop.visit).collect();
            let before = travel(problem, technician, &order);
            let added = orders(&order, visit)
                .filter(|order| walk(problem, technician, order, Waived::default()).is_ok())
                .map(|order| travel(problem, technician, &order) - before)
                .min();
            (technician, Alternative::Costs(added.unwrap_or_default() - saved))
        })
        .collect()
}

fn travel(problem: &Problem, technician: usize, order: &[usize]) -> i64 {
    let who = &problem.technicians()[technician];
    if order.is_empty() {
        return 0;
    }
    let mut at = who.start;
    let mut sum = 0;
    for stop in order {
        let place = problem.visits()[*stop].place;
        sum += i64::from(problem.travel().time(at, place));
        at = place;
    }
    sum + i64::from(problem.travel().time(at, who.end))
}
