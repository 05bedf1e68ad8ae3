//! Solomon's instances (M. Solomon, Operations Research 35, 1987), as published.

use std::path::Path;

use routing::{Matrix, Plan, Problem, Skills, Technician, Time, Visit, Window};

/// How many units of the engine's time make one of the instances'. Ways are rounded up, so that a plan that holds here holds
/// with distances that are not rounded.
const SCALE: f64 = 10_000.0;

/// An instance.
pub struct Instance {
    /// What is to be planned.
    pub problem: Problem,
    places: Vec<(f64, f64)>,
}

impl Instance {
    /// Reads an instance from a file.
    ///
    /// # Panics
    /// It is not there or not one.
    pub fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).expect("the instance is there");
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
        let (vehicles, capacity) = fleet.expect("the fleet");
        let places: Vec<(f64, f64)> = rows.iter().map(|row| (row[1], row[2])).collect();
        let scaled = |value: f64| (value * SCALE).round() as Time;
        let travel = Matrix::from_fn(places.len(), |from, to| {
            let way = (places[from].0 - places[to].0).hypot(places[from].1 - places[to].1);
            (way * SCALE).ceil() as Time
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
                place: index + 1,
                service: scaled(row[6]),
                windows: vec![Window {
                    from: scaled(row[4]),
                    until: scaled(row[5]),
                }],
                skills: Skills::default(),
                demand: row[3] as u32,
                tier: 0,
                pinned: None,
                kept: false,
            })
            .collect();
        let problem = Problem::new(vec![technician; vehicles], visits, travel.expect("a matrix")).expect("a problem");
        Self { problem, places }
    }

    /// The length of a plan, without rounding.
    pub fn distance(&self, plan: &Plan) -> f64 {
        let way = |from: usize, to: usize| {
            let (from, to) = (self.places[from], self.places[to]);
            (from.0 - to.0).hypot(from.1 - to.1)
        };
        let routes = plan.routes.iter().filter(|route| !route.stops.is_empty());
        routes
            .map(|route| {
                let mut at = 0;
                let mut sum = 0.0;
                for stop in &route.stops {
                    sum += way(at, stop.visit + 1);
                    at = stop.visit + 1;
                }
                sum + way(at, 0)
            })
            .sum()
    }
}
