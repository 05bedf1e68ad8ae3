//! The route engine beside the best known plans. `bench-routing FOLDER [SECONDS…]` reads Solomon's instances from a folder.
#![allow(missing_docs, reason = "a program")]

mod solomon;

use std::ops::ControlFlow;
use std::path::Path;

use routing::{Problem, Settings, check, solve};

use crate::solomon::Instance;

/// Seconds of processor time of this thread.
fn cpu() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells");
    let nanoseconds: f64 = text
        .split_whitespace()
        .next()
        .and_then(|word| word.parse().ok())
        .expect("a number");
    nanoseconds / 1e9
}

/// How much budget a second of processor time is, for a problem.
fn rate(problem: &Problem) -> f64 {
    let budget = 2_000_000;
    let settings = Settings {
        budget,
        seed: 0,
        overtime_weight: 0,
    };
    let begun = cpu();
    solve(problem, &settings, &mut |_| ControlFlow::Continue(()));
    budget as f64 / (cpu() - begun)
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().expect("the folder of the instances");
    let folder = Path::new(&folder);
    let mut seconds: Vec<f64> = arguments.map(|word| word.parse().expect("seconds")).collect();
    if seconds.is_empty() {
        seconds = vec![0.1, 1.0, 10.0];
    }
    let known = std::fs::read_to_string(folder.join("best-known.csv")).expect("the best known distances");
    let known: Vec<(String, f64)> = known
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(','))
        .map(|(name, distance)| (name.to_owned(), distance.trim().parse().expect("a distance")))
        .collect();
    let mut gaps: Vec<Vec<f64>> = vec![Vec::new(); seconds.len()];
    print!("{:8} {:>9}", "instance", "known");
    for limit in &seconds {
        print!(" {:>10} {:>7} {:>6}", format!("{limit} s"), "gap %", "cpu");
    }
    println!();
    for (name, best) in &known {
        let instance = Instance::read(&folder.join(format!("{name}.txt")));
        let rate = rate(&instance.problem);
        print!("{name:8} {best:9.2}");
        for (limit, gaps) in seconds.iter().zip(&mut gaps) {
            let settings = Settings {
                budget: (rate * limit) as u64,
                seed: 1,
                overtime_weight: 0,
            };
            let begun = cpu();
            let plan = solve(&instance.problem, &settings, &mut |_| ControlFlow::Continue(()));
            let used = cpu() - begun;
            assert_eq!(check(&instance.problem, &plan), [], "{name}");
            assert!(plan.left_out.is_empty(), "{name}: {:?}", plan.left_out);
            let distance = instance.distance(&plan);
            let gap = (distance / best - 1.0) * 100.0;
            gaps.push(gap);
            print!(" {distance:10.2} {gap:7.2} {used:6.2}");
        }
        println!();
    }
    print!("{:8} {:>9}", "mean", "");
    for gaps in &gaps {
        print!(
            " {:>10} {:7.2} {:>6}",
            "",
            gaps.iter().sum::<f64>() / gaps.len() as f64,
            ""
        );
    }
    println!();
    print!("{:8} {:>9}", "worst", "");
    for gaps in &gaps {
        print!(" {:>10} {:7.2} {:>6}", "", gaps.iter().copied().fold(0.0, f64::max), "");
    }
    println!();
}
