//! A problem in the representation of the search: points with consecutive indices, travel times by row and by column, and
//! precomputed lookups. The points are the visits, followed by the starts and the ends of the technicians.

use crate::problem::{Break, Problem, Time, Window};

/// A time after all others: the state is infeasible.
pub const NEVER: Time = Time::MAX / 2;
/// A time before all others: the state cannot be reached in time.
pub const TOO_LATE: Time = Time::MIN / 2;

/// A break that can never be taken, for technicians with fewer breaks than others.
const NO_BREAK: Break = Break {
    window: Window {
        from: 0,
        until: TOO_LATE,
    },
    duration: 0,
};

/// A preprocessed problem. `STATES` is the maximum number of breaks plus one: times along a tour are tracked separately for
/// each number of breaks already taken.
pub struct Instance<'problem, const STATES: usize> {
    pub problem: &'problem Problem,
    pub visits: usize,
    points: usize,
    from: Vec<Time>,
    to: Vec<Time>,
    service: Vec<Time>,
    window: Vec<Window>,
    has_more_windows: Vec<bool>,
    may: Vec<bool>,
    /// Technicians with the same number are identical.
    pub kind: Vec<u32>,
    pub breaks: Vec<[Break; STATES]>,
    /// The latest return, by the number of breaks taken.
    pub home_by: Vec<[Time; STATES]>,
    pub overtime_weight: i64,
    /// The other visits of each visit, closest first.
    pub neighbours: Vec<Vec<u32>>,
}

impl<'problem, const STATES: usize> Instance<'problem, STATES> {
    pub fn new(problem: &'problem Problem, overtime_weight: u32) -> Self {
        let (visits, technicians) = (problem.visits(), problem.technicians());
        let mut locations: Vec<usize> = visits.iter().map(|visit| visit.location).collect();
        locations.extend(technicians.iter().map(|technician| technician.start));
        locations.extend(technicians.iter().map(|technician| technician.end));
        let points = locations.len();
        let travel = problem.travel();
        let mut from = Vec::with_capacity(points * points);
        let mut to = Vec::with_capacity(points * points);
        for location in &locations {
            from.extend(locations.iter().map(|other| travel.time(*location, *other)));
            to.extend(locations.iter().map(|other| travel.time(*other, *location)));
        }
        let mut kind = Vec::with_capacity(technicians.len());
        for technician in technicians {
            let first_identical = technicians
                .iter()
                .position(|other| other == technician)
                .unwrap_or_default();
            kind.push(u32::try_from(first_identical).unwrap_or(u32::MAX));
        }
        let may = (0..technicians.len())
            .flat_map(|technician| (0..visits.len()).map(move |visit| problem.can_serve(technician, visit)))
            .collect();
        let breaks: Vec<[Break; STATES]> = technicians
            .iter()
            .map(|technician| std::array::from_fn(|at| technician.breaks.get(at).copied().unwrap_or(NO_BREAK)))
            .collect();
        let home_by = technicians
            .iter()
            .map(|technician| {
                std::array::from_fn(|taken| match taken.cmp(&technician.breaks.len()) {
                    std::cmp::Ordering::Less => {
                        // Breaks that are not taken must not be due before the return.
                        let due = technician.breaks[taken..].iter().map(|rest| rest.window.until);
                        due.fold(technician.limit(), Time::min)
                    }
                    std::cmp::Ordering::Equal => technician.limit(),
                    std::cmp::Ordering::Greater => TOO_LATE,
                })
            })
            .collect();
        let neighbours = (0..visits.len())
            .map(|visit| {
                let mut others: Vec<u32> = (0..visits.len())
                    .filter(|other| *other != visit)
                    .filter_map(|other| u32::try_from(other).ok())
                    .collect();
                others.sort_by_key(|other| {
                    (
                        from[visit * points + *other as usize].min(to[visit * points + *other as usize]),
                        *other,
                    )
                });
                others
            })
            .collect();
        Self {
            problem,
            visits: visits.len(),
            points,
            from,
            to,
            service: visits.iter().map(|visit| visit.service).collect(),
            window: visits.iter().map(|visit| visit.windows[0]).collect(),
            has_more_windows: visits.iter().map(|visit| visit.windows.len() > 1).collect(),
            may,
            kind,
            breaks,
            home_by,
            overtime_weight: i64::from(overtime_weight),
            neighbours,
        }
    }

    /// Returns the start point of a technician.
    pub const fn start(&self, technician: usize) -> u32 {
        (self.visits + technician) as u32
    }

    /// Returns the end point of a technician.
    pub fn end(&self, technician: usize) -> u32 {
        (self.visits + self.breaks.len() + technician) as u32
    }

    pub fn travel_time(&self, from: u32, to: u32) -> Time {
        self.from[from as usize * self.points + to as usize]
    }

    /// Returns the travel times from a point to all points.
    pub fn travel_times_from(&self, point: u32) -> &[Time] {
        &self.from[point as usize * self.points..][..self.points]
    }

    /// Returns the travel times to a point from all points.
    pub fn travel_times_to(&self, point: u32) -> &[Time] {
        &self.to[point as usize * self.points..][..self.points]
    }

    pub fn can_serve(&self, technician: usize, visit: u32) -> bool {
        self.may[technician * self.visits + visit as usize]
    }

    pub fn service(&self, visit: u32) -> Time {
        self.service[visit as usize]
    }

    /// Returns the total demand of visits.
    pub fn demand(&self, visits: &[u32]) -> u64 {
        let all = self.problem.visits();
        visits.iter().map(|visit| u64::from(all[*visit as usize].demand)).sum()
    }

    /// Returns the vehicle capacity of a technician.
    pub fn capacity(&self, technician: usize) -> u64 {
        u64::from(self.problem.technicians()[technician].capacity)
    }

    /// Returns the first time window of a visit.
    pub fn window(&self, visit: u32) -> Window {
        self.window[visit as usize]
    }

    /// Returns the latest time at which the work of a visit may start.
    pub fn last_start(&self, visit: u32) -> Time {
        if self.has_more_windows[visit as usize] {
            self.windows(visit).last().map_or(TOO_LATE, |window| window.until)
        } else {
            self.window[visit as usize].until
        }
    }

    fn windows(&self, visit: u32) -> &[Window] {
        &self.problem.visits()[visit as usize].windows
    }

    /// Returns the earliest time from `ready` on at which the work may start, or `NEVER`.
    #[inline]
    pub fn first_start(&self, visit: u32, ready: Time) -> Time {
        let first = self.window[visit as usize];
        if ready <= first.until {
            return ready.max(first.from);
        }
        if self.has_more_windows[visit as usize] {
            let open = self.windows(visit).iter().find(|window| ready <= window.until);
            return open.map_or(NEVER, |window| ready.max(window.from));
        }
        NEVER
    }

    /// Returns the latest time up to `moment` at which the work may start, or `TOO_LATE`.
    #[inline]
    pub fn last_start_by(&self, visit: u32, moment: Time) -> Time {
        if self.has_more_windows[visit as usize] {
            let open = self.windows(visit).iter().rev().find(|window| window.from <= moment);
            return open.map_or(TOO_LATE, |window| moment.min(window.until));
        }
        let window = self.window[visit as usize];
        if moment < window.from {
            TOO_LATE
        } else {
            moment.min(window.until)
        }
    }

    /// Propagates the earliest times to the states in which the next break is taken here.
    #[inline]
    pub fn apply_breaks_forward(&self, technician: usize, moments: &mut [Time; STATES]) {
        for taken in 0..STATES - 1 {
            let rest = self.breaks[technician][taken];
            let begin = moments[taken].max(rest.window.from);
            if begin <= rest.window.until {
                moments[taken + 1] = moments[taken + 1].min(begin + rest.duration);
            }
        }
    }

    /// Propagates the latest times to the states in which the next break is taken here.
    #[inline]
    pub fn apply_breaks_backward(&self, technician: usize, moments: &mut [Time; STATES]) {
        for taken in (0..STATES - 1).rev() {
            let rest = self.breaks[technician][taken];
            if rest.window.from <= rest.window.until && rest.window.from + rest.duration <= moments[taken + 1] {
                let begin = (moments[taken + 1] - rest.duration).min(rest.window.until);
                moments[taken] = moments[taken].max(begin);
            }
        }
    }

    /// Returns the earliest departures from a visit for departures `out` from the previous point.
    #[inline]
    pub fn serve(&self, technician: usize, visit: u32, out: &[Time; STATES], travel_time: Time) -> [Time; STATES] {
        let mut moments = *out;
        for moment in &mut moments {
            *moment += travel_time;
        }
        self.apply_breaks_forward(technician, &mut moments);
        let service = self.service[visit as usize];
        for moment in &mut moments {
            let start = self.first_start(visit, *moment);
            *moment = if start >= NEVER { NEVER } else { start + service };
        }
        self.apply_breaks_forward(technician, &mut moments);
        moments
    }
}

/// Returns whether a departure at `out` arrives in time for at least one state.
#[inline]
pub fn reaches<const STATES: usize>(out: &[Time; STATES], travel_time: Time, into: &[Time; STATES]) -> bool {
    (0..STATES).any(|taken| out[taken] + travel_time <= into[taken])
}
