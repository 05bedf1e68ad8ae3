//! Benchmarks that compare the product with a minimal baseline, interleaved (A B A B …) in one run. They run on SQLite and,
//! if `ORDINAVO_BENCH_POSTGRES` contains a server URL, on PostgreSQL. The results are printed and written to
//! `bench/results.json`. `ORDINAVO_BENCH_TARGETS` sets the size of long lists (default: one million);
//! `ORDINAVO_BENCH_ONLY` selects one benchmark.
#![expect(
    clippy::disallowed_methods,
    reason = "benchmarks need their own HTTP client, the clock and direct database access"
)]
#![allow(clippy::unwrap_used, missing_docs, reason = "benchmarks may panic")]

mod board;
mod deliveries;
mod flood;
mod imports;
mod inbox;
mod measure;
mod pages;
mod test_bed;

use test_bed::TestBed;

/// The number of measurements per pair.
pub const ROUNDS: usize = 7;

#[tokio::main]
async fn main() {
    ordinavo_core::tls::install();
    let target_count = std::env::var("ORDINAVO_BENCH_TARGETS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1_000_000);
    let mut test_beds = vec![TestBed::new("sqlite", None).await];
    if let Ok(server) = std::env::var("ORDINAVO_BENCH_POSTGRES") {
        test_beds.push(TestBed::new("postgres", Some(&server)).await);
    }
    let only = std::env::var("ORDINAVO_BENCH_ONLY").ok();
    let is_selected = |part: &str| only.as_deref().is_none_or(|only| only == part);
    let mut rows = Vec::new();
    for test_bed in &test_beds {
        if is_selected("imports") {
            rows.extend(imports::run(test_bed).await);
        }
        if is_selected("deliveries") {
            rows.extend(deliveries::run(test_bed).await);
        }
        if is_selected("flood") {
            rows.extend(flood::run(test_bed).await);
        }
        if is_selected("inbox") {
            rows.extend(inbox::run(test_bed).await);
        }
        if is_selected("board") {
            rows.extend(board::run(test_bed).await);
        }
        if is_selected("pages") {
            rows.extend(pages::run(test_bed, target_count).await);
        }
        test_bed.clean();
    }
    if only.is_some() {
        return;
    }
    std::fs::write("bench/results.json", serde_json::to_string_pretty(&rows).unwrap()).unwrap();
}
