//! Imports compared to raw database writes: single, in batches, and mapping resolution without an import.

use ordinavo_core::imports::worker;
use serde_json::{Value, json};

use crate::ROUNDS;
use crate::measure::{line, measure};
use crate::test_bed::TestBed;

/// Single imports per round.
const SINGLE: usize = 200;
/// Rows that an import writes: target, item, timeline, event, audit.
const ROWS: usize = 5;

async fn post(test_bed: &TestBed, path: &str, key: Option<String>, body: &Value) -> Value {
    let mut request = http_client()
        .post(format!("{}{path}", test_bed.url))
        .bearer_auth(test_bed.key("erp"))
        .json(body);
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    let response = request.send().await.unwrap();
    assert!(response.status().is_success(), "{}", response.text().await.unwrap());
    response.json().await.unwrap()
}

fn http_client() -> &'static reqwest::Client {
    static CLIENT: std::sync::OnceLock<reqwest::Client> = std::sync::OnceLock::new();
    CLIENT.get_or_init(reqwest::Client::new)
}

fn import(external_id: String) -> Value {
    json!({ "externalId": external_id, "customer": { "externalId": "CUST-10042" }, "location": { "externalId": "LOC-ESSEN-01" } })
}

pub async fn run(test_bed: &TestBed) -> Vec<Value> {
    let (mut single, mut single_raw, mut batch, mut batch_raw, mut resolve, mut resolve_raw) =
        (vec![], vec![], vec![], vec![], vec![], vec![]);
    for round in 0..ROUNDS {
        single.push(
            measure(async {
                for number in 0..SINGLE {
                    post(
                        test_bed,
                        "/api/v1/targets",
                        None,
                        &import(format!("S-{round}-{number}")),
                    )
                    .await;
                }
            })
            .await,
        );
        single_raw.push(measure(test_bed.raw.insert(SINGLE, false)).await);
        batch.push(
            measure(async {
                for half in 0..2 {
                    let items: Vec<Value> = (0..500)
                        .map(|number| import(format!("B-{round}-{half}-{number}")))
                        .collect();
                    post(
                        test_bed,
                        "/api/v1/targets/batch",
                        Some(format!("{round}-{half}")),
                        &json!({ "items": items }),
                    )
                    .await;
                }
                while worker::run_next(&test_bed.core).await.unwrap() {}
            })
            .await,
        );
        batch_raw.push(
            measure(async {
                for _ in 0..2 {
                    test_bed.raw.insert(500 * ROWS, true).await;
                }
            })
            .await,
        );
        resolve.push(
            measure(async {
                let body =
                    json!({ "customer": { "externalId": "CUST-10042" }, "location": { "externalId": "LOC-ESSEN-01" } });
                for _ in 0..SINGLE {
                    post(test_bed, "/api/v1/mappings/resolve", None, &body).await;
                }
            })
            .await,
        );
        resolve_raw.push(measure(test_bed.raw.read(SINGLE)).await);
    }
    vec![
        line(
            test_bed.engine,
            "Import, one after another, over HTTP, beside a raw row",
            "4x",
            &single,
            &single_raw,
            false,
        ),
        line(
            test_bed.engine,
            "1,000 imports in two batches, beside 5,000 raw rows",
            "12x",
            &batch,
            &batch_raw,
            false,
        ),
        line(
            test_bed.engine,
            "Mapping resolved over HTTP, beside a raw row read",
            "-",
            &resolve,
            &resolve_raw,
            false,
        ),
    ]
}
