//! Replacement of a part of a tour. Its cost and feasibility are computed from the replaced part alone, independently of
//! the length of the tour.

use crate::instance::{Instance, reaches};
use crate::tour::Tour;

/// The maximum number of stops of a replacement.
pub const MAX_STOPS: usize = 15;

/// A stack-allocated list of stops.
#[derive(Clone, Copy)]
pub struct StopList {
    stops: [u32; MAX_STOPS],
    count: usize,
}

impl StopList {
    /// Concatenates two lists, which have at most [`MAX_STOPS`] stops together.
    pub fn of(rows: [&[u32]; 2]) -> Self {
        let mut list = Self {
            stops: [0; MAX_STOPS],
            count: 0,
        };
        for stop in rows.into_iter().flatten() {
            list.stops[list.count] = *stop;
            list.count += 1;
        }
        list
    }

    pub fn stops(&self) -> &[u32] {
        &self.stops[..self.count]
    }
}

/// Replaces the stops between the points `after` and `before` of a tour.
#[derive(Clone, Copy)]
pub struct Replacement {
    pub tour: usize,
    pub after: usize,
    pub before: usize,
    pub stops: StopList,
}

impl Replacement {
    /// Returns whether the tour is empty afterwards.
    fn empties<const STATES: usize>(&self, tour: &Tour<STATES>) -> bool {
        self.stops.count == 0 && self.after == 0 && self.before == tour.points.len() - 1
    }

    /// Returns the additional travel time.
    pub fn added<const STATES: usize>(&self, instance: &Instance<'_, STATES>, tour: &Tour<STATES>) -> i64 {
        let old_travel: i64 = (self.after..self.before).map(|at| i64::from(tour.leg(at))).sum();
        if self.empties(tour) {
            return -old_travel;
        }
        let mut last = tour.points[self.after];
        let mut new_travel = 0;
        for point in self.stops.stops().iter().chain([&tour.points[self.before]]) {
            new_travel += i64::from(instance.travel_time(last, *point));
            last = *point;
        }
        new_travel - old_travel
    }

    /// Returns whether the tour stays feasible.
    pub fn fits<const STATES: usize>(&self, instance: &Instance<'_, STATES>, tour: &Tour<STATES>) -> bool {
        let technician = tour.technician;
        let (inserted, removed) = (self.stops.stops(), &tour.points[self.after + 1..self.before]);
        let load = tour.load - instance.demand(removed) + instance.demand(inserted);
        if load > instance.capacity(technician) || !inserted.iter().all(|visit| instance.can_serve(technician, *visit))
        {
            return false;
        }
        if self.empties(tour) {
            return true;
        }
        let mut last = tour.points[self.after];
        let mut moments = *tour.out(self.after);
        for visit in inserted {
            moments = instance.serve(technician, *visit, &moments, instance.travel_time(last, *visit));
            last = *visit;
        }
        let travel_time = instance.travel_time(last, tour.points[self.before]);
        reaches(&moments, travel_time, tour.into(self.before))
    }
}
