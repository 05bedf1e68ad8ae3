//! The route of one technician during the search. It stores the earliest departure from and the latest arrival at each
//! point, so that the feasibility of an insertion is checked in constant time.

use crate::instance::{Instance, NEVER, TOO_LATE, reaches};
use crate::problem::Time;

/// The route of a technician while it is searched; times in seconds. The first point is the start of the technician, the last one the end.
#[derive(Debug, Clone, Default)]
pub struct Tour<const STATES: usize> {
    pub technician: usize,
    pub points: Vec<u32>,
    /// The earliest departures from each point, by the number of breaks taken.
    earliest_departures: Vec<[Time; STATES]>,
    /// The latest arrivals at each point, by the number of breaks taken.
    latest_arrivals: Vec<[Time; STATES]>,
    /// The travel time from each point to the next one; zero for an empty tour.
    legs: Vec<Time>,
    pub load: u64,
    pub travel: i64,
    pub overtime: i64,
}

impl<const STATES: usize> Tour<STATES> {
    pub fn empty(instance: &Instance<'_, STATES>, technician: usize) -> Self {
        let mut tour = Self {
            technician,
            points: vec![instance.start(technician), instance.end(technician)],
            ..Self::default()
        };
        tour.recompute(instance);
        tour
    }

    pub fn copy_from(&mut self, other: &Self) {
        self.technician = other.technician;
        self.points.clone_from(&other.points);
        self.earliest_departures.clone_from(&other.earliest_departures);
        self.latest_arrivals.clone_from(&other.latest_arrivals);
        self.legs.clone_from(&other.legs);
        self.load = other.load;
        self.travel = other.travel;
        self.overtime = other.overtime;
    }

    /// Returns the visits in order.
    pub fn visits(&self) -> &[u32] {
        &self.points[1..self.points.len() - 1]
    }

    pub fn is_empty(&self) -> bool {
        self.points.len() == 2
    }

    pub fn cost(&self, instance: &Instance<'_, STATES>) -> i64 {
        self.travel + instance.overtime_weight * self.overtime
    }

    pub fn out(&self, at: usize) -> &[Time; STATES] {
        &self.earliest_departures[at]
    }

    pub fn into(&self, at: usize) -> &[Time; STATES] {
        &self.latest_arrivals[at]
    }

    pub fn leg(&self, at: usize) -> Time {
        self.legs[at]
    }

    /// Recomputes all derived values and returns whether the tour is feasible. An infeasible tour accepts no insertions.
    pub fn recompute(&mut self, instance: &Instance<'_, STATES>) -> bool {
        let count = self.points.len();
        let technician = self.technician;
        let tech = &instance.problem.technicians()[technician];
        self.legs.clear();
        if count == 2 {
            self.legs.push(0);
        } else {
            self.legs.extend(
                self.points
                    .windows(2)
                    .map(|pair| instance.travel_time(pair[0], pair[1])),
            );
        }
        self.travel = self.legs.iter().map(|leg| i64::from(*leg)).sum();
        self.load = instance.demand(self.visits());
        let mut moments = [NEVER; STATES];
        moments[0] = tech.from;
        instance.apply_breaks_forward(technician, &mut moments);
        self.earliest_departures.clear();
        self.earliest_departures.push(moments);
        for at in 1..count - 1 {
            moments = instance.serve(technician, self.points[at], &moments, self.legs[at - 1]);
            self.earliest_departures.push(moments);
        }
        let home = self.earliest_return(instance, &moments, self.legs[count - 2]);
        self.overtime = if count == 2 {
            0
        } else {
            i64::from((home - tech.until).max(0))
        };
        self.latest_arrivals.clear();
        self.latest_arrivals.resize(count, [TOO_LATE; STATES]);
        let mut moments = instance.home_by[technician];
        self.latest_arrivals[count - 1] = moments;
        for at in (1..count - 1).rev() {
            for moment in &mut moments {
                *moment = moment.saturating_sub(self.legs[at]).max(TOO_LATE);
            }
            instance.apply_breaks_backward(technician, &mut moments);
            let visit = self.points[at];
            let service = instance.service(visit);
            for moment in &mut moments {
                *moment = instance.last_start_by(visit, moment.saturating_sub(service).max(TOO_LATE));
            }
            instance.apply_breaks_backward(technician, &mut moments);
            self.latest_arrivals[at] = moments;
        }
        home < NEVER && self.load <= instance.capacity(technician)
    }

    /// Returns the earliest return for these departures from the last visit.
    fn earliest_return(&self, instance: &Instance<'_, STATES>, departures: &[Time; STATES], travel_time: Time) -> Time {
        let home_by = &instance.home_by[self.technician];
        (0..STATES)
            .map(|taken| (departures[taken] + travel_time, home_by[taken]))
            .filter(|(arrival, limit)| arrival <= limit)
            .map(|(arrival, _)| arrival)
            .min()
            .unwrap_or(NEVER)
    }

    /// Returns whether a visit can be inserted after the point at index `at`. Skills and capacity are checked elsewhere.
    #[inline]
    pub fn fits(
        &self,
        instance: &Instance<'_, STATES>,
        at: usize,
        visit: u32,
        travel_to: Time,
        travel_onward: Time,
    ) -> bool {
        let moments = instance.serve(self.technician, visit, &self.earliest_departures[at], travel_to);
        reaches(&moments, travel_onward, &self.latest_arrivals[at + 1])
    }

    /// Returns the overtime with a visit inserted after a point.
    pub fn overtime_with(&self, instance: &Instance<'_, STATES>, at: usize, visit: u32) -> i64 {
        let mut last = self.points[at];
        let mut moments = self.earliest_departures[at];
        for point in std::iter::once(visit).chain(self.points[at + 1..self.points.len() - 1].iter().copied()) {
            moments = instance.serve(self.technician, point, &moments, instance.travel_time(last, point));
            last = point;
        }
        let home = self.earliest_return(
            instance,
            &moments,
            instance.travel_time(last, self.points[self.points.len() - 1]),
        );
        i64::from((home - instance.problem.technicians()[self.technician].until).max(0))
    }

    /// Returns whether the vehicle has capacity for a visit.
    pub fn has_room(&self, instance: &Instance<'_, STATES>, visit: u32) -> bool {
        self.load + instance.demand(&[visit]) <= instance.capacity(self.technician)
    }
}
