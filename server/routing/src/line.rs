//! One technician's route while the search works on it: with the earliest moment of leaving each point and the latest
//! moment of reaching it, so that whether something fits in between is asked in constant time.

use crate::instance::{Instance, NEVER, TOO_LATE, reaches};
use crate::problem::Time;

/// A route. The first point is the technician's start, the last one the end.
#[derive(Debug, Clone, Default)]
pub struct Line<const STATES: usize> {
    pub technician: usize,
    pub points: Vec<u32>,
    /// The earliest moments of leaving a point, by how many breaks are behind the technician.
    out: Vec<[Time; STATES]>,
    /// The latest moments of reaching it.
    into: Vec<[Time; STATES]>,
    /// The way from each point to the next one; none where there is nothing to do.
    legs: Vec<Time>,
    pub load: u64,
    pub travel: i64,
    pub overtime: i64,
}

impl<const STATES: usize> Line<STATES> {
    pub fn empty(instance: &Instance<'_, STATES>, technician: usize) -> Self {
        let mut line = Self {
            technician,
            points: vec![instance.start(technician), instance.end(technician)],
            ..Self::default()
        };
        line.work_out(instance);
        line
    }

    pub fn copy_from(&mut self, other: &Self) {
        self.technician = other.technician;
        self.points.clone_from(&other.points);
        self.out.clone_from(&other.out);
        self.into.clone_from(&other.into);
        self.legs.clone_from(&other.legs);
        self.load = other.load;
        self.travel = other.travel;
        self.overtime = other.overtime;
    }

    /// The visits, in their order.
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
        &self.out[at]
    }

    pub fn into(&self, at: usize) -> &[Time; STATES] {
        &self.into[at]
    }

    pub fn leg(&self, at: usize) -> Time {
        self.legs[at]
    }

    /// Works everything out anew; the answer is whether the route can be done. One that cannot keeps moments with which
    /// nothing fits in.
    pub fn work_out(&mut self, instance: &Instance<'_, STATES>) -> bool {
        let count = self.points.len();
        let technician = self.technician;
        let who = &instance.problem.technicians()[technician];
        self.legs.clear();
        if count == 2 {
            self.legs.push(0);
        } else {
            self.legs
                .extend(self.points.windows(2).map(|pair| instance.way(pair[0], pair[1])));
        }
        self.travel = self.legs.iter().map(|leg| i64::from(*leg)).sum();
        self.load = instance.demand(self.visits());
        let mut moments = [NEVER; STATES];
        moments[0] = who.from;
        instance.rest_forward(technician, &mut moments);
        self.out.clear();
        self.out.push(moments);
        for at in 1..count - 1 {
            moments = instance.serve(technician, self.points[at], &moments, self.legs[at - 1]);
            self.out.push(moments);
        }
        let home = self.home(instance, &moments, self.legs[count - 2]);
        self.overtime = if count == 2 {
            0
        } else {
            i64::from((home - who.until).max(0))
        };
        self.into.clear();
        self.into.resize(count, [TOO_LATE; STATES]);
        let mut moments = instance.home_by[technician];
        self.into[count - 1] = moments;
        for at in (1..count - 1).rev() {
            for moment in &mut moments {
                *moment = moment.saturating_sub(self.legs[at]).max(TOO_LATE);
            }
            instance.rest_backward(technician, &mut moments);
            let visit = self.points[at];
            let service = instance.service(visit);
            for moment in &mut moments {
                *moment = instance.last_start_by(visit, moment.saturating_sub(service).max(TOO_LATE));
            }
            instance.rest_backward(technician, &mut moments);
            self.into[at] = moments;
        }
        home < NEVER && self.load <= instance.capacity(technician)
    }

    /// The earliest return of somebody who leaves the last visit at these moments.
    fn home(&self, instance: &Instance<'_, STATES>, out: &[Time; STATES], way: Time) -> Time {
        let home_by = &instance.home_by[self.technician];
        (0..STATES)
            .map(|taken| (out[taken] + way, home_by[taken]))
            .filter(|(arrival, limit)| arrival <= limit)
            .map(|(arrival, _)| arrival)
            .min()
            .unwrap_or(NEVER)
    }

    /// Whether a visit fits in behind a point. The skills and the van are asked elsewhere.
    #[inline]
    pub fn fits(&self, instance: &Instance<'_, STATES>, at: usize, visit: u32, to: Time, on: Time) -> bool {
        let moments = instance.serve(self.technician, visit, &self.out[at], to);
        reaches(&moments, on, &self.into[at + 1])
    }

    /// How much overtime there would be with a visit behind a point. Only asked where there may be any.
    pub fn overtime_with(&self, instance: &Instance<'_, STATES>, at: usize, visit: u32) -> i64 {
        let mut last = self.points[at];
        let mut moments = self.out[at];
        for point in std::iter::once(visit).chain(self.points[at + 1..self.points.len() - 1].iter().copied()) {
            moments = instance.serve(self.technician, point, &moments, instance.way(last, point));
            last = point;
        }
        let home = self.home(
            instance,
            &moments,
            instance.way(last, self.points[self.points.len() - 1]),
        );
        i64::from((home - instance.problem.technicians()[self.technician].until).max(0))
    }

    /// Whether the van has room.
    pub fn has_room(&self, instance: &Instance<'_, STATES>, visit: u32) -> bool {
        self.load + instance.demand(&[visit]) <= instance.capacity(self.technician)
    }
}
