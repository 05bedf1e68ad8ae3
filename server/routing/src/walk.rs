//! Walks an order of visits as a technician would and tells the first rule that does not hold and by how much. Exact and plain;
//! the search has its own, faster way, and shares nothing with this one.

use crate::problem::{Problem, Technician, Time};

/// The first rule that an order of visits breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// A visit is reached so many seconds after its last window ends.
    Window { visit: usize, late: Time },
    /// The technician is back so many seconds too late.
    Home { over: Time },
    /// Everything would hold if there were no breaks; with them it is so many seconds too late.
    Break { over: Time },
}

impl Failure {
    /// By how much, in seconds.
    pub const fn amount(self) -> Time {
        match self {
            Self::Window { late, .. } => late,
            Self::Home { over } | Self::Break { over } => over,
        }
    }
}

/// What is not asked on a walk, to learn how much more of it would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Waived {
    /// The end of the windows of one visit.
    pub window_of: Option<usize>,
    /// The end of the shift.
    pub shift: bool,
}

/// How an order of visits goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Walked {
    /// When the technician is back.
    pub home: Time,
    /// How far the visit whose window was waived is behind it.
    pub late: Time,
    /// How far the return is behind the end of the shift and of the overtime that is allowed.
    pub over: Time,
}

/// A moment under way, and how late a waived visit was before it.
type Moment = Option<(Time, Time)>;

/// Walks an order.
///
/// # Errors
/// The first rule that does not hold.
pub fn walk(problem: &Problem, technician: usize, order: &[usize], waived: Waived) -> Result<Walked, Failure> {
    let who = &problem.technicians()[technician];
    let result = walk_with(problem, who, order, waived, true);
    match result {
        Err(failure) if !who.breaks.is_empty() && walk_with(problem, who, order, waived, false).is_ok() => {
            Err(Failure::Break { over: failure.amount() })
        }
        other => other,
    }
}

fn walk_with(
    problem: &Problem,
    who: &Technician,
    order: &[usize],
    waived: Waived,
    has_breaks: bool,
) -> Result<Walked, Failure> {
    let breaks = if has_breaks { who.breaks.as_slice() } else { &[] };
    let mut moments: Vec<Moment> = vec![None; breaks.len() + 1];
    moments[0] = Some((who.from, 0));
    let rest = |moments: &mut Vec<Moment>| {
        for (taken, rule) in breaks.iter().enumerate() {
            if let Some((now, late)) = moments[taken] {
                let begin = now.max(rule.window.from);
                let then = (begin + rule.duration, late);
                if begin <= rule.window.until && moments[taken + 1].is_none_or(|other| then < other) {
                    moments[taken + 1] = Some(then);
                }
            }
        }
    };
    let mut at = who.start;
    for visit in order {
        let what = &problem.visits()[*visit];
        let way = problem.travel().time(at, what.place);
        rest(&mut moments);
        for moment in moments.iter_mut().flatten() {
            moment.0 += way;
        }
        rest(&mut moments);
        let mut least = Time::MAX;
        for moment in &mut moments {
            let Some((ready, late)) = *moment else {
                continue;
            };
            let open = what.windows.iter().find(|window| ready <= window.until);
            let last = what.windows[what.windows.len() - 1].until;
            *moment = match open {
                Some(window) => Some((ready.max(window.from) + what.service, late)),
                None if waived.window_of == Some(*visit) => Some((ready + what.service, ready - last)),
                None => {
                    least = least.min(ready - last);
                    None
                }
            };
        }
        if moments.iter().all(Option::is_none) {
            return Err(Failure::Window {
                visit: *visit,
                late: least,
            });
        }
        at = what.place;
    }
    let way = problem.travel().time(at, who.end);
    rest(&mut moments);
    let mut best: Option<Walked> = None;
    let mut least = Time::MAX;
    for (taken, moment) in moments.iter().enumerate() {
        let Some((now, late)) = *moment else {
            continue;
        };
        let home = now + way;
        // A break that is not taken must not be due before the return, whatever is waived.
        let due = breaks[taken..]
            .iter()
            .map(|rule| rule.window.until)
            .min()
            .unwrap_or(Time::MAX);
        if home > due {
            least = least.min(home - due);
            continue;
        }
        let over = (home - who.limit()).max(0);
        if over > 0 && !waived.shift {
            least = least.min(over);
            continue;
        }
        let walked = Walked { home, late, over };
        if best.is_none_or(|best| (late, home) < (best.late, best.home)) {
            best = Some(walked);
        }
    }
    best.ok_or(Failure::Home { over: least })
}
