//! Explains why a visit is unassigned, or why it is assigned where it is. For a given plan and each technician, it reports
//! the first rule that prevents every insertion, by how much, and the smallest change that would allow one.

use crate::plan::Plan;
use crate::problem::{Problem, Skills, Time};
use crate::walk::{Failure, Waived, walk};

/// The first rule that prevents a technician from doing a visit, in the order of the checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The technician lacks required skills.
    Skill {
        /// The missing skills.
        missing: Skills,
    },
    /// The visit is pinned to another technician.
    Pinned {
        /// The other technician.
        to: usize,
    },
    /// The vehicle is too small.
    Capacity {
        /// The missing capacity, in the unit of the caller.
        over: u32,
    },
    /// Even without other stops, the technician arrives after the last time window.
    Window {
        /// The excess, in seconds.
        late: Time,
    },
    /// Even without other stops, the technician returns after the end of the shift.
    Shift {
        /// The excess, in seconds.
        over: Time,
    },
    /// Without other stops, the visit would fit only without the breaks.
    Break {
        /// The excess, in seconds.
        over: Time,
    },
    /// The visit does not fit in addition to the locked stops.
    Kept {
        /// The excess, in seconds.
        over: Time,
    },
    /// The visit does not fit in addition to locked stops and stops of higher tiers.
    HigherTier {
        /// The excess, in seconds.
        over: Time,
    },
    /// The visit does not fit in addition to stops of the same tier or, if that serves more visits, of lower tiers.
    Full {
        /// The excess, in seconds; zero if only the vehicle is full.
        over: Time,
    },
}

impl Reason {
    /// Returns whether no change of priorities would help, because no movable stop prevents the visit.
    pub const fn is_impossible(self) -> bool {
        !matches!(self, Self::HigherTier { .. } | Self::Full { .. })
    }
}

/// The smallest change with which a technician could do a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relaxation {
    /// The technician gets the missing skills.
    Skill {
        /// The missing skills.
        missing: Skills,
    },
    /// The pinning is removed.
    Unpin,
    /// The vehicle capacity is increased.
    Capacity {
        /// The missing capacity, in the unit of the caller.
        by: u32,
    },
    /// The visit may start later.
    Window {
        /// The additional time, in seconds.
        by: Time,
    },
    /// The shift ends later.
    Shift {
        /// The additional time, in seconds.
        by: Time,
    },
    /// One other stop of the route is removed.
    DropStop {
        /// The visit of the removed stop.
        of: usize,
    },
}

/// Why one technician cannot do a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Obstacle {
    /// The technician.
    pub technician: usize,
    /// The first rule that fails.
    pub reason: Reason,
    /// The smallest sufficient change; `None` if no single change is sufficient.
    pub relaxation: Option<Relaxation>,
}

/// Explains for each technician why an unassigned visit does not fit. An empty list means that it can be inserted.
pub fn explain_unassigned(problem: &Problem, plan: &Plan, visit: usize) -> Vec<Obstacle> {
    let obstacles: Vec<Option<Obstacle>> = (0..problem.technicians().len())
        .map(|technician| obstacle(problem, plan, technician, visit))
        .collect();
    if obstacles.iter().any(Option::is_none) {
        return Vec::new();
    }
    obstacles.into_iter().flatten().collect()
}

/// Returns why a technician cannot do a visit; `None` if the visit fits.
pub fn obstacle(problem: &Problem, plan: &Plan, technician: usize, visit: usize) -> Option<Obstacle> {
    let (tech, job) = (&problem.technicians()[technician], &problem.visits()[visit]);
    let result = |reason, relaxation| {
        Some(Obstacle {
            technician,
            reason,
            relaxation,
        })
    };
    let route: Vec<usize> = plan.routes[technician].stops.iter().map(|stop| stop.visit).collect();
    // A single change is sufficient only if the whole route allows the visit, whatever the first failed rule is.
    let fits_somewhere = |order: &[usize]| smallest_failure(problem, technician, order, visit).is_none();
    let missing = job.skills.missing_in(tech.skills);
    let pinned_elsewhere = job.pinned.filter(|pinned| *pinned != technician);
    let vehicle_is_too_small = job.demand > tech.capacity;
    if !missing.is_empty() {
        let is_sufficient = pinned_elsewhere.is_none()
            && !vehicle_is_too_small
            && has_room(problem, technician, &route, visit)
            && fits_somewhere(&route);
        return result(
            Reason::Skill { missing },
            is_sufficient.then_some(Relaxation::Skill { missing }),
        );
    }
    if let Some(to) = pinned_elsewhere {
        let is_sufficient =
            !vehicle_is_too_small && has_room(problem, technician, &route, visit) && fits_somewhere(&route);
        return result(Reason::Pinned { to }, is_sufficient.then_some(Relaxation::Unpin));
    }
    if vehicle_is_too_small {
        let over = job.demand - tech.capacity;
        let by = load(problem, &route)
            .saturating_add(job.demand)
            .saturating_sub(tech.capacity);
        return result(
            Reason::Capacity { over },
            fits_somewhere(&route).then_some(Relaxation::Capacity { by }),
        );
    }
    let locked: Vec<usize> = route
        .iter()
        .copied()
        .filter(|stop| problem.visits()[*stop].locked)
        .collect();
    let outranks = |stop: &usize| {
        let other = &problem.visits()[*stop];
        other.locked || (!job.locked && other.tier < job.tier)
    };
    let higher: Vec<usize> = route.iter().copied().filter(outranks).collect();
    let find_failure = |order: &[usize]| {
        let gap = smallest_failure(problem, technician, order, visit);
        let is_full = !has_room(problem, technician, order, visit);
        gap.or(is_full.then_some(Failure::Home { over: 0 }))
    };
    // Without the triangle inequality, a visit may fit in addition to others although it does not fit alone.
    let full = find_failure(&route)?;
    let reason = if let Some(failure) = find_failure(&[]) {
        match failure {
            Failure::Window { late, .. } => Reason::Window { late },
            Failure::Home { over } => Reason::Shift { over },
            Failure::Break { over } => Reason::Break { over },
        }
    } else if let Some(failure) = find_failure(&locked) {
        Reason::Kept { over: failure.amount() }
    } else if let Some(failure) = find_failure(&higher) {
        Reason::HigherTier { over: failure.amount() }
    } else {
        Reason::Full { over: full.amount() }
    };
    result(reason, relaxation(problem, technician, &route, visit, &outranks))
}

/// Returns the smallest single change with which a visit fits into a route: preferably time, otherwise removing a stop.
fn relaxation(
    problem: &Problem,
    technician: usize,
    route: &[usize],
    visit: usize,
    outranks: &dyn Fn(&usize) -> bool,
) -> Option<Relaxation> {
    if has_room(problem, technician, route, visit) {
        let mut cheapest: Option<(Time, Relaxation)> = None;
        for order in insertions(route, visit) {
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
    // The lowest tier first; stops that outrank the visit are not removed.
    let mut others: Vec<usize> = route.iter().copied().filter(|stop| !outranks(stop)).collect();
    others.sort_by_key(|stop| std::cmp::Reverse(problem.visits()[*stop].tier));
    others.into_iter().find_map(|stop| {
        let without: Vec<usize> = route.iter().copied().filter(|other| *other != stop).collect();
        let fits = has_room(problem, technician, &without, visit)
            && smallest_failure(problem, technician, &without, visit).is_none();
        fits.then_some(Relaxation::DropStop { of: stop })
    })
}

/// Returns the smallest failure over all insertion positions; `None` if one is feasible.
fn smallest_failure(problem: &Problem, technician: usize, order: &[usize], visit: usize) -> Option<Failure> {
    let mut least: Option<Failure> = None;
    for order in insertions(order, visit) {
        match walk(problem, technician, &order, Waived::default()) {
            Ok(_) => return None,
            Err(failure) if least.is_none_or(|least| failure.amount() < least.amount()) => least = Some(failure),
            Err(_) => {}
        }
    }
    least
}

/// Returns the order with the visit inserted at each position.
fn insertions(order: &[usize], visit: usize) -> impl Iterator<Item = Vec<usize>> {
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

/// What another technician could do about a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alternative {
    /// Additional travel compared to the current assignment, in seconds; negative if it would be shorter.
    Costs(i64),
    /// The technician cannot do the visit, for this reason.
    Cannot(Reason),
}

/// Explains the assignment of a visit: the alternative for each other technician, with the rest of the plan unchanged.
pub fn explain_assignment(problem: &Problem, plan: &Plan, visit: usize) -> Vec<(usize, Alternative)> {
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
            let added = insertions(&order, visit)
                .filter(|order| walk(problem, technician, order, Waived::default()).is_ok())
                .map(|order| travel(problem, technician, &order) - before)
                .min();
            (technician, Alternative::Costs(added.unwrap_or_default() - saved))
        })
        .collect()
}

fn travel(problem: &Problem, technician: usize, order: &[usize]) -> i64 {
    let tech = &problem.technicians()[technician];
    if order.is_empty() {
        return 0;
    }
    let mut at = tech.start;
    let mut sum = 0;
    for stop in order {
        let location = problem.visits()[*stop].location;
        sum += i64::from(problem.travel().time(at, location));
        at = location;
    }
    sum + i64::from(problem.travel().time(at, tech.end))
}
