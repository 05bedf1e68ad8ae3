//! Two hundred requests a second from one address, at public forms and at the sign-in, beside the same house left alone:
//! what a dispatcher notices of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::{Client, StatusCode};
use serde_json::Value;

use crate::measure::{figure, median, quantile};
use crate::stand::Stand;

/// How often idle and flooded times alternate.
const ROUNDS: usize = 5;
/// Pages of the dispatcher in each.
const PAGES: usize = 200;
/// Between two requests of the flood.
const PAUSE: Duration = Duration::from_millis(5);
/// The address of whoever floods, as the reverse proxy tells it.
const FLOODER: &str = "203.0.113.9";

/// Memory that the process holds, from `/proc/self/status`, in megabytes.
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

/// What the flood was answered.
#[derive(Default)]
struct Answers {
    all: AtomicUsize,
    refused: AtomicUsize,
}

async fn one(client: Client, url: String, fields: Option<[(&'static str, &'static str); 2]>, answers: Arc<Answers>) {
    let request = match fields {
        Some(fields) => client.post(url).header("sec-fetch-site", "same-origin").form(&fields),
        None => client.get(url),
    };
    if let Ok(answer) = request
        .header("accept", "text/html")
        .header("x-forwarded-for", FLOODER)
        .send()
        .await
    {
        answers.all.fetch_add(1, Ordering::Relaxed);
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            answers.refused.fetch_add(1, Ordering::Relaxed);
        }
        drop(answer.bytes().await);
    }
}

/// Asks every [`PAUSE`], whether the one before was answered or not, until it is stopped.
async fn flood(url: String, fields: Option<[(&'static str, &'static str); 2]>, answers: Arc<Answers>) {
    let client = Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let mut next = tokio::time::interval(PAUSE);
    loop {
        next.tick().await;
        tokio::spawn(one(client.clone(), url.clone(), fields, answers.clone()));
    }
}

/// The time below which 99 of 100 pages were there, in milliseconds.
async fn slowest(browser: &Client, url: &str) -> f64 {
    let mut times = Vec::new();
    for _ in 0..PAGES {
        let started = Instant::now();
        let answer = browser.get(url).header("accept", "text/html").send().await.unwrap();
        assert!(answer.status().is_success());
        answer.bytes().await.unwrap();
        times.push(started.elapsed().as_secs_f64() * 1000.0);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    quantile(&times, 0.99)
}

pub async fn run(stand: &Stand) -> Vec<Value> {
    let browser = stand.dispatcher(1).await;
    let page = format!("{}/app/inbox", stand.url);
    let nobody = [("email", "nobody@example.org"), ("password", "a wrong password, again")];
    let floods = [
        (
            "public forms",
            format!("{}/intake/{}", stand.url, stand.book.tenants[0].slug),
            None,
        ),
        ("the sign-in", format!("{}/app/fn/sign-in", stand.url), Some(nobody)),
    ];
    let mut rows = Vec::new();
    slowest(&browser, &page).await;
    for (name, url, fields) in floods {
        let (mut idle, mut flooded) = (vec![], vec![]);
        let answers = Arc::new(Answers::default());
        let before = memory();
        for _ in 0..ROUNDS {
            idle.push(slowest(&browser, &page).await);
            let running = tokio::spawn(flood(url.clone(), fields, answers.clone()));
            flooded.push(slowest(&browser, &page).await);
            running.abort();
        }
        let grown = memory() - before;
        let (all, refused) = (
            answers.all.load(Ordering::Relaxed),
            answers.refused.load(Ordering::Relaxed),
        );
        let ratios = idle
            .iter()
            .zip(&flooded)
            .map(|(idle, flooded)| flooded / idle)
            .collect();
        rows.extend([
            figure(
                stand.engine,
                &format!("200/s at {name}: a staff page's p99 beside idle"),
                "2x",
                median(ratios),
                "x",
            ),
            figure(
                stand.engine,
                &format!("200/s at {name}: that p99"),
                "–",
                median(flooded),
                "ms",
            ),
            figure(
                stand.engine,
                &format!("200/s at {name}: refused of {all}"),
                "–",
                refused as f64 / all as f64 * 100.0,
                "%",
            ),
            figure(
                stand.engine,
                &format!("200/s at {name}: memory grown"),
                "flat",
                grown,
                "MB",
            ),
        ]);
    }
    rows
}
