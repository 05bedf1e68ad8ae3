//! The route engine beside the best known plans. `routing-bench [FOLDER [SECONDS…]]` reads
//! Solomon's instances from a folder; the days of a field service are always there. With `ORDINAVO_BENCH_PYTHON`, a Python
//! that has `pyvrp` or `pyvroom` from PyPI, these stand beside the engine in the same run.
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use routing::{Plan, Problem, Settings, cheapest_place, check, solve, why_left_out};

use routing_bench::field;
use routing_bench::solomon::Instance;

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

/// Somebody else's engine, asked through `beside.py`.
struct Beside {
    python: String,
    tool: &'static str,
}

impl Beside {
    /// Those that are installed.
    fn installed() -> Vec<Self> {
        let Ok(python) = std::env::var("ORDINAVO_BENCH_PYTHON") else {
            return Vec::new();
        };
        let has = |tool: &&str| {
            let asked = Command::new(&python).args(["-c", &format!("import {tool}")]).output();
            asked.is_ok_and(|answer| answer.status.success())
        };
        let tools = ["pyvrp", "vroom"].into_iter().filter(has);
        tools
            .map(|tool| Self {
                python: python.clone(),
                tool,
            })
            .collect()
    }

    /// The distance of its plan after some seconds on one thread; none if it leaves somebody out.
    fn distance(&self, file: &Path, seconds: f64) -> Option<f64> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/beside.py");
        let answer = Command::new(&self.python)
            .args([script, self.tool])
            .arg(file)
            .arg(seconds.to_string())
            .output()
            .expect("Python runs");
        assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
        String::from_utf8_lossy(&answer.stdout).trim().parse().ok()
    }
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

/// The days of a field service: how long a first plan takes, one more visit, and all reasons; and what a second of search adds.
fn field_days() {
    println!(
        "{:9} {:>9} {:>9} {:>9} {:>18} {:>18}",
        "day", "first ms", "visit ms", "why ms", "first: out, hours", "1 s: out, hours"
    );
    for day in field::set() {
        let problem = &day.problem;
        let settings = |budget| Settings {
            budget,
            seed: 1,
            overtime_weight: 1,
        };
        let timed = |what: &mut dyn FnMut()| {
            // Too short for the kernel's account of processor time; the machine should be quiet.
            let begun = Instant::now();
            what();
            begun.elapsed().as_secs_f64() * 1000.0
        };
        let mut first = Plan::default();
        let first_ms = timed(&mut || first = solve(problem, &settings(0), &mut |_| ControlFlow::Continue(())));
        let visit = first.left_out[0];
        let visit_ms = timed(&mut || {
            cheapest_place(problem, &first, visit, 1);
        });
        let mut plan = Plan::default();
        let budget = rate(problem) as u64;
        timed(&mut || plan = solve(problem, &settings(budget), &mut |_| ControlFlow::Continue(())));
        assert_eq!(check(problem, &plan), [], "{}", day.name);
        let why_ms = timed(&mut || {
            for visit in &plan.left_out {
                assert!(!why_left_out(problem, &plan, *visit).is_empty());
            }
        });
        let told = |plan: &Plan| {
            format!(
                "{:?} {:.1}",
                &plan.score(problem, 0).left_out[..3],
                plan.travel(problem) as f64 / 3600.0
            )
        };
        println!(
            "{:9} {first_ms:9.2} {visit_ms:9.2} {why_ms:9.1} {:>18} {:>18}",
            day.name,
            told(&first),
            told(&plan)
        );
    }
}

fn main() {
    field_days();
    let mut arguments = std::env::args().skip(1);
    let Some(folder) = arguments.next() else {
        return;
    };
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
    let beside = Beside::installed();
    let mut gaps: Vec<Vec<f64>> = vec![Vec::new(); seconds.len()];
    let mut others: Vec<Vec<f64>> = vec![Vec::new(); seconds.len() * beside.len()];
    print!("{:8} {:>9}", "instance", "known");
    for limit in &seconds {
        print!(" {:>10} {:>7} {:>6}", format!("{limit} s"), "gap %", "cpu");
        for other in &beside {
            print!(" {:>7}", other.tool);
        }
    }
    println!();
    for (name, best) in &known {
        let file = folder.join(format!("{name}.txt"));
        let instance = Instance::read(&file);
        let rate = rate(&instance.problem);
        print!("{name:8} {best:9.2}");
        for (index, (limit, gaps)) in seconds.iter().zip(&mut gaps).enumerate() {
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
            for (other, gaps) in beside.iter().zip(&mut others[index * beside.len()..]) {
                match other.distance(&file, *limit) {
                    Some(distance) => {
                        let gap = (distance / best - 1.0) * 100.0;
                        gaps.push(gap);
                        print!(" {gap:7.2}");
                    }
                    None => print!(" {:>7}", "none"),
                }
            }
        }
        println!();
    }
    let mean = |gaps: &[f64]| gaps.iter().sum::<f64>() / gaps.len().max(1) as f64;
    print!("{:8} {:>9}", "mean", "");
    for (index, gaps) in gaps.iter().enumerate() {
        print!(" {:>10} {:7.2} {:>6}", "", mean(gaps), "");
        for gaps in &others[index * beside.len()..(index + 1) * beside.len()] {
            print!(" {:7.2}", mean(gaps));
        }
    }
    println!();
    let worst = |gaps: &[f64]| gaps.iter().copied().fold(0.0, f64::max);
    print!("{:8} {:>9}", "worst", "");
    for (index, gaps) in gaps.iter().enumerate() {
        print!(" {:>10} {:7.2} {:>6}", "", worst(gaps), "");
        for gaps in &others[index * beside.len()..(index + 1) * beside.len()] {
            print!(" {:7.2}", worst(gaps));
        }
    }
    println!();
}
