//! Measurement of time and output of the results.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Time of one measurement.
#[derive(Clone, Copy)]
pub struct Cost {
    pub wall: Duration,
    pub cpu: Duration,
}

/// Returns the CPU time of this process from `/proc/self/stat` (fields 14 and 15, in hundredths of a second).
pub fn cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = text.rsplit(") ").next().unwrap_or_default();
    let ticks: u64 = after
        .split(' ')
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    Duration::from_millis(ticks * 10)
}

pub async fn measure(work: impl Future<Output = ()>) -> Cost {
    let (started, before) = (Instant::now(), cpu());
    work.await;
    Cost {
        wall: started.elapsed(),
        cpu: cpu() - before,
    }
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Returns the quantile of the values for a share between 0 and 1.
pub fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[((sorted.len() - 1) as f64 * share) as usize]
}

/// Prints and returns the medians of a measurement, its baseline and their ratios.
pub fn line(engine: &str, name: &str, goal: &str, measured: &[Cost], baseline: &[Cost], by_cpu: bool) -> Value {
    let pick = |cost: &Cost| {
        if by_cpu {
            cost.cpu.as_secs_f64()
        } else {
            cost.wall.as_secs_f64()
        }
    };
    let ratio = median(
        measured
            .iter()
            .zip(baseline)
            .map(|(measured, baseline)| pick(measured) / pick(baseline).max(0.001))
            .collect(),
    );
    let median_of = |costs: &[Cost], part: fn(&Cost) -> Duration| {
        median(costs.iter().map(|cost| part(cost).as_secs_f64()).collect())
    };
    println!(
        "{engine:<9} {name:<62} {ratio:>6.2}x   goal {goal:<20} measured {:.3}s wall {:.3}s cpu, baseline {:.3}s wall {:.3}s cpu",
        median_of(measured, |cost| cost.wall),
        median_of(measured, |cost| cost.cpu),
        median_of(baseline, |cost| cost.wall),
        median_of(baseline, |cost| cost.cpu)
    );
    json!({
        "database": engine, "what": name, "goal": goal, "ratio": ratio, "measure": if by_cpu { "cpu" } else { "wall" },
        "ours": { "wall": median_of(measured, |cost| cost.wall), "cpu": median_of(measured, |cost| cost.cpu) },
        "beside": { "wall": median_of(baseline, |cost| cost.wall), "cpu": median_of(baseline, |cost| cost.cpu) },
    })
}

/// Prints and returns a single value.
pub fn figure(engine: &str, name: &str, goal: &str, value: f64, unit: &str) -> Value {
    println!("{engine:<9} {name:<62} {value:>8.2} {unit:<6} goal {goal}");
    json!({ "database": engine, "what": name, "goal": goal, "value": value, "unit": unit })
}
