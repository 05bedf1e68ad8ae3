//! What is to be planned: technicians, visits, and how long it takes from place to place.

use std::fmt;

/// Seconds since the beginning of what is planned, or a number of seconds. The engine never asks which day it is.
pub type Time = i32;

/// The longest time that the engine counts with: twelve years of seconds. Sums of two stay in range.
pub const LONGEST: Time = i32::MAX / 6;

/// From when until when something may begin, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first moment.
    pub from: Time,
    /// The last moment.
    pub until: Time,
}

/// What a technician can do, or a visit asks for: one bit for each skill. The caller numbers the skills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Skills(pub u128);

impl Skills {
    /// How many different skills a problem may have.
    pub const MOST: usize = 128;

    /// The skills that `self` asks for and `other` lacks.
    pub const fn missing_in(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// A rest between two stops, taken where the technician then is: before leaving a place, or after arriving at the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Break {
    /// When it may begin.
    pub window: Window,
    /// How long it is.
    pub duration: Time,
}

/// One technician's working time; somebody with two shifts in what is planned is two entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Technician {
    /// Where the shift begins, as an index of the travel matrix.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// The first moment of the shift.
    pub from: Time,
    /// The moment from which more is overtime.
    pub until: Time,
    /// How much overtime is allowed at most.
    pub overtime: Time,
    /// What the technician can do.
    pub skills: Skills,
    /// How much the van carries, in the caller's unit.
    pub capacity: u32,
    /// Breaks in their order. One whose time comes after the end of the work is not needed.
    pub breaks: Vec<Break>,
}

impl Technician {
    /// How many breaks a shift may have.
    pub const MOST_BREAKS: usize = 2;

    /// The moment at which the technician has to be back.
    pub const fn limit(&self) -> Time {
        self.until + self.overtime
    }
}

/// Work at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// Where, as an index of the travel matrix.
    pub place: usize,
    /// How long the work takes.
    pub service: Time,
    /// When it may begin: one or more windows that do not overlap, in order.
    pub windows: Vec<Window>,
    /// What it asks for.
    pub skills: Skills,
    /// How much of the van it takes.
    pub demand: u32,
    /// Its tier of priority: 0 goes before 1, however many of tier 1 that costs. At most [`Visit::TIERS`] - 1.
    pub tier: u8,
    /// The only technician who may do it.
    pub pinned: Option<usize>,
    /// Whether it is in the plan already and stays in it: it goes before every tier. A stop that is locked has one
    /// window of one moment and is pinned.
    pub kept: bool,
}

impl Visit {
    /// How many tiers there are.
    pub const TIERS: u8 = 6;
}

/// How long it takes from each place to each other one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matrix {
    size: usize,
    times: Vec<Time>,
}

impl Matrix {
    /// A matrix whose rows are the places of departure.
    ///
    /// # Errors
    /// It is not square, or an entry is negative or longer than [`LONGEST`].
    pub fn new(size: usize, times: Vec<Time>) -> Result<Self, Invalid> {
        if times.len() != size * size {
            return Err(Invalid::Matrix);
        }
        if times.iter().any(|time| !(0..=LONGEST).contains(time)) {
            return Err(Invalid::Matrix);
        }
        Ok(Self { size, times })
    }

    /// Makes a matrix from what tells the time between two places.
    ///
    /// # Errors
    /// As [`Matrix::new`].
    pub fn from_fn(size: usize, mut time: impl FnMut(usize, usize) -> Time) -> Result<Self, Invalid> {
        let times = (0..size * size).map(|at| time(at / size, at % size)).collect();
        Self::new(size, times)
    }

    /// How many places there are.
    pub const fn size(&self) -> usize {
        self.size
    }

    /// How long it takes from one place to another.
    pub fn time(&self, from: usize, to: usize) -> Time {
        self.times[from * self.size + to]
    }
}

/// What is wrong with a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invalid {
    /// The travel matrix is not square, or has a time that is negative or too long.
    Matrix,
    /// A technician's shift ends before it begins, has too many breaks, or names a place that is not in the matrix.
    Technician(usize),
    /// A visit has no window, windows that overlap or are out of order, an unknown place, technician or tier.
    Visit(usize),
    /// There are more technicians or visits than the engine can number.
    TooMany,
}

impl fmt::Display for Invalid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Matrix => formatter.write_str("the travel matrix is not square or has a time out of range"),
            Self::Technician(index) => write!(formatter, "technician {index} has a shift, break or place out of range"),
            Self::Visit(index) => write!(
                formatter,
                "visit {index} has a window, place, technician or tier out of range"
            ),
            Self::TooMany => formatter.write_str("there are too many technicians or visits"),
        }
    }
}

impl std::error::Error for Invalid {}

/// Everything that the engine is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    technicians: Vec<Technician>,
    visits: Vec<Visit>,
    travel: Matrix,
}

impl Problem {
    /// How many technicians or visits there may be.
    pub const MOST: usize = 10_000;

    /// A problem that makes sense.
    ///
    /// # Errors
    /// What does not.
    pub fn new(technicians: Vec<Technician>, visits: Vec<Visit>, travel: Matrix) -> Result<Self, Invalid> {
        if technicians.len() > Self::MOST || visits.len() > Self::MOST {
            return Err(Invalid::TooMany);
        }
        let in_range = |time: Time| (0..=LONGEST).contains(&time);
        let is_window =
            |window: &Window| in_range(window.from) && in_range(window.until) && window.from <= window.until;
        for (index, technician) in technicians.iter().enumerate() {
            let breaks_are_good = technician.breaks.len() <= Technician::MOST_BREAKS
                && technician
                    .breaks
                    .iter()
                    .all(|rest| is_window(&rest.window) && in_range(rest.duration));
            let is_good = technician.start < travel.size()
                && technician.end < travel.size()
                && in_range(technician.from)
                && in_range(technician.until)
                && in_range(technician.overtime)
                && technician.from <= technician.until
                && breaks_are_good;
            if !is_good {
                return Err(Invalid::Technician(index));
            }
        }
        for (index, visit) in visits.iter().enumerate() {
            let is_good = visit.place < travel.size()
                && in_range(visit.service)
                && !visit.windows.is_empty()
                && visit.windows.iter().all(is_window)
                && visit.windows.windows(2).all(|pair| pair[0].until < pair[1].from)
                && visit.tier < Visit::TIERS
                && visit.pinned.is_none_or(|technician| technician < technicians.len());
            if !is_good {
                return Err(Invalid::Visit(index));
            }
        }
        Ok(Self {
            technicians,
            visits,
            travel,
        })
    }

    /// The technicians.
    pub fn technicians(&self) -> &[Technician] {
        &self.technicians
    }

    /// The visits.
    pub fn visits(&self) -> &[Visit] {
        &self.visits
    }

    /// The travel times.
    pub const fn travel(&self) -> &Matrix {
        &self.travel
    }

    /// Whether a technician may do a visit at all: the skills, the pin and the size of the van.
    pub fn may(&self, technician: usize, visit: usize) -> bool {
        let (who, what) = (&self.technicians[technician], &self.visits[visit]);
        what.skills.missing_in(who.skills).is_empty()
            && what.pinned.is_none_or(|pinned| pinned == technician)
            && what.demand <= who.capacity
    }
}
