//! Compares the route engine with the best known solutions. `routing-bench [FOLDER [SECONDS…]]` reads Solomon instances from
//! a folder; the field service days are built in. If `ORDINAVO_BENCH_PYTHON` is a Python interpreter with `pyvrp` or
//! `pyvroom`, these engines are measured in the same run.
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use routing::{Plan, Problem, Settings, cheapest_insertion, check, explain_unassigned, solve};

use routing_bench::field;
use routing_bench::solomon::Instance;

/// Returns the CPU time of this thread, in seconds.
fn cpu() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("schedstat is available on Linux");
    let nanoseconds: f64 = text
        .split_whitespace()
        .next()
        .and_then(|word| word.parse().ok())
        .expect("CPU time is a number");
    nanoseconds / 1e9
}

/// Another engine, run through `beside.py`.
struct ReferenceEngine {
    python: String,
    tool: &'static str,
}

impl ReferenceEngine {
    /// Returns the installed engines.
    fn installed() -> Vec<Self> {
        let Ok(python) = std::env::var("ORDINAVO_BENCH_PYTHON") else {
            return Vec::new();
        };
        let has = |tool: &&str| {
            let import = Command::new(&python).args(["-c", &format!("import {tool}")]).output();
            import.is_ok_and(|output| output.status.success())
        };
        let tools = ["pyvrp", "vroom"].into_iter().filter(has);
        tools
            .map(|tool| Self {
                python: python.clone(),
                tool,
            })
            .collect()
    }

    /// Returns the distance of its plan with a time limit on one thread; `None` if it does not serve all customers.
    fn distance(&self, file: &Path, seconds: f64) -> Option<f64> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/beside.py");
        let output = Command::new(&self.python)
            .args([script, self.tool])
            .arg(file)
            .arg(seconds.to_string())
            .output()
            .expect("Python runs successfully");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().parse().ok()
    }
}

/// Returns the budget that corresponds to one second of CPU time for a problem.
fn rate(problem: &Problem) -> f64 {
    let budget = 2_000_000;
    let settings = Settings {
        budget,
        seed: 0,
        overtime_weight: 0,
    };
    let started = cpu();
    solve(problem, &settings, &mut |_| ControlFlow::Continue(()));
    budget as f64 / (cpu() - started)
}

/// Measures the field service days: the time for an initial plan, one insertion and all explanations, and the improvement by
/// one second of search.
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
            // Wall time, because the CPU accounting of the kernel is too coarse.
            let started = Instant::now();
            what();
            started.elapsed().as_secs_f64() * 1000.0
        };
        let mut first = Plan::default();
        let first_ms = timed(&mut || first = solve(problem, &settings(0), &mut |_| ControlFlow::Continue(())));
        let visit = first.unassigned[0];
        let visit_ms = timed(&mut || {
            cheapest_insertion(problem, &first, visit, 1);
        });
        let mut plan = Plan::default();
        let budget = rate(problem) as u64;
        timed(&mut || plan = solve(problem, &settings(budget), &mut |_| ControlFlow::Continue(())));
        assert_eq!(check(problem, &plan), [], "{}", day.name);
        let why_ms = timed(&mut || {
            for visit in &plan.unassigned {
                assert!(!explain_unassigned(problem, &plan, *visit).is_empty());
            }
        });
        let summary = |plan: &Plan| {
            format!(
                "{:?} {:.1}",
                &plan.score(problem, 0).unassigned[..3],
                plan.travel(problem) as f64 / 3600.0
            )
        };
        println!(
            "{:9} {first_ms:9.2} {visit_ms:9.2} {why_ms:9.1} {:>18} {:>18}",
            day.name,
            summary(&first),
            summary(&plan)
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
    let mut seconds: Vec<f64> = arguments
        .map(|word| word.parse().expect("time limit is a number of seconds"))
        .collect();
    if seconds.is_empty() {
        seconds = vec![0.1, 1.0, 10.0];
    }
    let known = std::fs::read_to_string(folder.join("best-known.csv")).expect("best-known.csv is readable");
    let known: Vec<(String, f64)> = known
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(','))
        .map(|(name, distance)| (name.to_owned(), distance.trim().parse().expect("distance is a number")))
        .collect();
    let references = ReferenceEngine::installed();
    let mut gaps: Vec<Vec<f64>> = vec![Vec::new(); seconds.len()];
    let mut reference_gaps: Vec<Vec<f64>> = vec![Vec::new(); seconds.len() * references.len()];
    print!("{:8} {:>9}", "instance", "known");
    for limit in &seconds {
        print!(" {:>10} {:>7} {:>6}", format!("{limit} s"), "gap %", "cpu");
        for reference in &references {
            print!(" {:>7}", reference.tool);
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
            let started = cpu();
            let plan = solve(&instance.problem, &settings, &mut |_| ControlFlow::Continue(()));
            let used = cpu() - started;
            assert_eq!(check(&instance.problem, &plan), [], "{name}");
            assert!(plan.unassigned.is_empty(), "{name}: {:?}", plan.unassigned);
            let distance = instance.distance(&plan);
            let gap = (distance / best - 1.0) * 100.0;
            gaps.push(gap);
            print!(" {distance:10.2} {gap:7.2} {used:6.2}");
            for (reference, gaps) in references.iter().zip(&mut reference_gaps[index * references.len()..]) {
                match reference.distance(&file, *limit) {
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
        for gaps in &reference_gaps[index * references.len()..(index + 1) * references.len()] {
            print!(" {:7.2}", mean(gaps));
        }
    }
    println!();
    let worst = |gaps: &[f64]| gaps.iter().copied().fold(0.0, f64::max);
    print!("{:8} {:>9}", "worst", "");
    for (index, gaps) in gaps.iter().enumerate() {
        print!(" {:>10} {:7.2} {:>6}", "", worst(gaps), "");
        for gaps in &reference_gaps[index * references.len()..(index + 1) * references.len()] {
            print!(" {:7.2}", worst(gaps));
        }
    }
    println!();
}
