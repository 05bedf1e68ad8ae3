//! Generated field service days with a fixed seed. Each has technicians with skills, shifts and breaks, 10 to 40 percent
//! more work than fits, a hidden feasible plan for a large part of it, and visits that are provably infeasible.

use fastrand::Rng;
use routing::{Break, Matrix, Problem, Skills, Technician, Time, Visit, Window};

/// Why a planted visit is infeasible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planted {
    /// No technician has the skill.
    Skill,
    /// It is pinned to a technician without the skill.
    PinAndSkill,
    /// It is longer than any shift.
    Shift,
    /// Its time window ends before any technician can arrive.
    Window,
    /// Its demand exceeds all vehicles.
    Capacity,
}

/// A generated day.
pub struct Field {
    /// Numbers of technicians and visits.
    pub name: String,
    /// The problem to solve.
    pub problem: Problem,
    /// A feasible plan: the visits of each technician in order.
    pub hidden: Vec<Vec<usize>>,
    /// The infeasible visits and the reason.
    pub planted: Vec<(usize, Planted)>,
}

const HOUR: Time = 3600;
const MINUTE: Time = 60;
/// A skill that no technician has.
const UNAVAILABLE_SKILL: u128 = 1 << 40;

/// The days of the set: technicians, visits, and the excess work in percent.
pub const SET: [(usize, usize, usize); 9] = [
    (3, 20, 10),
    (4, 30, 25),
    (5, 45, 40),
    (6, 60, 10),
    (8, 80, 25),
    (10, 100, 40),
    (10, 80, 15),
    (12, 120, 30),
    (15, 150, 20),
];

/// Generates all days of the set.
pub fn set() -> Vec<Field> {
    SET.iter()
        .enumerate()
        .map(|(index, (technicians, visits, more))| day(index as u64 + 1, *technicians, *visits, *more))
        .collect()
}

/// Returns a random location in a region of 60 by 60 kilometres, in metres.
fn random_location(random: &mut Rng) -> (i32, i32) {
    (random.i32(0..60_000), random.i32(0..60_000))
}

/// Returns the travel time in seconds, at 14 m/s with a detour factor of 1.3.
fn travel_time(from: (i32, i32), to: (i32, i32)) -> Time {
    let metres = f64::from(from.0 - to.0).hypot(f64::from(from.1 - to.1));
    (metres * 1.3 / 14.0).ceil() as Time
}

/// Generates a day with `more` percent of excess work.
pub fn day(seed: u64, technicians: usize, visits: usize, more: usize) -> Field {
    let mut random = Rng::with_seed(0x0f1e_1d00 + seed);
    let mut places: Vec<(i32, i32)> = Vec::new();
    let mut crew = Vec::new();
    for at in 0..technicians {
        places.push(random_location(&mut random));
        let from = 7 * HOUR + random.i32(0..=4) * 30 * MINUTE;
        let mut breaks = vec![Break {
            window: Window {
                from: from + 4 * HOUR,
                until: from + 5 * HOUR + 30 * MINUTE,
            },
            duration: 30 * MINUTE,
        }];
        if random.u8(0..3) == 0 {
            breaks.push(Break {
                window: Window {
                    from: from + 6 * HOUR + 30 * MINUTE,
                    until: from + 7 * HOUR + 30 * MINUTE,
                },
                duration: 15 * MINUTE,
            });
        }
        crew.push(Technician {
            start: at,
            end: at,
            from,
            until: from + 8 * HOUR + 30 * MINUTE,
            overtime: 0,
            skills: Skills(1 | random.u128(0..64)),
            capacity: 40,
            breaks,
        });
    }
    let planted_count = 5.min(visits / 6).max(1);
    let done = (visits - planted_count) * 100 / (100 + more);
    let mut work = Vec::new();
    let mut hidden: Vec<Vec<usize>> = vec![Vec::new(); technicians];
    // The hidden plan: each technician drives from visit to visit until the shift is full.
    let share = done.div_ceil(technicians);
    for (technician, tech) in crew.iter().enumerate() {
        let mut at = places[technician];
        let mut now = tech.from;
        let mut breaks = tech.breaks.iter();
        let mut next_break = breaks.next();
        while hidden[technician].len() < share && work.len() < done {
            let reach = 9_000;
            let there = (
                (at.0 + random.i32(-reach..=reach)).clamp(0, 60_000),
                (at.1 + random.i32(-reach..=reach)).clamp(0, 60_000),
            );
            let service = (random.i32(15..=40)) * MINUTE;
            let mut start = now + travel_time(at, there);
            // A break is taken on arrival as soon as its window is open.
            if let Some(next) = next_break
                && start >= next.window.from
            {
                start = start.max(next.window.from) + next.duration;
                next_break = breaks.next();
            }
            if start + service + travel_time(there, places[technician]) > tech.until {
                break;
            }
            let mut windows = vec![Window {
                from: (start - random.i32(0..=90) * MINUTE).max(0),
                until: start + random.i32(10..=90) * MINUTE,
            }];
            if random.u8(0..4) == 0 {
                let from = windows[0].until + random.i32(30..=120) * MINUTE;
                windows.push(Window {
                    from,
                    until: from + HOUR,
                });
            }
            let skill = 1_u128 << random.u32(0..6);
            let required_skill = if tech.skills.0 & skill != 0 { skill } else { 0 };
            hidden[technician].push(work.len());
            work.push(Visit {
                location: places.len(),
                service,
                windows,
                skills: Skills(required_skill),
                demand: random.u32(1..=2),
                tier: random.u8(0..3),
                pinned: (random.u8(0..12) == 0).then_some(technician),
                locked: false,
            });
            places.push(there);
            at = there;
            now = start + service;
        }
    }
    let mut planted = Vec::new();
    let kinds = [
        Planted::Skill,
        Planted::Shift,
        Planted::Window,
        Planted::PinAndSkill,
        Planted::Capacity,
    ];
    while work.len() < visits {
        let kind = kinds
            .get(planted.len())
            .copied()
            .filter(|_| planted.len() < planted_count);
        let from = 7 * HOUR + random.i32(0..=16) * 30 * MINUTE;
        let mut visit = Visit {
            location: places.len(),
            service: random.i32(20..=90) * MINUTE,
            windows: vec![Window {
                from,
                until: from + random.i32(1..=4) * HOUR,
            }],
            skills: Skills(if random.bool() { 0 } else { 1 << random.u32(0..6) }),
            demand: random.u32(1..=3),
            tier: random.u8(0..3),
            pinned: None,
            locked: false,
        };
        if let Some(kind) = kind {
            visit.skills = Skills(0);
            match kind {
                Planted::Skill => visit.skills = Skills(UNAVAILABLE_SKILL),
                Planted::PinAndSkill => {
                    visit.pinned = Some(random.usize(0..technicians));
                    visit.skills = Skills(UNAVAILABLE_SKILL << 1);
                }
                Planted::Shift => {
                    visit.service = 9 * HOUR;
                    visit.windows[0] = Window {
                        from: 0,
                        until: 24 * HOUR,
                    };
                }
                Planted::Window => {
                    visit.windows[0] = Window {
                        from: 5 * HOUR,
                        until: 6 * HOUR + 59 * MINUTE,
                    };
                }
                Planted::Capacity => visit.demand = 41,
            }
            planted.push((work.len(), kind));
        }
        work.push(visit);
        places.push(random_location(&mut random));
    }
    let travel =
        Matrix::from_fn(places.len(), |from, to| travel_time(places[from], places[to])).expect("matrix is valid");
    Field {
        name: format!("{technicians} x {visits}"),
        problem: Problem::new(crew, work, travel).expect("problem is valid"),
        hidden,
        planted,
    }
}
