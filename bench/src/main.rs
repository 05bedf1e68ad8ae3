//! Ratios, measured interleaved (A B A B …) in one run: what the product costs beside the barest thing that could do the
//! same, on SQLite and, if `ORDINAVO_BENCH_POSTGRES` names a server, on PostgreSQL. `bench/results.json` keeps what this
//! prints. `ORDINAVO_BENCH_TARGETS` is how many targets the long lists have (a million when absent).
#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark is its own client, looks at the clock and talks to the raw database on purpose"
)]
#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark may fail loudly")]

mod deliveries;
mod imports;
mod measure;
mod pages;
mod stand;

use stand::Stand;

/// How often each pair is measured.
pub const ROUNDS: usize = 7;

#[tokio::main]
async fn main() {
    let many = std::env::var("ORDINAVO_BENCH_TARGETS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1_000_000);
    let mut stands = vec![Stand::new("sqlite", None).await];
    if let Ok(server) = std::env::var("ORDINAVO_BENCH_POSTGRES") {
        stands.push(Stand::new("postgres", Some(&server)).await);
    }
    let mut rows = Vec::new();
    for stand in &stands {
        rows.extend(imports::run(stand).await);
        rows.extend(deliveries::run(stand).await);
        rows.extend(pages::run(stand, many).await);
        stand.clean();
    }
    std::fs::write("bench/results.json", serde_json::to_string_pretty(&rows).unwrap()).unwrap();
}
