//! What one side of a pair took, and the table of ratios.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// What one side of a pair took.
#[derive(Clone, Copy)]
pub struct Cost {
    pub wall: Duration,
    pub cpu: Duration,
}

/// CPU time of this process so far, from `/proc/self/stat` (fields 14 and 15, in hundredths of a second).
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

/// The value below which this share of the values lies.
pub fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[((sorted.len() - 1) as f64 * share) as usize]
}

/// One line of the table: the medians of both sides and of their ratios.
pub fn line(engine: &str, name: &str, goal: &str, ours: &[Cost], bare: &[Cost], by_cpu: bool) -> Value {
    let pick = |cost: &Cost| {
        if by_cpu {
            cost.cpu.as_secs_f64()
        } else {
            cost.wall.as_secs_f64()
        }
    };
    let ratio = median(
        ours.iter()
            .zip(bare)
            .map(|(ours, bare)| pick(ours) / pick(bare).max(0.001))
            .collect(),
    );
    let of = |costs: &[Cost], part: fn(&Cost) -> Duration| {
        median(costs.iter().map(|cost| part(cost).as_secs_f64()).collect())
    };
    println!(
        "{engine:<9} {name:<62} {ratio:>6.2}x   goal {goal:<20} ours {:.3}s wall {:.3}s cpu, beside {:.3}s wall {:.3}s cpu",
        of(ours, |cost| cost.wall),
        of(ours, |cost| cost.cpu),
        of(bare, |cost| cost.wall),
        of(bare, |cost| cost.cpu)
    );
    json!({
        "database": engine, "what": name, "goal": goal, "ratio": ratio, "measure": if by_cpu { "cpu" } else { "wall" },
        "ours": { "wall": of(ours, |cost| cost.wall), "cpu": of(ours, |cost| cost.cpu) },
        "beside": { "wall": of(bare, |cost| cost.wall), "cpu": of(bare, |cost| cost.cpu) },
    })
}

/// One line with a figure of its own.
pub fn figure(engine: &str, name: &str, goal: &str, value: f64, unit: &str) -> Value {
    println!("{engine:<9} {name:<62} {value:>8.2} {unit:<6} goal {goal}");
    json!({ "database": engine, "what": name, "goal": goal, "value": value, "unit": unit })
}
