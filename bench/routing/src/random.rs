//! Small random problems that use all features of the engine.

use fastrand::Rng;
use routing::{Break, Matrix, Problem, Skills, Technician, Time, Visit, Window};

/// The maximum size of a problem.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub technicians: usize,
    pub visits: usize,
}

fn window(random: &mut Rng, from: Time, longest: Time) -> Window {
    Window {
        from,
        until: from + random.i32(0..=longest),
    }
}

/// Generates a problem from a seed.
pub fn problem(seed: u64, size: Size) -> Problem {
    let mut random = Rng::with_seed(seed);
    let technicians = random.usize(1..=size.technicians);
    let visits = random.usize(0..=size.visits);
    let places: Vec<(i32, i32)> = (0..technicians + visits)
        .map(|_| (random.i32(0..=60), random.i32(0..=60)))
        .collect();
    let is_odd = random.u8(0..4) == 0;
    let travel = Matrix::from_fn(places.len(), |from, to| {
        let (one, other) = (places[from], places[to]);
        let distance = (one.0 - other.0).abs() + (one.1 - other.1).abs();
        // Some problems are asymmetric and violate the triangle inequality.
        if is_odd && from != to {
            distance + random.i32(0..20)
        } else {
            distance
        }
    });
    let technician = |random: &mut Rng, at: usize| {
        let from = random.i32(0..120);
        let mut breaks = Vec::new();
        let mut next = from + random.i32(60..200);
        for _ in 0..random.usize(0..=2) {
            breaks.push(Break {
                window: window(random, next, 90),
                duration: random.i32(0..40),
            });
            next += random.i32(60..200);
        }
        Technician {
            start: at,
            end: if random.bool() {
                at
            } else {
                random.usize(0..technicians)
            },
            from,
            until: from + random.i32(100..600),
            overtime: if random.u8(0..3) == 0 { random.i32(0..60) } else { 0 },
            skills: Skills(random.u128(0..8)),
            capacity: random.u32(0..30),
            breaks,
        }
    };
    let mut crew: Vec<Technician> = (0..technicians).map(|at| technician(&mut random, at)).collect();
    // In some problems all technicians are identical except for pinned visits.
    if random.u8(0..3) == 0 {
        crew = vec![crew[0].clone(); technicians];
    }
    let work: Vec<Visit> = (0..visits)
        .map(|index| {
            let mut windows = Vec::new();
            let mut next = random.i32(0..300);
            for _ in 0..random.usize(1..=3) {
                let open = window(&mut random, next, 150);
                next = open.until + random.i32(1..100);
                windows.push(open);
            }
            let pinned = (random.u8(0..6) == 0).then(|| random.usize(0..technicians));
            Visit {
                location: technicians + index,
                service: random.i32(0..60),
                windows,
                skills: Skills(if random.bool() { 0 } else { 1 << random.u32(0..3) }),
                demand: random.u32(0..8),
                tier: random.u8(0..3),
                pinned,
                locked: random.u8(0..10) == 0,
            }
        })
        .collect();
    Problem::new(crew, work, travel.expect("matrix is valid")).expect("problem is valid")
}
