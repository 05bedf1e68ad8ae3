//! Lists: the page on screen beside a bare one, and pages of the API in a source with very many rows.

use axum::Router;
use axum::routing::get;
use base64::Engine as _;
use leptos::prelude::*;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::ROUNDS;
use crate::measure::{line, measure};
use crate::stand::Stand;

/// Requests of a page in each round.
const PAGES: usize = 200;
/// How many customers the list on screen pages through.
const CUSTOMERS: usize = 10_000;
/// The two sizes that API lists are compared at.
const FEW: usize = 10_000;

/// The same table, bare: no session, no tenant, no database.
async fn bare_page() -> String {
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

/// Asks for a page so many times, one after another.
pub async fn fetch(client: &reqwest::Client, url: &str, key: Option<&str>, times: usize) {
    for _ in 0..times {
        let mut request = client
            .get(url)
            .header("accept", if key.is_some() { "application/json" } else { "text/html" });
        if let Some(key) = key {
            request = request.bearer_auth(key);
        }
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success());
        answer.bytes().await.unwrap();
    }
}

pub async fn run(stand: &Stand, many: usize) -> Vec<Value> {
    let rows: Vec<String> = (0..CUSTOMERS)
        .map(|number| {
            let id = format!("{:032x}", (number as u128 + 1) << 64);
            let id = if stand.engine == "sqlite" { format!("x'{id}'") } else { format!("'{id}'::uuid") };
            format!("((SELECT id FROM tenant WHERE slug = 'nordlicht'), {id}, 'B-{number}', 'Bench {number:06}', 'Bench {number:06}', 'bench {number:06}', '2026-01-01T00:00:00+00:00', '2026-01-01T00:00:00+00:00')")
        })
        .collect();
    for chunk in rows.chunks(500) {
        let sql = format!(
            "INSERT INTO customer (tenant_id, id, customer_number, number_key, name, name_key, created_at, updated_at) VALUES {}",
            chunk.join(",")
        );
        stand.raw.run(&sql).await;
    }
    let browser = stand.dispatcher(0).await;
    let (bare, list) = (bare_page().await, format!("{}/app/customers", stand.url));
    stand.fill_targets("erp", many).await;
    stand.fill_targets("partner-b", FEW).await;
    let api = reqwest::Client::new();
    let targets = format!("{}/api/v1/targets?limit=50", stand.url);
    // A place in the middle of the list, as a cursor has it.
    let micros = (1_700_000_000 + many as i64 / 2) * 1_000_000;
    let middle = json!({ "f": "[]", "p": [micros.to_string(), "tgt_00000000000000000000000000"] }).to_string();
    let middle = format!(
        "{targets}&cursor={}",
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(middle)
    );
    let (erp, small) = (stand.key("erp"), stand.key("erp-strict"));
    stand.fill_targets("erp-strict", FEW).await;
    let (mut screen, mut beside, mut first, mut deep, mut few) = (vec![], vec![], vec![], vec![], vec![]);
    fetch(&browser, &list, None, 20).await;
    fetch(&api, &middle, Some(&erp), 20).await;
    for _ in 0..ROUNDS {
        screen.push(measure(fetch(&browser, &list, None, PAGES)).await);
        beside.push(measure(fetch(&browser, &bare, None, PAGES)).await);
        first.push(measure(fetch(&api, &targets, Some(&erp), PAGES)).await);
        deep.push(measure(fetch(&api, &middle, Some(&erp), PAGES)).await);
        few.push(measure(fetch(&api, &targets, Some(&small), PAGES)).await);
    }
    vec![
        line(
            stand.engine,
            "List page: 50 of 10,000 customers, session and tenant",
            "4x its CPU",
            &screen,
            &beside,
            true,
        ),
        line(
            stand.engine,
            &format!("API list: 50 of {many} targets, beside 50 of {FEW}"),
            "1.3x",
            &first,
            &few,
            true,
        ),
        line(
            stand.engine,
            &format!("API list: page in the middle of {many}, beside the first"),
            "flat",
            &deep,
            &first,
            true,
        ),
    ]
}
