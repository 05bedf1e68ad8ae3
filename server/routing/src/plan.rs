//! What comes out: who goes where and when, what is left out, and how good that is.

use crate::problem::{Problem, Time, Visit};

/// A stop of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    /// Which visit.
    pub visit: usize,
    /// When the technician is there.
    pub arrival: Time,
    /// When the work begins.
    pub start: Time,
    /// When the work is done.
    pub departure: Time,
}

/// A break of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rest {
    /// After how many stops.
    pub after: usize,
    /// Whether it is taken before the way to the next place, and not after arriving there.
    pub before_travel: bool,
    /// When it begins.
    pub start: Time,
}

/// One technician's day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Route {
    /// When the technician leaves, at the latest for the rest to hold.
    pub leave: Time,
    /// The stops in their order.
    pub stops: Vec<Stop>,
    /// The breaks that are taken, in the order of the technician's breaks.
    pub rests: Vec<Rest>,
    /// When the technician is back.
    pub home: Time,
}

/// A plan. What it says holds for the problem that it was made for, and for no other one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// One route for each technician, empty where there is nothing to do.
    pub routes: Vec<Route>,
    /// The visits that are in no route, in ascending order.
    pub left_out: Vec<usize>,
}

/// How good a plan is; less is better, and an earlier member goes before every later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Score {
    /// Stops that should have been kept and are left out.
    pub kept_left_out: u32,
    /// Visits left out, by tier.
    pub left_out: [u32; Visit::TIERS as usize],
    /// Seconds of travel and, counted as the caller weighs them, of overtime.
    pub cost: i64,
}

impl Score {
    /// Adds a visit that is left out.
    pub(crate) fn leave_out(&mut self, visit: &Visit) {
        if visit.kept {
            self.kept_left_out += 1;
        } else {
            self.left_out[usize::from(visit.tier)] += 1;
        }
    }

    /// Takes a visit back in.
    pub(crate) fn take_in(&mut self, visit: &Visit) {
        if visit.kept {
            self.kept_left_out -= 1;
        } else {
            self.left_out[usize::from(visit.tier)] -= 1;
        }
    }

    /// What is left out, without what the rest costs.
    pub(crate) const fn omissions(&self) -> (u32, [u32; Visit::TIERS as usize]) {
        (self.kept_left_out, self.left_out)
    }
}

impl Plan {
    /// Seconds of travel.
    pub fn travel(&self, problem: &Problem) -> i64 {
        let way = |from, to| i64::from(problem.travel().time(from, to));
        let routes = self.routes.iter().zip(problem.technicians());
        routes
            .filter(|(route, _)| !route.stops.is_empty())
            .map(|(route, technician)| {
                let mut at = technician.start;
                let mut sum = 0;
                for stop in &route.stops {
                    let place = problem.visits()[stop.visit].place;
                    sum += way(at, place);
                    at = place;
                }
                sum + way(at, technician.end)
            })
            .sum()
    }

    /// Seconds after the ends of shifts.
    pub fn overtime(&self, problem: &Problem) -> i64 {
        let routes = self.routes.iter().zip(problem.technicians());
        routes
            .filter(|(route, _)| !route.stops.is_empty())
            .map(|(route, technician)| i64::from((route.home - technician.until).max(0)))
            .sum()
    }

    /// How good the plan is, if a second of overtime weighs as much as so many seconds of travel.
    pub fn score(&self, problem: &Problem, overtime_weight: u32) -> Score {
        let mut score = Score {
            cost: self.travel(problem) + i64::from(overtime_weight) * self.overtime(problem),
            ..Score::default()
        };
        for visit in &self.left_out {
            score.leave_out(&problem.visits()[*visit]);
        }
        score
    }
}
