//! Page loads whose visitor goes away beside writes: no connection of the pool keeps a transaction of an aborted load.

use std::sync::Arc;
use std::time::Duration;

use ordinavo_core::Engine;
use reqwest::StatusCode;
use rstest::rstest;
use serde_json::json;

use crate::support::{World, world};

const PAGES: [&str; 4] = ["/app/inbox", "/app/board", "/app/customers", "/app/reports"];

/// Aborts page loads after 0 to 6 ms while `imports` jobs are imported, and returns the imports that failed.
async fn abort_loads(world: &Arc<World>, loads: usize, imports: usize) -> Vec<String> {
    const BROWSERS: usize = 8;
    const IMPORTERS: usize = 4;
    let mut tasks = Vec::new();
    for number in 0..BROWSERS {
        let (world, browser) = (world.clone(), world.staff("nordlicht", "dispatcher").await);
        tasks.push(tokio::spawn(async move {
            for load in 0..loads / BROWSERS {
                let path = PAGES[load % PAGES.len()];
                let request = browser.get(format!("{}{path}", world.url)).send();
                let microseconds = u64::try_from((load * 7_919 + number * 104_729) % 6_000).unwrap();
                let _ = tokio::time::timeout(Duration::from_micros(microseconds), request).await;
            }
            Vec::new()
        }));
    }
    for importer in 0..IMPORTERS {
        let world = world.clone();
        tasks.push(tokio::spawn(async move {
            let mut failures = Vec::new();
            for number in 0..imports / IMPORTERS {
                let body = json!({
                    "externalId": format!("ABORT-{importer}-{number}"),
                    "customer": { "externalId": format!("ABORT-CUST-{}", number % 7), "name": "Aborted loads" },
                });
                let (status, body) = world.import("erp", &body).await;
                if status != StatusCode::CREATED {
                    failures.push(format!("{status} {body}"));
                }
            }
            failures
        }));
    }
    let mut failures = Vec::new();
    for task in tasks {
        failures.extend(task.await.unwrap());
    }
    failures
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn page_loads_aborted_beside_imports_cause_no_error(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let failures = abort_loads(&world, 600, 120).await;
    assert!(failures.is_empty(), "{} failed: {}", failures.len(), failures[0]);
    let browser = world.staff("nordlicht", "dispatcher").await;
    for path in PAGES {
        assert_eq!(world.get(&browser, path).await.0, StatusCode::OK, "{path}");
    }
}

#[rstest]
#[case::postgres(Engine::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes; make chaos runs it"]
async fn ten_thousand_page_loads_aborted_beside_imports_cause_no_error(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let failures = abort_loads(&world, 10_000, 1_500).await;
    assert!(failures.is_empty(), "{} failed: {}", failures.len(), failures[0]);
}
