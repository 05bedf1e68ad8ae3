//! Ratios, measured interleaved (A B A B …) in one run: what the product costs beside the barest thing that could do the
//! same, on SQLite and, if `ORDINAVO_BENCH_POSTGRES` names a server, on PostgreSQL. `bench/results.json` keeps what this
//! prints. `ORDINAVO_BENCH_TARGETS` is how many targets the long lists have (a million when
//! absent); `ORDINAVO_BENCH_ONLY` names the one part that is wanted.
#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark is its own client, looks at the clock and talks to the raw database on purpose"
)]
#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark may fail loudly")]

mod board;
mod deliveries;
mod flood;
mod imports;
mod inbox;
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
    let only = std::env::var("ORDINAVO_BENCH_ONLY").ok();
    let wanted = |part: &str| only.as_deref().is_none_or(|only| only == part);
    let mut rows = Vec::new();
    for stand in &stands {
        if wanted("imports") {
            rows.extend(imports::run(stand).await);
        }
        if wanted("deliveries") {
            rows.extend(deliveries::run(stand).await);
        }
        if wanted("flood") {
            rows.extend(flood::run(stand).await);
        }
        if wanted("inbox") {
            rows.extend(inbox::run(stand).await);
        }
        if wanted("board") {
            rows.extend(board::run(stand).await);
        }
        if wanted("pages") {
            rows.extend(pages::run(stand, many).await);
        }
        stand.clean();
    }
    if only.is_some() {
        return;
    }
    std::fs::write("bench/results.json", serde_json::to_string_pretty(&rows).unwrap()).unwrap();
}
