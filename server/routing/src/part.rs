//! A piece of a route that becomes something else: how much longer the route gets, and whether it can be done. Both ask only
//! about the piece, however long the route is.

use crate::instance::{Instance, reaches};
use crate::line::Line;

/// How many stops a piece may have.
pub const MOST: usize = 15;

/// A few stops in a row.
#[derive(Clone, Copy)]
pub struct Few {
    stops: [u32; MOST],
    count: usize,
}

impl Few {
    /// One row of stops behind another. Together they are not more than [`MOST`].
    pub fn of(rows: [&[u32]; 2]) -> Self {
        let mut few = Self {
            stops: [0; MOST],
            count: 0,
        };
        for stop in rows.into_iter().flatten() {
            few.stops[few.count] = *stop;
            few.count += 1;
        }
        few
    }

    pub fn stops(&self) -> &[u32] {
        &self.stops[..self.count]
    }
}

/// One route after a change: what is behind the point `after` and before the point `before` becomes something else.
#[derive(Clone, Copy)]
pub struct Part {
    pub line: usize,
    pub after: usize,
    pub before: usize,
    pub stops: Few,
}

impl Part {
    /// Whether nothing is left to do on the route.
    fn empties<const STATES: usize>(&self, line: &Line<STATES>) -> bool {
        self.stops.count == 0 && self.after == 0 && self.before == line.points.len() - 1
    }

    /// How much longer the route gets.
    pub fn added<const STATES: usize>(&self, instance: &Instance<'_, STATES>, line: &Line<STATES>) -> i64 {
        let before: i64 = (self.after..self.before).map(|at| i64::from(line.leg(at))).sum();
        if self.empties(line) {
            return -before;
        }
        let mut last = line.points[self.after];
        let mut now = 0;
        for point in self.stops.stops().iter().chain([&line.points[self.before]]) {
            now += i64::from(instance.way(last, *point));
            last = *point;
        }
        now - before
    }

    /// Whether the route can be done with it.
    pub fn fits<const STATES: usize>(&self, instance: &Instance<'_, STATES>, line: &Line<STATES>) -> bool {
        let technician = line.technician;
        let (comes, goes) = (self.stops.stops(), &line.points[self.after + 1..self.before]);
        let load = line.load - instance.demand(goes) + instance.demand(comes);
        if load > instance.capacity(technician) || !comes.iter().all(|visit| instance.may(technician, *visit)) {
            return false;
        }
        if self.empties(line) {
            return true;
        }
        let mut last = line.points[self.after];
        let mut moments = *line.out(self.after);
        for visit in comes {
            moments = instance.serve(technician, *visit, &moments, instance.way(last, *visit));
            last = *visit;
        }
        let way = instance.way(last, line.points[self.before]);
        reaches(&moments, way, line.into(self.before))
    }
}
