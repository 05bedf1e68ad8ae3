//! Solomon instances (M. Solomon, Operations Research 35, 1987) in their published format.

use std::path::Path;

use routing::{Matrix, Plan, Problem, Skills, Technician, Time, Visit, Window};

/// Engine time units per unit of the instances. Travel times are rounded up, so that every plan is also feasible with exact
/// distances.
const SCALE: f64 = 10_000.0;

/// A Solomon instance.
pub struct Instance {
    /// The problem to solve.
    pub problem: Problem,
    places: Vec<(f64, f64)>,
}

impl Instance {
    /// Reads an instance from a file.
    ///
    /// # Panics
    /// Panics if the file is missing or invalid.
    pub fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).expect("instance file is readable");
        let mut fleet = None;
        let mut rows = Vec::new();
        for line in text.lines() {
            let numbers: Vec<f64> = line.split_whitespace().map_while(|word| word.parse().ok()).collect();
            match numbers.len() {
                2 => fleet = Some((numbers[0] as usize, numbers[1] as u32)),
                7 => rows.push(numbers),
                _ => {}
            }
        }
        let (vehicles, capacity) = fleet.expect("instance has a fleet");
        let places: Vec<(f64, f64)> = rows.iter().map(|row| (row[1], row[2])).collect();
        let scaled = |value: f64| (value * SCALE).round() as Time;
        let travel = Matrix::from_fn(places.len(), |from, to| {
            let distance = (places[from].0 - places[to].0).hypot(places[from].1 - places[to].1);
            (distance * SCALE).ceil() as Time
        });
        let technician = Technician {
            start: 0,
            end: 0,
            from: scaled(rows[0][4]),
            until: scaled(rows[0][5]),
            overtime: 0,
            skills: Skills::default(),
            capacity,
            breaks: Vec::new(),
        };
        let visits = rows[1..]
            .iter()
            .enumerate()
            .map(|(index, row)| Visit {
                location: index + 1,
                service: scaled(row[6]),
                windows: vec![Window {
                    from: scaled(row[4]),
                    until: scaled(row[5]),
                }],
                skills: Skills::default(),
                demand: row[3] as u32,
                tier: 0,
                pinned: None,
                locked: false,
            })
            .collect();
        let problem = Problem::new(vec![technician; vehicles], visits, travel.expect("matrix is valid"))
            .expect("problem is valid");
        Self { problem, places }
    }

    /// Returns the total distance of a plan, without rounding.
    pub fn distance(&self, plan: &Plan) -> f64 {
        let distance = |from: usize, to: usize| {
            let (from, to) = (self.places[from], self.places[to]);
            (from.0 - to.0).hypot(from.1 - to.1)
        };
        let routes = plan.routes.iter().filter(|route| !route.stops.is_empty());
        routes
            .map(|route| {
                let mut at = 0;
                let mut sum = 0.0;
                for stop in &route.stops {
                    sum += distance(at, stop.visit + 1);
                    at = stop.visit + 1;
                }
                sum + distance(at, 0)
            })
            .sum()
    }
}
