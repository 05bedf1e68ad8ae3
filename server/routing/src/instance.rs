//! A problem as the search wants it: points numbered without gaps, travel times by row and by column, and what is asked
//! again and again worked out once. Points are the visits, then the starts, then the ends of the technicians.

use crate::problem::{Break, Problem, Time, Window};

/// A moment that never comes.
pub const NEVER: Time = Time::MAX / 2;
/// A moment before every other one.
pub const TOO_LATE: Time = Time::MIN / 2;

/// A break that cannot be taken, where a technician has fewer than others.
const NO_BREAK: Break = Break {
    window: Window {
        from: 0,
        until: TOO_LATE,
    },
    duration: 0,
};

/// `STATES` is the number of breaks of whoever has most, and one: how many of them are behind a technician is a state that
/// every moment of a route has.
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
    /// Technicians with the same number are alike in everything.
    pub kind: Vec<u32>,
    pub rests: Vec<[Break; STATES]>,
    /// The latest return, by how many breaks are behind the technician.
    pub home_by: Vec<[Time; STATES]>,
    pub overtime_weight: i64,
    /// The other visits, nearest first.
    pub near: Vec<Vec<u32>>,
}

impl<'problem, const STATES: usize> Instance<'problem, STATES> {
    pub fn new(problem: &'problem Problem, overtime_weight: u32) -> Self {
        let (visits, technicians) = (problem.visits(), problem.technicians());
        let mut places: Vec<usize> = visits.iter().map(|visit| visit.place).collect();
        places.extend(technicians.iter().map(|technician| technician.start));
        places.extend(technicians.iter().map(|technician| technician.end));
        let points = places.len();
        let travel = problem.travel();
        let mut from = Vec::with_capacity(points * points);
        let mut to = Vec::with_capacity(points * points);
        for one in &places {
            from.extend(places.iter().map(|other| travel.time(*one, *other)));
            to.extend(places.iter().map(|other| travel.time(*other, *one)));
        }
        let mut kind = Vec::with_capacity(technicians.len());
        for technician in technicians {
            let like = technicians
                .iter()
                .position(|other| other == technician)
                .unwrap_or_default();
            kind.push(u32::try_from(like).unwrap_or(u32::MAX));
        }
        let may = (0..technicians.len())
            .flat_map(|technician| (0..visits.len()).map(move |visit| problem.may(technician, visit)))
            .collect();
        let rests: Vec<[Break; STATES]> = technicians
            .iter()
            .map(|technician| std::array::from_fn(|at| technician.breaks.get(at).copied().unwrap_or(NO_BREAK)))
            .collect();
        let home_by = technicians
            .iter()
            .map(|technician| {
                std::array::from_fn(|taken| match taken.cmp(&technician.breaks.len()) {
                    std::cmp::Ordering::Less => {
                        // Every break that is not taken has to lie after the return.
                        let due = technician.breaks[taken..].iter().map(|rest| rest.window.until);
                        due.fold(technician.limit(), Time::min)
                    }
                    std::cmp::Ordering::Equal => technician.limit(),
                    std::cmp::Ordering::Greater => TOO_LATE,
                })
            })
            .collect();
        let near = (0..visits.len())
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
            rests,
            home_by,
            overtime_weight: i64::from(overtime_weight),
            near,
        }
    }

    /// The point where a technician's day begins.
    pub const fn start(&self, technician: usize) -> u32 {
        (self.visits + technician) as u32
    }

    /// The point where it ends.
    pub fn end(&self, technician: usize) -> u32 {
        (self.visits + self.rests.len() + technician) as u32
    }

    pub fn way(&self, from: u32, to: u32) -> Time {
        self.from[from as usize * self.points + to as usize]
    }

    /// From a point to every other one.
    pub fn ways_from(&self, point: u32) -> &[Time] {
        &self.from[point as usize * self.points..][..self.points]
    }

    /// To a point from every other one.
    pub fn ways_to(&self, point: u32) -> &[Time] {
        &self.to[point as usize * self.points..][..self.points]
    }

    pub fn may(&self, technician: usize, visit: u32) -> bool {
        self.may[technician * self.visits + visit as usize]
    }

    pub fn service(&self, visit: u32) -> Time {
        self.service[visit as usize]
    }

    /// How much of a van visits take.
    pub fn demand(&self, visits: &[u32]) -> u64 {
        let all = self.problem.visits();
        visits.iter().map(|visit| u64::from(all[*visit as usize].demand)).sum()
    }

    /// How much a technician's van carries.
    pub fn capacity(&self, technician: usize) -> u64 {
        u64::from(self.problem.technicians()[technician].capacity)
    }

    /// The first window of a visit.
    pub fn window(&self, visit: u32) -> Window {
        self.window[visit as usize]
    }

    /// The last moment at which a visit's work may begin.
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

    /// The first moment from `ready` on at which the work may begin.
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

    /// The last moment up to `moment` at which it may.
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

    /// The earliest moments, when breaks may be taken now.
    #[inline]
    pub fn rest_forward(&self, technician: usize, moments: &mut [Time; STATES]) {
        for taken in 0..STATES - 1 {
            let rest = self.rests[technician][taken];
            let begin = moments[taken].max(rest.window.from);
            if begin <= rest.window.until {
                moments[taken + 1] = moments[taken + 1].min(begin + rest.duration);
            }
        }
    }

    /// The latest moments, when breaks may be taken now.
    #[inline]
    pub fn rest_backward(&self, technician: usize, moments: &mut [Time; STATES]) {
        for taken in (0..STATES - 1).rev() {
            let rest = self.rests[technician][taken];
            if rest.window.from <= rest.window.until && rest.window.from + rest.duration <= moments[taken + 1] {
                let begin = (moments[taken + 1] - rest.duration).min(rest.window.until);
                moments[taken] = moments[taken].max(begin);
            }
        }
    }

    /// The moments at which somebody can leave a visit to which the way from `out` takes so long.
    #[inline]
    pub fn serve(&self, technician: usize, visit: u32, out: &[Time; STATES], way: Time) -> [Time; STATES] {
        let mut moments = *out;
        for moment in &mut moments {
            *moment += way;
        }
        self.rest_forward(technician, &mut moments);
        let service = self.service[visit as usize];
        for moment in &mut moments {
            let start = self.first_start(visit, *moment);
            *moment = if start >= NEVER { NEVER } else { start + service };
        }
        self.rest_forward(technician, &mut moments);
        moments
    }
}

/// Whether somebody who leaves at `out` is there in time.
#[inline]
pub fn reaches<const STATES: usize>(out: &[Time; STATES], way: Time, into: &[Time; STATES]) -> bool {
    (0..STATES).any(|taken| out[taken] + way <= into[taken])
}
