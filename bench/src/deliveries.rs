//! Webhooks: latency from commit to first attempt, throughput, SQL statements per delivery, and the effect of an
//! unreachable endpoint on a healthy one.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use ordinavo_core::imports::worker as importer;
use ordinavo_core::webhooks::dispatch::{Dispatcher, TurnCounts};
use ordinavo_core::webhooks::guard;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::measure::{Cost, figure, line, measure, median, quantile};
use crate::test_bed::{TestBed, settings};

/// Deliveries per round.
const DELIVERIES: usize = 2_000;
/// Rounds per variant.
const ROUNDS: usize = 5;
/// Single events whose latency is measured.
const TIMED: usize = 300;

struct Receiver {
    url: String,
    count: Arc<AtomicUsize>,
    latencies: Arc<Mutex<Vec<f64>>>,
}

async fn receiver() -> Receiver {
    let (count, latencies): (Arc<AtomicUsize>, Arc<Mutex<Vec<f64>>>) = Default::default();
    let (counter, latency_log) = (count.clone(), latencies.clone());
    let receive = move |body: Bytes| {
        let (counter, latency_log) = (counter.clone(), latency_log.clone());
        async move {
            let now = std::time::SystemTime::now()
                .duration_since(std::time::UNIX_EPOCH)
                .unwrap()
                .as_secs_f64();
            let body: Value = serde_json::from_slice(&body).unwrap();
            if let Ok(at) = body["timestamp"]
                .as_str()
                .unwrap_or_default()
                .parse::<chrono::DateTime<chrono::Utc>>()
            {
                latency_log
                    .lock()
                    .unwrap()
                    .push(now - at.timestamp_micros() as f64 / 1e6);
            }
            counter.fetch_add(1, Ordering::SeqCst);
            axum::http::StatusCode::NO_CONTENT
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", post(receive))).await });
    Receiver { url, count, latencies }
}

/// Runs the worker loop until the receiver has counted `wanted` deliveries.
async fn work_until(dispatcher: &mut Dispatcher, core: &ordinavo_core::Core, count: &AtomicUsize, wanted: usize) {
    while count.load(Ordering::SeqCst) < wanted || dispatcher.pending() > 0 {
        if dispatcher.turn().await.unwrap() == TurnCounts::default() {
            let has_pending = dispatcher.pending() > 0;
            tokio::select! {
                () = core.deliveries_enqueued() => {}
                () = dispatcher.wait_for_attempt(), if has_pending => {}
                () = tokio::time::sleep(Duration::from_millis(20)) => {}
            }
        }
    }
}

async fn endpoint(test_bed: &TestBed, client: &reqwest::Client, url: &str) -> Value {
    let body = json!({ "url": url, "eventTypes": ["target.created"] });
    let created = client
        .post(format!("{}/api/v1/webhook-endpoints", test_bed.url))
        .bearer_auth(test_bed.key("erp"))
        .json(&body)
        .send()
        .await
        .unwrap();
    assert!(created.status().is_success());
    created.json().await.unwrap()
}

/// Creates `count` events by importing targets.
async fn events(test_bed: &TestBed, client: &reqwest::Client, name: &str, count: usize) {
    for part in 0..count / 500 {
        let items: Vec<Value> = (0..500).map(|number| json!({ "externalId": format!("{name}-{part}-{number}"), "customer": { "externalId": "CUST-10042" } })).collect();
        let accepted = client
            .post(format!("{}/api/v1/targets/batch", test_bed.url))
            .bearer_auth(test_bed.key("erp"))
            .header("idempotency-key", format!("{name}-{part}"))
            .json(&json!({ "items": items }))
            .send()
            .await
            .unwrap();
        assert!(accepted.status().is_success());
        while importer::run_next(&test_bed.core).await.unwrap() {}
    }
}

/// Sends the same requests directly: the upper bound of receiver and HTTP client.
async fn bare(client: &reqwest::Client, url: &str, count: usize) {
    let left = Arc::new(AtomicUsize::new(count));
    let body = domain::events::example(domain::events::EventType::TargetCreated).to_string();
    let senders: Vec<_> = (0..64)
        .map(|_| {
            let (client, url, body, left) = (client.clone(), url.to_owned(), body.clone(), left.clone());
            tokio::spawn(async move {
                while left
                    .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
                    .is_ok()
                {
                    client.post(&url).body(body.clone()).send().await.unwrap();
                }
            })
        })
        .collect();
    for sender in senders {
        sender.await.unwrap();
    }
}

/// Measures the deliveries to the healthy endpoint while all events also go to an unreachable one.
async fn measure_with_unreachable_endpoint(
    test_bed: &TestBed,
    client: &reqwest::Client,
    dispatcher: &mut Dispatcher,
    count: &AtomicUsize,
    round: usize,
) -> Cost {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let unreachable_url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let unreachable = endpoint(test_bed, client, &unreachable_url).await;
    events(test_bed, client, &format!("X-{round}"), DELIVERIES).await;
    let wanted = count.load(Ordering::SeqCst) + DELIVERIES;
    let waiting = async {
        while count.load(Ordering::SeqCst) < wanted {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let cost = measure(async {
        tokio::select! {
            () = waiting => {}
            () = work_until(dispatcher, &test_bed.core, count, usize::MAX) => {}
        }
    })
    .await;
    let path = format!(
        "{}/api/v1/webhook-endpoints/{}",
        test_bed.url,
        unreachable["id"].as_str().unwrap()
    );
    client
        .delete(path)
        .bearer_auth(test_bed.key("erp"))
        .send()
        .await
        .unwrap();
    dispatcher.settle().await.unwrap();
    cost
}

pub async fn run(test_bed: &TestBed) -> Vec<Value> {
    let client = reqwest::Client::new();
    let hook = receiver().await;
    let created = endpoint(test_bed, &client, &hook.url).await;
    let outbound = guard::client(&settings()).unwrap();
    let mut dispatcher = Dispatcher::new(test_bed.core.clone(), outbound);
    let (mut measured, mut reference, mut with_unreachable, mut statements) = (vec![], vec![], vec![], vec![]);
    for round in 0..ROUNDS {
        events(test_bed, &client, &format!("D-{round}"), DELIVERIES).await;
        let wanted = hook.count.load(Ordering::SeqCst) + DELIVERIES;
        let before = ordinavo_core::statement_count();
        measured.push(measure(work_until(&mut dispatcher, &test_bed.core, &hook.count, wanted)).await);
        statements.push((ordinavo_core::statement_count() - before) as f64 / DELIVERIES as f64);
        reference.push(measure(bare(&client, &hook.url, DELIVERIES)).await);
        with_unreachable
            .push(measure_with_unreachable_endpoint(test_bed, &client, &mut dispatcher, &hook.count, round).await);
    }
    let mut rows = vec![
        line(
            test_bed.engine,
            "2,000 signed deliveries with attempt log, beside bare requests",
            "-",
            &measured,
            &reference,
            false,
        ),
        figure(
            test_bed.engine,
            "Deliveries a second to a loopback receiver",
            "3x Svix (3,258/s)",
            DELIVERIES as f64 / median(measured.iter().map(|cost| cost.wall.as_secs_f64()).collect()),
            "/s",
        ),
        figure(
            test_bed.engine,
            "SQL statements for each delivery",
            "2",
            median(statements),
            "",
        ),
    ];

    rows.push(line(
        test_bed.engine,
        "2,000 deliveries with a dead endpoint beside the healthy one",
        "no slowdown",
        &with_unreachable,
        &measured,
        false,
    ));

    // The latency of single events, from the transaction to the receiver.
    hook.latencies.lock().unwrap().clear();
    let wanted = hook.count.load(Ordering::SeqCst) + TIMED;
    let importing = async {
        for number in 0..TIMED {
            let body = json!({ "externalId": format!("T-{number}") });
            let response = client
                .post(format!("{}/api/v1/targets", test_bed.url))
                .bearer_auth(test_bed.key("erp"))
                .json(&body)
                .send()
                .await
                .unwrap();
            assert!(response.status().is_success());
        }
    };
    tokio::join!(
        importing,
        work_until(&mut dispatcher, &test_bed.core, &hook.count, wanted)
    );
    let latencies: Vec<f64> = hook
        .latencies
        .lock()
        .unwrap()
        .iter()
        .map(|seconds| seconds * 1000.0)
        .collect();
    rows.push(figure(
        test_bed.engine,
        "Event to first attempt, imports one after another: p50",
        "15 ms",
        quantile(&latencies, 0.5),
        "ms",
    ));
    rows.push(figure(
        test_bed.engine,
        "Event to first attempt, imports one after another: p99",
        "100 ms",
        quantile(&latencies, 0.99),
        "ms",
    ));
    assert!(created["id"].is_string());
    rows
}
