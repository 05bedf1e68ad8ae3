//! Webhooks: from the commit to the first attempt, deliveries a second, statements for each, and a dead endpoint beside a
//! healthy one.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use ordinavo_core::imports::worker as importer;
use ordinavo_core::webhooks::dispatch::{Dispatcher, Turn};
use ordinavo_core::webhooks::guard;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::measure::{Cost, figure, line, measure, median, quantile};
use crate::stand::{Stand, settings};

/// Deliveries in each round.
const DELIVERIES: usize = 2_000;
/// Rounds of each side.
const ROUNDS: usize = 5;
/// Single events whose way is timed.
const TIMED: usize = 300;

struct Receiver {
    url: String,
    count: Arc<AtomicUsize>,
    late: Arc<Mutex<Vec<f64>>>,
}

async fn receiver() -> Receiver {
    let (count, late): (Arc<AtomicUsize>, Arc<Mutex<Vec<f64>>>) = Default::default();
    let (counting, timing) = (count.clone(), late.clone());
    let take = move |body: Bytes| {
        let (counting, timing) = (counting.clone(), timing.clone());
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
                timing.lock().unwrap().push(now - at.timestamp_micros() as f64 / 1e6);
            }
            counting.fetch_add(1, Ordering::SeqCst);
            axum::http::StatusCode::NO_CONTENT
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", post(take))).await });
    Receiver { url, count, late }
}

/// What a worker does, until the receiver has so many more.
async fn work_until(dispatcher: &mut Dispatcher, core: &ordinavo_core::Core, count: &AtomicUsize, wanted: usize) {
    while count.load(Ordering::SeqCst) < wanted || dispatcher.pending() > 0 {
        if dispatcher.turn().await.unwrap() == Turn::default() {
            let on_the_way = dispatcher.pending() > 0;
            tokio::select! {
                () = core.worker_woken() => {}
                () = dispatcher.something_returned(), if on_the_way => {}
                () = tokio::time::sleep(Duration::from_millis(20)) => {}
            }
        }
    }
}

async fn endpoint(stand: &Stand, client: &reqwest::Client, url: &str) -> Value {
    let body = json!({ "url": url, "eventTypes": ["target.created"] });
    let made = client
        .post(format!("{}/api/v1/webhook-endpoints", stand.url))
        .bearer_auth(stand.key("erp"))
        .json(&body)
        .send()
        .await
        .unwrap();
    assert!(made.status().is_success());
    made.json().await.unwrap()
}

/// So many events, one for each new target.
async fn events(stand: &Stand, client: &reqwest::Client, name: &str, count: usize) {
    for part in 0..count / 500 {
        let items: Vec<Value> = (0..500).map(|number| json!({ "externalId": format!("{name}-{part}-{number}"), "customer": { "externalId": "CUST-10042" } })).collect();
        let taken = client
            .post(format!("{}/api/v1/targets/batch", stand.url))
            .bearer_auth(stand.key("erp"))
            .header("idempotency-key", format!("{name}-{part}"))
            .json(&json!({ "items": items }))
            .send()
            .await
            .unwrap();
        assert!(taken.status().is_success());
        while importer::run_next(&stand.core).await.unwrap() {}
    }
}

/// The same requests without anything behind them: what receiver and HTTP client can do at most.
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

/// How long the healthy endpoint waits for its deliveries while every event goes to a dead one, too.
async fn beside_dead(
    stand: &Stand,
    client: &reqwest::Client,
    dispatcher: &mut Dispatcher,
    count: &AtomicUsize,
    round: usize,
) -> Cost {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dead_url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let dead = endpoint(stand, client, &dead_url).await;
    events(stand, client, &format!("X-{round}"), DELIVERIES).await;
    let wanted = count.load(Ordering::SeqCst) + DELIVERIES;
    let waiting = async {
        while count.load(Ordering::SeqCst) < wanted {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let cost = measure(async {
        tokio::select! {
            () = waiting => {}
            () = work_until(dispatcher, &stand.core, count, usize::MAX) => {}
        }
    })
    .await;
    let path = format!(
        "{}/api/v1/webhook-endpoints/{}",
        stand.url,
        dead["id"].as_str().unwrap()
    );
    client.delete(path).bearer_auth(stand.key("erp")).send().await.unwrap();
    dispatcher.settle().await.unwrap();
    cost
}

pub async fn run(stand: &Stand) -> Vec<Value> {
    let client = reqwest::Client::new();
    let hook = receiver().await;
    let made = endpoint(stand, &client, &hook.url).await;
    let outbound = guard::client(&settings()).unwrap();
    let mut dispatcher = Dispatcher::new(stand.core.clone(), outbound);
    let (mut ours, mut beside, mut with_dead, mut statements) = (vec![], vec![], vec![], vec![]);
    for round in 0..ROUNDS {
        events(stand, &client, &format!("D-{round}"), DELIVERIES).await;
        let wanted = hook.count.load(Ordering::SeqCst) + DELIVERIES;
        let before = ordinavo_core::statements();
        ours.push(measure(work_until(&mut dispatcher, &stand.core, &hook.count, wanted)).await);
        statements.push((ordinavo_core::statements() - before) as f64 / DELIVERIES as f64);
        beside.push(measure(bare(&client, &hook.url, DELIVERIES)).await);
        with_dead.push(beside_dead(stand, &client, &mut dispatcher, &hook.count, round).await);
    }
    let mut rows = vec![
        line(
            stand.engine,
            "2,000 signed deliveries with attempt log, beside bare requests",
            "-",
            &ours,
            &beside,
            false,
        ),
        figure(
            stand.engine,
            "Deliveries a second to a loopback receiver",
            "3x Svix (3,258/s)",
            DELIVERIES as f64 / median(ours.iter().map(|cost| cost.wall.as_secs_f64()).collect()),
            "/s",
        ),
        figure(
            stand.engine,
            "SQL statements for each delivery",
            "2",
            median(statements),
            "",
        ),
    ];

    rows.push(line(
        stand.engine,
        "2,000 deliveries with a dead endpoint beside the healthy one",
        "no slowdown",
        &with_dead,
        &ours,
        false,
    ));

    // One event after another, from its transaction to the receiver.
    hook.late.lock().unwrap().clear();
    let wanted = hook.count.load(Ordering::SeqCst) + TIMED;
    let importing = async {
        for number in 0..TIMED {
            let body = json!({ "externalId": format!("T-{number}") });
            let answer = client
                .post(format!("{}/api/v1/targets", stand.url))
                .bearer_auth(stand.key("erp"))
                .json(&body)
                .send()
                .await
                .unwrap();
            assert!(answer.status().is_success());
        }
    };
    tokio::join!(importing, work_until(&mut dispatcher, &stand.core, &hook.count, wanted));
    let late: Vec<f64> = hook
        .late
        .lock()
        .unwrap()
        .iter()
        .map(|seconds| seconds * 1000.0)
        .collect();
    rows.push(figure(
        stand.engine,
        "Event to first attempt, imports one after another: p50",
        "15 ms",
        quantile(&late, 0.5),
        "ms",
    ));
    rows.push(figure(
        stand.engine,
        "Event to first attempt, imports one after another: p99",
        "100 ms",
        quantile(&late, 0.99),
        "ms",
    ));
    assert!(made["id"].is_string());
    rows
}
