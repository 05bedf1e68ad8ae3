//! 200 requests per second from one address, to public forms and to the sign-in: their effect on the response times of a
//! dispatcher.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::{Client, StatusCode};
use serde_json::Value;

use crate::measure::{figure, median, quantile};
use crate::test_bed::TestBed;

/// The number of alternations between idle and flooded phases.
const ROUNDS: usize = 5;
/// Page views of the dispatcher per phase.
const PAGES: usize = 200;
/// The interval between two requests of the flood.
const FLOOD_INTERVAL: Duration = Duration::from_millis(5);
/// The source address of the flood, in `X-Forwarded-For`.
const FLOOD_ADDRESS: &str = "203.0.113.9";

/// Returns the resident memory of the process from `/proc/self/status`, in megabytes.
fn memory() -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    let kilobytes: f64 = line
        .split_whitespace()
        .nth(1)
        .and_then(|value| value.parse().ok())
        .unwrap_or_default();
    kilobytes / 1024.0
}

/// The number of responses to the flood.
#[derive(Default)]
struct ResponseCounts {
    all: AtomicUsize,
    rejected: AtomicUsize,
}

async fn send_request(
    client: Client,
    url: String,
    fields: Option<[(&'static str, &'static str); 2]>,
    counts: Arc<ResponseCounts>,
) {
    let request = match fields {
        Some(fields) => client.post(url).header("sec-fetch-site", "same-origin").form(&fields),
        None => client.get(url),
    };
    if let Ok(response) = request
        .header("accept", "text/html")
        .header("x-forwarded-for", FLOOD_ADDRESS)
        .send()
        .await
    {
        counts.all.fetch_add(1, Ordering::Relaxed);
        if response.status() == StatusCode::TOO_MANY_REQUESTS {
            counts.rejected.fetch_add(1, Ordering::Relaxed);
        }
        drop(response.bytes().await);
    }
}

/// Sends a request every [`FLOOD_INTERVAL`] without waiting for responses, until it is aborted.
async fn flood(url: String, fields: Option<[(&'static str, &'static str); 2]>, counts: Arc<ResponseCounts>) {
    let client = Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let mut next = tokio::time::interval(FLOOD_INTERVAL);
    loop {
        next.tick().await;
        tokio::spawn(send_request(client.clone(), url.clone(), fields, counts.clone()));
    }
}

/// Returns the 99th percentile of the response time, in milliseconds.
async fn p99_response_time(browser: &Client, url: &str) -> f64 {
    let mut times = Vec::new();
    for _ in 0..PAGES {
        let started = Instant::now();
        let response = browser.get(url).header("accept", "text/html").send().await.unwrap();
        assert!(response.status().is_success());
        response.bytes().await.unwrap();
        times.push(started.elapsed().as_secs_f64() * 1000.0);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    quantile(&times, 0.99)
}

pub async fn run(test_bed: &TestBed) -> Vec<Value> {
    let browser = test_bed.dispatcher(1).await;
    let page = format!("{}/app/inbox", test_bed.url);
    let wrong_login = [("email", "nobody@example.org"), ("password", "a wrong password, again")];
    let floods = [
        (
            "public forms",
            format!("{}/intake/{}", test_bed.url, test_bed.book.tenants[0].slug),
            None,
        ),
        (
            "the sign-in",
            format!("{}/app/fn/sign-in", test_bed.url),
            Some(wrong_login),
        ),
    ];
    let mut rows = Vec::new();
    p99_response_time(&browser, &page).await;
    for (name, url, fields) in floods {
        let (mut idle, mut flooded) = (vec![], vec![]);
        let counts = Arc::new(ResponseCounts::default());
        let before = memory();
        for _ in 0..ROUNDS {
            idle.push(p99_response_time(&browser, &page).await);
            let running = tokio::spawn(flood(url.clone(), fields, counts.clone()));
            flooded.push(p99_response_time(&browser, &page).await);
            running.abort();
        }
        let memory_growth = memory() - before;
        let (all, rejected) = (
            counts.all.load(Ordering::Relaxed),
            counts.rejected.load(Ordering::Relaxed),
        );
        let ratios = idle
            .iter()
            .zip(&flooded)
            .map(|(idle, flooded)| flooded / idle)
            .collect();
        rows.extend([
            figure(
                test_bed.engine,
                &format!("200/s at {name}: a staff page's p99 beside idle"),
                "2x",
                median(ratios),
                "x",
            ),
            figure(
                test_bed.engine,
                &format!("200/s at {name}: that p99"),
                "–",
                median(flooded),
                "ms",
            ),
            figure(
                test_bed.engine,
                &format!("200/s at {name}: refused of {all}"),
                "–",
                rejected as f64 / all as f64 * 100.0,
                "%",
            ),
            figure(
                test_bed.engine,
                &format!("200/s at {name}: memory grown"),
                "flat",
                memory_growth,
                "MB",
            ),
        ]);
    }
    rows
}
