//! The input of the engine: technicians, visits and travel times.

use std::fmt;

/// Seconds since the start of the planning period, or a duration in seconds.
pub type Time = i32;

/// The maximum time and duration, in seconds (about eleven years). Sums of a few values do not overflow.
pub const MAX_TIME_SECONDS: Time = i32::MAX / 6;

/// A time window in which something may start; both ends are inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The earliest start.
    pub from: Time,
    /// The latest start.
    pub until: Time,
}

/// A set of skills, with one bit per skill. The caller assigns the bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Skills(pub u128);

impl Skills {
    /// The maximum number of different skills.
    pub const MAX: usize = 128;

    /// Returns the skills of `self` that `other` lacks.
    pub const fn missing_in(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Returns whether the set is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// A break between two stops, taken before the travel or after the arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Break {
    /// When the break may start.
    pub window: Window,
    /// The duration of the break.
    pub duration: Time,
}

/// One shift of a technician. A technician with several shifts in the planning period has several entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Technician {
    /// The start location, as an index of the travel matrix.
    pub start: usize,
    /// The end location, as an index of the travel matrix.
    pub end: usize,
    /// The start of the shift.
    pub from: Time,
    /// The end of the shift, after which overtime starts.
    pub until: Time,
    /// The maximum overtime.
    pub overtime: Time,
    /// The skills of the technician.
    pub skills: Skills,
    /// The capacity of the vehicle, in a unit of the caller's choice.
    pub capacity: u32,
    /// The breaks in order. A break whose window ends after the return may be skipped.
    pub breaks: Vec<Break>,
}

impl Technician {
    /// The maximum number of breaks per shift.
    pub const MAX_BREAKS: usize = 2;

    /// Returns the latest return, including overtime.
    pub const fn limit(&self) -> Time {
        self.until + self.overtime
    }
}

/// A visit to a location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// The location, as an index of the travel matrix.
    pub location: usize,
    /// The duration of the work.
    pub service: Time,
    /// When the work may start: at least one window; windows are in order and do not overlap.
    pub windows: Vec<Window>,
    /// The required skills.
    pub skills: Skills,
    /// The required vehicle capacity.
    pub demand: u32,
    /// The priority tier, below [`Visit::TIERS`]. One visit of a lower tier number outweighs any number of later tiers.
    pub tier: u8,
    /// The only technician who may do the visit.
    pub pinned: Option<usize>,
    /// Whether the visit is already planned and must stay planned; it outweighs all tiers. A locked stop is also pinned and
    /// has a single window with one possible start.
    pub locked: bool,
}

impl Visit {
    /// The number of tiers.
    pub const TIERS: u8 = 6;
}

/// A matrix of travel times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matrix {
    size: usize,
    times: Vec<Time>,
}

impl Matrix {
    /// Creates a matrix in row-major order, with one row per origin.
    ///
    /// # Errors
    /// Returns [`Invalid::Matrix`] if it is not square or an entry is negative or above [`MAX_TIME_SECONDS`].
    pub fn new(size: usize, times: Vec<Time>) -> Result<Self, Invalid> {
        if times.len() != size * size {
            return Err(Invalid::Matrix);
        }
        if times.iter().any(|time| !(0..=MAX_TIME_SECONDS).contains(time)) {
            return Err(Invalid::Matrix);
        }
        Ok(Self { size, times })
    }

    /// Creates a matrix from a function of origin and destination.
    ///
    /// # Errors
    /// Returns the same errors as [`Matrix::new`].
    pub fn from_fn(size: usize, mut time: impl FnMut(usize, usize) -> Time) -> Result<Self, Invalid> {
        let times = (0..size * size).map(|at| time(at / size, at % size)).collect();
        Self::new(size, times)
    }

    /// Returns the number of locations.
    pub const fn size(&self) -> usize {
        self.size
    }

    /// Returns the travel time between two locations.
    pub fn time(&self, from: usize, to: usize) -> Time {
        self.times[from * self.size + to]
    }
}

/// The reason why a problem is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invalid {
    /// The travel matrix is not square or has an entry out of range.
    Matrix,
    /// The technician with this index has an invalid shift, too many breaks or an unknown location.
    Technician(usize),
    /// The visit with this index has invalid windows or an unknown location, technician or tier.
    Visit(usize),
    /// There are too many technicians or visits.
    TooMany,
}

impl fmt::Display for Invalid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Matrix => formatter.write_str("the travel matrix is not square or has a time out of range"),
            Self::Technician(index) => write!(
                formatter,
                "technician {index} has a shift, break or location out of range"
            ),
            Self::Visit(index) => write!(
                formatter,
                "visit {index} has a window, location, technician or tier out of range"
            ),
            Self::TooMany => formatter.write_str("there are too many technicians or visits"),
        }
    }
}

impl std::error::Error for Invalid {}

/// A validated problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    technicians: Vec<Technician>,
    visits: Vec<Visit>,
    travel: Matrix,
}

impl Problem {
    /// The maximum number of technicians and of visits.
    pub const MAX_ENTITIES: usize = 10_000;

    /// Validates the input and creates a problem.
    ///
    /// # Errors
    /// Returns the first invalid part.
    pub fn new(technicians: Vec<Technician>, visits: Vec<Visit>, travel: Matrix) -> Result<Self, Invalid> {
        if technicians.len() > Self::MAX_ENTITIES || visits.len() > Self::MAX_ENTITIES {
            return Err(Invalid::TooMany);
        }
        let in_range = |time: Time| (0..=MAX_TIME_SECONDS).contains(&time);
        let is_window =
            |window: &Window| in_range(window.from) && in_range(window.until) && window.from <= window.until;
        for (index, technician) in technicians.iter().enumerate() {
            let breaks_are_valid = technician.breaks.len() <= Technician::MAX_BREAKS
                && technician
                    .breaks
                    .iter()
                    .all(|rest| is_window(&rest.window) && in_range(rest.duration));
            let is_valid = technician.start < travel.size()
                && technician.end < travel.size()
                && in_range(technician.from)
                && in_range(technician.until)
                && in_range(technician.overtime)
                && technician.from <= technician.until
                && breaks_are_valid;
            if !is_valid {
                return Err(Invalid::Technician(index));
            }
        }
        for (index, visit) in visits.iter().enumerate() {
            let is_valid = visit.location < travel.size()
                && in_range(visit.service)
                && !visit.windows.is_empty()
                && visit.windows.iter().all(is_window)
                && visit.windows.windows(2).all(|pair| pair[0].until < pair[1].from)
                && visit.tier < Visit::TIERS
                && visit.pinned.is_none_or(|technician| technician < technicians.len());
            if !is_valid {
                return Err(Invalid::Visit(index));
            }
        }
        Ok(Self {
            technicians,
            visits,
            travel,
        })
    }

    /// Returns the technicians.
    pub fn technicians(&self) -> &[Technician] {
        &self.technicians
    }

    /// Returns the visits.
    pub fn visits(&self) -> &[Visit] {
        &self.visits
    }

    /// Returns the travel times.
    pub const fn travel(&self) -> &Matrix {
        &self.travel
    }

    /// Returns whether a technician can do a visit at all: skills, pinning and vehicle capacity.
    pub fn can_serve(&self, technician: usize, visit: usize) -> bool {
        let (tech, job) = (&self.technicians[technician], &self.visits[visit]);
        job.skills.missing_in(tech.skills).is_empty()
            && job.pinned.is_none_or(|pinned| pinned == technician)
            && job.demand <= tech.capacity
    }
}
