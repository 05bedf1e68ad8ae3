//! Simulates an order of visits and returns the first failed rule and by how much it fails. This simple implementation is
//! independent of the faster one in the search.

use crate::problem::{Break, Problem, Technician, Time};

/// The first rule that an order of visits violates, with the excess in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The technician arrives after the last time window of a visit.
    Window { visit: usize, late: Time },
    /// The technician returns too late.
    Home { over: Time },
    /// The order is feasible only without breaks.
    Break { over: Time },
}

impl Failure {
    /// Returns the excess, in seconds.
    pub const fn amount(self) -> Time {
        match self {
            Self::Window { late, .. } => late,
            Self::Home { over } | Self::Break { over } => over,
        }
    }
}

/// The rules that are waived, to measure by how much they are exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Waived {
    /// The end of the time windows of one visit.
    pub window_of: Option<usize>,
    /// The end of the shift.
    pub shift: bool,
}

/// The result of a feasible simulation, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WalkResult {
    /// When the technician returns.
    pub home: Time,
    /// The lateness of the visit whose window is waived.
    pub late: Time,
    /// The lateness of the return after the end of shift and allowed overtime.
    pub over: Time,
}

/// Simulates an order of visits.
///
/// # Errors
/// Returns the first rule that fails.
pub fn walk(problem: &Problem, technician: usize, order: &[usize], waived: Waived) -> Result<WalkResult, Failure> {
    let tech = &problem.technicians()[technician];
    let result = walk_with(problem, tech, order, waived, true);
    match result {
        Err(failure) if !tech.breaks.is_empty() && walk_with(problem, tech, order, waived, false).is_ok() => {
            Err(Failure::Break { over: failure.amount() })
        }
        other => other,
    }
}

fn walk_with(
    problem: &Problem,
    tech: &Technician,
    order: &[usize],
    waived: Waived,
    has_breaks: bool,
) -> Result<WalkResult, Failure> {
    let mut states = States::new(tech, has_breaks);
    let mut at = tech.start;
    for visit in order {
        let location = problem.visits()[*visit].location;
        states.take_breaks();
        states.travel(problem.travel().time(at, location));
        states.take_breaks();
        states.serve(problem, *visit, waived)?;
        at = location;
    }
    states.take_breaks();
    states.go_home(problem.travel().time(at, tech.end), tech.limit(), waived)
}

/// The current time and the lateness of the waived visit so far; `None` if the state is infeasible.
type Moment = Option<(Time, Time)>;

/// The best moment for each number of breaks taken so far.
struct States<'a> {
    breaks: &'a [Break],
    moments: Vec<Moment>,
}

impl<'a> States<'a> {
    fn new(tech: &'a Technician, has_breaks: bool) -> Self {
        let breaks = if has_breaks { tech.breaks.as_slice() } else { &[] };
        let mut moments: Vec<Moment> = vec![None; breaks.len() + 1];
        moments[0] = Some((tech.from, 0));
        Self { breaks, moments }
    }

    fn take_breaks(&mut self) {
        for (taken, rule) in self.breaks.iter().enumerate() {
            if let Some((now, late)) = self.moments[taken] {
                let start = now.max(rule.window.from);
                let then = (start + rule.duration, late);
                if start <= rule.window.until && self.moments[taken + 1].is_none_or(|other| then < other) {
                    self.moments[taken + 1] = Some(then);
                }
            }
        }
    }

    fn travel(&mut self, travel_time: Time) {
        for moment in self.moments.iter_mut().flatten() {
            moment.0 += travel_time;
        }
    }

    /// Waits for the next time window of a visit and serves it.
    fn serve(&mut self, problem: &Problem, visit: usize, waived: Waived) -> Result<(), Failure> {
        let job = &problem.visits()[visit];
        let last = job.windows[job.windows.len() - 1].until;
        let mut least = Time::MAX;
        for moment in &mut self.moments {
            let Some((ready, late)) = *moment else {
                continue;
            };
            let open = job.windows.iter().find(|window| ready <= window.until);
            *moment = match open {
                Some(window) => Some((ready.max(window.from) + job.service, late)),
                None if waived.window_of == Some(visit) => Some((ready + job.service, ready - last)),
                None => {
                    least = least.min(ready - last);
                    None
                }
            };
        }
        if self.moments.iter().all(Option::is_none) {
            return Err(Failure::Window { visit, late: least });
        }
        Ok(())
    }

    /// Returns the best state in which the technician is home in time.
    fn go_home(&self, travel_time: Time, limit: Time, waived: Waived) -> Result<WalkResult, Failure> {
        let mut best: Option<WalkResult> = None;
        let mut least = Time::MAX;
        for (taken, moment) in self.moments.iter().enumerate() {
            let Some((now, late)) = *moment else {
                continue;
            };
            let home = now + travel_time;
            // A break that is not taken must not be due before the return, even if the shift is waived.
            let due = self.breaks[taken..]
                .iter()
                .map(|rule| rule.window.until)
                .min()
                .unwrap_or(Time::MAX);
            if home > due {
                least = least.min(home - due);
                continue;
            }
            let over = (home - limit).max(0);
            if over > 0 && !waived.shift {
                least = least.min(over);
                continue;
            }
            let walked = WalkResult { home, late, over };
            if best.is_none_or(|best| (late, home) < (best.late, best.home)) {
                best = Some(walked);
            }
        }
        best.ok_or(Failure::Home { over: least })
    }
}
