//! Imports beside the raw database: one after another, in batches, and the question without an import.

use ordinavo_core::imports::worker;
use serde_json::{Value, json};

use crate::ROUNDS;
use crate::measure::{line, measure};
use crate::stand::Stand;

/// Single imports in each round.
const SINGLE: usize = 200;
/// Rows that an import writes: target, item, timeline, event, audit.
const ROWS: usize = 5;

async fn post(stand: &Stand, path: &str, key: Option<String>, body: &Value) -> Value {
    let mut request = reqwest_client()
        .post(format!("{}{path}", stand.url))
        .bearer_auth(stand.key("erp"))
        .json(body);
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    let answer = request.send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    answer.json().await.unwrap()
}

fn reqwest_client() -> &'static reqwest::Client {
    static CLIENT: std::sync::OnceLock<reqwest::Client> = std::sync::OnceLock::new();
    CLIENT.get_or_init(reqwest::Client::new)
}

fn import(external_id: String) -> Value {
    json!({ "externalId": external_id, "customer": { "externalId": "CUST-10042" }, "location": { "externalId": "LOC-ESSEN-01" } })
}

pub async fn run(stand: &Stand) -> Vec<Value> {
    let (mut single, mut single_raw, mut batch, mut batch_raw, mut resolve, mut resolve_raw) =
        (vec![], vec![], vec![], vec![], vec![], vec![]);
    for round in 0..ROUNDS {
        single.push(
            measure(async {
                for number in 0..SINGLE {
                    post(stand, "/api/v1/targets", None, &import(format!("S-{round}-{number}"))).await;
                }
            })
            .await,
        );
        single_raw.push(measure(stand.raw.insert(SINGLE, false)).await);
        batch.push(
            measure(async {
                for half in 0..2 {
                    let items: Vec<Value> = (0..500)
                        .map(|number| import(format!("B-{round}-{half}-{number}")))
                        .collect();
                    post(
                        stand,
                        "/api/v1/targets/batch",
                        Some(format!("{round}-{half}")),
                        &json!({ "items": items }),
                    )
                    .await;
                }
                while worker::run_next(&stand.core).await.unwrap() {}
            })
            .await,
        );
        batch_raw.push(
            measure(async {
                for _ in 0..2 {
                    stand.raw.insert(500 * ROWS, true).await;
                }
            })
            .await,
        );
        resolve.push(
            measure(async {
                let body =
                    json!({ "customer": { "externalId": "CUST-10042" }, "location": { "externalId": "LOC-ESSEN-01" } });
                for _ in 0..SINGLE {
                    post(stand, "/api/v1/mappings/resolve", None, &body).await;
                }
            })
            .await,
        );
        resolve_raw.push(measure(stand.raw.read(SINGLE)).await);
    }
    vec![
        line(
            stand.engine,
            "Import, one after another, over HTTP, beside a raw row",
            "4x",
            &single,
            &single_raw,
            false,
        ),
        line(
            stand.engine,
            "1,000 imports in two batches, beside 5,000 raw rows",
            "12x",
            &batch,
            &batch_raw,
            false,
        ),
        line(
            stand.engine,
            "Mapping resolved over HTTP, beside a raw row read",
            "-",
            &resolve,
            &resolve_raw,
            false,
        ),
    ]
}
