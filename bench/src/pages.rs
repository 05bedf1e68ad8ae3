//! Lists: a page of the staff app compared to a minimal one, and API pages of a source system with many rows.

use axum::Router;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use leptos::prelude::*;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::ROUNDS;
use crate::measure::{line, measure};
use crate::test_bed::TestBed;

/// Page views per round.
const PAGES: usize = 200;
/// Number of customers in the list of the staff app.
const CUSTOMERS: usize = 10_000;
/// Number of targets in the small API list.
const FEW: usize = 10_000;

/// Serves the same table without session, tenant and database, and returns its URL.
async fn serve_baseline_page() -> String {
    let router = Router::new().route(
        "/",
        get(|request: axum::extract::Request| {
            leptos_axum::render_app_async(|| {
                view! {
                    <table><tbody>
                        {(0..50).map(|row| view! { <tr><th><a href=format!("/app/customers/{row}")>{format!("Customer number {row}")}</a></th><td>{format!("NL-{row}")}</td><td>{row % 5}</td><td>{row % 3}</td></tr> }).collect_view()}
                    </tbody></table>
                }
            })(request)
        }),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

/// Requests a page `times` times, one after another.
pub async fn fetch(client: &reqwest::Client, url: &str, key: Option<&str>, times: usize) {
    for _ in 0..times {
        let mut request = client
            .get(url)
            .header("accept", if key.is_some() { "application/json" } else { "text/html" });
        if let Some(key) = key {
            request = request.bearer_auth(key);
        }
        let response = request.send().await.unwrap();
        assert!(response.status().is_success());
        response.bytes().await.unwrap();
    }
}

/// Returns a cursor in the middle of the list: that of the first page with another time.
async fn middle_cursor(api: &reqwest::Client, targets: &str, key: &str, many: usize) -> String {
    let page: Value = api
        .get(targets)
        .bearer_auth(key)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let cursor = URL_SAFE_NO_PAD.decode(page["nextCursor"].as_str().unwrap()).unwrap();
    let mut cursor: Value = serde_json::from_slice(&cursor).unwrap();
    let micros = (1_700_000_000 + many as i64 / 2) * 1_000_000;
    cursor["p"] = json!([micros.to_string(), "tgt_00000000000000000000000000"]);
    URL_SAFE_NO_PAD.encode(cursor.to_string())
}

pub async fn run(test_bed: &TestBed, many: usize) -> Vec<Value> {
    let rows: Vec<String> = (0..CUSTOMERS)
        .map(|number| {
            let id = format!("{:032x}", (number as u128 + 1) << 64);
            let id = if test_bed.engine == "sqlite" { format!("x'{id}'") } else { format!("'{id}'::uuid") };
            format!("((SELECT id FROM tenant WHERE slug = 'nordlicht'), {id}, 'B-{number}', 'Bench {number:06}', 'Bench {number:06}', 'bench {number:06}', '2026-01-01T00:00:00+00:00', '2026-01-01T00:00:00+00:00')")
        })
        .collect();
    for chunk in rows.chunks(500) {
        let sql = format!(
            "INSERT INTO customer (tenant_id, id, customer_number, number_key, name, name_key, created_at, updated_at) VALUES {}",
            chunk.join(",")
        );
        test_bed.raw.run(&sql).await;
    }
    let browser = test_bed.dispatcher(0).await;
    let (baseline_url, list) = (serve_baseline_page().await, format!("{}/app/customers", test_bed.url));
    test_bed.fill_targets("erp", many).await;
    test_bed.fill_targets("partner-b", FEW).await;
    let api = reqwest::Client::new();
    let targets = format!("{}/api/v1/targets?limit=50", test_bed.url);
    let (erp, small) = (test_bed.key("erp"), test_bed.key("erp-strict"));
    let middle = format!("{targets}&cursor={}", middle_cursor(&api, &targets, &erp, many).await);
    test_bed.fill_targets("erp-strict", FEW).await;
    let (mut screen, mut baseline, mut first, mut deep, mut few) = (vec![], vec![], vec![], vec![], vec![]);
    fetch(&browser, &list, None, 20).await;
    fetch(&api, &middle, Some(&erp), 20).await;
    for _ in 0..ROUNDS {
        screen.push(measure(fetch(&browser, &list, None, PAGES)).await);
        baseline.push(measure(fetch(&browser, &baseline_url, None, PAGES)).await);
        first.push(measure(fetch(&api, &targets, Some(&erp), PAGES)).await);
        deep.push(measure(fetch(&api, &middle, Some(&erp), PAGES)).await);
        few.push(measure(fetch(&api, &targets, Some(&small), PAGES)).await);
    }
    vec![
        line(
            test_bed.engine,
            "List page: 50 of 10,000 customers, session and tenant",
            "4x its CPU",
            &screen,
            &baseline,
            true,
        ),
        line(
            test_bed.engine,
            &format!("API list: 50 of {many} targets, beside 50 of {FEW}"),
            "1.3x",
            &first,
            &few,
            true,
        ),
        line(
            test_bed.engine,
            &format!("API list: page in the middle of {many}, beside the first"),
            "flat",
            &deep,
            &first,
            true,
        ),
    ]
}
