//! Plans: routes with times, unassigned visits and the score.

use crate::problem::{Problem, Time, Visit};

/// A stop of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    /// The index of the visit.
    pub visit: usize,
    /// When the technician arrives.
    pub arrival: Time,
    /// When the work starts.
    pub start: Time,
    /// When the work ends.
    pub departure: Time,
}

/// A break that is taken on a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakenBreak {
    /// The number of stops before the break.
    pub after: usize,
    /// Whether it is taken before the travel to the next stop, instead of after the arrival.
    pub before_travel: bool,
    /// When the break starts.
    pub start: Time,
}

/// The route of one technician.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Route {
    /// The latest departure with which all other times are met.
    pub leave: Time,
    /// The stops in order.
    pub stops: Vec<Stop>,
    /// The breaks that are taken, in order.
    pub breaks: Vec<TakenBreak>,
    /// When the technician returns.
    pub home: Time,
}

/// A plan. It is valid only for the problem that it was computed for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// One route per technician, which may be empty.
    pub routes: Vec<Route>,
    /// The unassigned visits, in ascending order.
    pub unassigned: Vec<usize>,
}

/// The score of a plan, compared lexicographically; lower is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Score {
    /// Number of locked stops that are unassigned.
    pub locked_unassigned: u32,
    /// Number of other unassigned visits, by tier.
    pub unassigned: [u32; Visit::TIERS as usize],
    /// Travel and weighted overtime, in seconds.
    pub cost: i64,
}

impl Score {
    /// Counts a visit as unassigned.
    pub(crate) fn add_unassigned(&mut self, visit: &Visit) {
        if visit.locked {
            self.locked_unassigned += 1;
        } else {
            self.unassigned[usize::from(visit.tier)] += 1;
        }
    }

    /// Counts a visit as assigned again.
    pub(crate) fn remove_unassigned(&mut self, visit: &Visit) {
        if visit.locked {
            self.locked_unassigned -= 1;
        } else {
            self.unassigned[usize::from(visit.tier)] -= 1;
        }
    }

    /// Returns the counts of unassigned visits, without the cost.
    pub(crate) const fn unassigned_counts(&self) -> (u32, [u32; Visit::TIERS as usize]) {
        (self.locked_unassigned, self.unassigned)
    }
}

impl Plan {
    /// Returns the total travel time, in seconds.
    pub fn travel(&self, problem: &Problem) -> i64 {
        let travel_time = |from, to| i64::from(problem.travel().time(from, to));
        let routes = self.routes.iter().zip(problem.technicians());
        routes
            .filter(|(route, _)| !route.stops.is_empty())
            .map(|(route, technician)| {
                let mut at = technician.start;
                let mut sum = 0;
                for stop in &route.stops {
                    let location = problem.visits()[stop.visit].location;
                    sum += travel_time(at, location);
                    at = location;
                }
                sum + travel_time(at, technician.end)
            })
            .sum()
    }

    /// Returns the total overtime, in seconds.
    pub fn overtime(&self, problem: &Problem) -> i64 {
        let routes = self.routes.iter().zip(problem.technicians());
        routes
            .filter(|(route, _)| !route.stops.is_empty())
            .map(|(route, technician)| i64::from((route.home - technician.until).max(0)))
            .sum()
    }

    /// Returns the score, with one second of overtime weighing as much as `overtime_weight` seconds of travel.
    pub fn score(&self, problem: &Problem, overtime_weight: u32) -> Score {
        let mut score = Score {
            cost: self.travel(problem) + i64::from(overtime_weight) * self.overtime(problem),
            ..Score::default()
        };
        for visit in &self.unassigned {
            score.add_unassigned(&problem.visits()[*visit]);
        }
        score
    }
}
