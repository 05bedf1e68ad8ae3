//! `kill -9` of the real binary at any moment loses no acknowledged data.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::installation::Installation;
use reqwest::StatusCode;
use serde_json::{Value, json};

/// Items of the batch in each round: more than fit into one transaction.
const BATCH_ITEMS: usize = 150;

/// IDs of received deliveries, by target.
type Received = Arc<Mutex<BTreeMap<String, BTreeSet<String>>>>;

async fn receiver(received: Received) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let take = move |headers: http::HeaderMap, axum::Json(body): axum::Json<Value>| {
        let received = received.clone();
        async move {
            let target = body["data"]["target"]["id"].as_str().unwrap_or_default().to_owned();
            let id = headers["webhook-id"].to_str().unwrap().to_owned();
            received.lock().unwrap().entry(target).or_default().insert(id);
        }
    };
    let router = axum::Router::new().route("/hook", axum::routing::post(take));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn server_killed_repeatedly_loses_no_acknowledged_data() {
    kill_repeatedly("crash", 20, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes; make chaos runs it"]
async fn server_killed_a_thousand_times_loses_no_acknowledged_data() {
    kill_repeatedly("crash-thousand", 1_000, 25).await;
}

/// Kills a server under load; in every round of `rounds_per_batch`, a batch is accepted, too.
async fn kill_repeatedly(name: &str, kill_count: usize, rounds_per_batch: usize) {
    // Afterwards, thousands of records are read one by one.
    let rates = [
        ("ORDINAVO_API_RATE_CLIENT", "100000/100000"),
        ("ORDINAVO_API_RATE_TENANT", "100000/100000"),
    ];
    let installation = Installation::on_sqlite(name).with(&rates);
    let book = installation.command(&["demo", "--json", "--small"]).output().unwrap();
    let book: Value = serde_json::from_slice(&book.stdout).unwrap();
    let key = book["tenants"][0]["clients"][0]["apiKey"].as_str().unwrap().to_owned();
    let client = crate::support::client_builder()
        .timeout(Duration::from_secs(10))
        .build()
        .unwrap();
    let received: Received = Arc::default();
    let hook = receiver(received.clone()).await;

    let mut server = installation.start(&client).await;
    let endpoint = client
        .post(installation.url("/api/v1/webhook-endpoints"))
        .bearer_auth(&key)
        .json(&json!({"url": hook, "eventTypes": ["target.created"]}))
        .send()
        .await
        .unwrap();
    assert_eq!(endpoint.status(), StatusCode::CREATED);

    // Three partners import as fast as possible; the server is killed after a growing number of responses.
    let acknowledged: Arc<Mutex<BTreeMap<String, String>>> = Arc::default();
    let mut jobs = Vec::new();
    for round in 0..kill_count {
        // An accepted batch continues after the kill; one without a response may exist or not.
        let items: Vec<Value> = (0..BATCH_ITEMS)
            .map(|number| json!({"externalId": format!("CRASH-BATCH-{round}-{number}"), "customer": {"externalId": format!("CRASH-CUST-{round}"), "name": "Crash"}}))
            .collect();
        if round % rounds_per_batch == 0 {
            let taken = client
                .post(installation.url("/api/v1/targets/batch"))
                .bearer_auth(&key)
                .header("idempotency-key", format!("crash-{round}"))
                .json(&json!({ "items": items }))
                .send()
                .await;
            if let Ok(answer) = taken
                && answer.status() == StatusCode::ACCEPTED
            {
                jobs.push(answer.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned());
            }
        }
        let importers: Vec<_> = (0..3)
            .map(|importer| {
                let (client, key, url, acknowledged) = (client.clone(), key.clone(), installation.url("/api/v1/targets"), acknowledged.clone());
                tokio::spawn(async move {
                    for number in 0.. {
                        let external_id = format!("CRASH-{round}-{importer}-{number}");
                        let body = json!({"externalId": external_id, "customer": {"externalId": format!("CRASH-CUST-{round}"), "name": "Crash"}});
                        let Ok(answer) = client.post(&url).bearer_auth(&key).json(&body).send().await else { return };
                        let status = answer.status();
                        let Ok(body) = answer.json::<Value>().await else { return };
                        assert_eq!(status, StatusCode::CREATED, "{body}");
                        acknowledged.lock().unwrap().insert(external_id, body["targetId"].as_str().unwrap().to_owned());
                    }
                })
            })
            .collect();
        let enough = acknowledged.lock().unwrap().len() + 2 + round % 20;
        while acknowledged.lock().unwrap().len() < enough {
            tokio::task::yield_now().await;
        }
        server.kill().unwrap();
        server.wait().unwrap();
        for importer in importers {
            importer.await.unwrap();
        }
        server = installation.start(&client).await;
    }

    // Every acknowledged target exists once, and its event arrives at least once, always with the same ID.
    let acknowledged = acknowledged.lock().unwrap().clone();
    assert!(acknowledged.len() > 2 * kill_count);
    for (external_id, target) in &acknowledged {
        let found: Value = client
            .get(installation.url(&format!("/api/v1/targets/by-external-id/{external_id}")))
            .bearer_auth(&key)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        assert_eq!(found["id"].as_str(), Some(target.as_str()), "{external_id}");
    }
    assert!(!jobs.is_empty());
    for job in &jobs {
        let read = async |path: String| -> Value {
            let answer = client
                .get(installation.url(&path))
                .bearer_auth(&key)
                .send()
                .await
                .unwrap();
            answer.json().await.unwrap()
        };
        let deadline = tokio::time::Instant::now() + Duration::from_secs(90);
        let ended = loop {
            let found = read(format!("/api/v1/import-jobs/{job}")).await;
            if found["status"] == "completed" {
                break found;
            }
            assert!(tokio::time::Instant::now() < deadline, "{found}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        assert_eq!(ended["counts"]["created"], BATCH_ITEMS, "each item once: {ended}");
        let items = read(format!("/api/v1/import-jobs/{job}/items?limit=200")).await;
        let targets: BTreeSet<&str> = items["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["targetId"].as_str().unwrap())
            .collect();
        assert_eq!(targets.len(), BATCH_ITEMS);
    }
    let deadline = tokio::time::Instant::now() + Duration::from_secs(150);
    loop {
        let missing = acknowledged
            .values()
            .filter(|target| !received.lock().unwrap().contains_key(*target))
            .count();
        if missing == 0 {
            break;
        }
        assert!(
            tokio::time::Instant::now() < deadline,
            "{missing} of {} events did not arrive",
            acknowledged.len()
        );
        tokio::task::yield_now().await;
        let _ = client.get(installation.url("/healthz")).send().await;
    }
    assert!(
        received.lock().unwrap().values().all(|ids| ids.len() == 1),
        "one event, one id, however often it is sent"
    );
    server.kill().unwrap();
    server.wait().unwrap();

    // The database and the audit log pass the integrity checks.
    let doctor = installation.command(&["doctor"]).output().unwrap();
    assert!(doctor.status.success(), "{}", String::from_utf8_lossy(&doctor.stdout));
    std::fs::remove_dir_all(&installation.folder).unwrap();
}
