//! Ratios, measured interleaved (A B A B …) in one run: what the product costs beside the barest thing that could do the
//! same. `docs/decisions` and `README.md` quote what this prints; `bench/results.json` keeps it.
#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark is its own client and talks to the raw database on purpose"
)]
#![allow(clippy::unwrap_used, reason = "a benchmark may fail loudly")]

use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use leptos::prelude::*;
use ordinavo::config::Config;
use ordinavo::serve::{AppState, run_on};
use ordinavo_core::clock::Clock;
use ordinavo_core::files::FileStore;
use ordinavo_core::randomness::Randomness;
use ordinavo_core::secrets::Keyring;
use ordinavo_core::services::demo::{self, DemoSize};
use ordinavo_core::{Core, Store};
use serde_json::json;
use tokio::net::TcpListener;

/// How often each pair is measured.
const ROUNDS: usize = 7;
/// Requests of a page in each round.
const PAGES: usize = 200;
/// Imports in each round.
const IMPORTS: usize = 200;
/// How many customers the list pages through.
const CUSTOMERS: usize = 10_000;

/// What one side of a pair took.
#[derive(Clone, Copy)]
struct Cost {
    wall: Duration,
    cpu: Duration,
}

/// CPU time of this process so far, from `/proc/self/stat` (fields 14 and 15, in hundredths of a second).
fn cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = text.rsplit(") ").next().unwrap_or_default();
    let ticks: u64 = after
        .split(' ')
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    Duration::from_millis(ticks * 10)
}

async fn measure(work: impl Future<Output = ()>) -> Cost {
    let (started, before) = (Instant::now(), cpu());
    work.await;
    Cost {
        wall: started.elapsed(),
        cpu: cpu() - before,
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// One line of the table: the medians of both sides and of their ratios.
fn line(name: &str, goal: &str, ours: &[Cost], bare: &[Cost], by_cpu: bool) -> serde_json::Value {
    let pick = |cost: &Cost| {
        if by_cpu {
            cost.cpu.as_secs_f64()
        } else {
            cost.wall.as_secs_f64()
        }
    };
    let ratio = median(
        ours.iter()
            .zip(bare)
            .map(|(ours, bare)| pick(ours) / pick(bare).max(0.001))
            .collect(),
    );
    let of = |costs: &[Cost], part: fn(&Cost) -> Duration| {
        median(costs.iter().map(|cost| part(cost).as_secs_f64()).collect())
    };
    let row = json!({
        "what": name, "goal": goal, "ratio": ratio, "measure": if by_cpu { "cpu" } else { "wall" },
        "ours": { "wall": of(ours, |cost| cost.wall), "cpu": of(ours, |cost| cost.cpu) },
        "bare": { "wall": of(bare, |cost| cost.wall), "cpu": of(bare, |cost| cost.cpu) },
    });
    println!(
        "{name:<58} {ratio:>6.2}x   goal {goal:<22} ours {:.3}s wall {:.3}s cpu, bare {:.3}s wall {:.3}s cpu",
        of(ours, |cost| cost.wall),
        of(ours, |cost| cost.cpu),
        of(bare, |cost| cost.wall),
        of(bare, |cost| cost.cpu)
    );
    row
}

/// The same table, bare: no session, no tenant, no database.
async fn bare_page() -> String {
    let options = LeptosOptions::builder().output_name("bare").build();
    drop(options);
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

async fn fetch(client: &reqwest::Client, url: &str, times: usize) {
    for _ in 0..times {
        let answer = client.get(url).header("accept", "text/html").send().await.unwrap();
        assert!(answer.status().is_success());
        answer.bytes().await.unwrap();
    }
}

#[tokio::main]
async fn main() {
    let folder = std::env::temp_dir().join(format!("ordinavo-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("bench.db");
    let (clock, randomness) = (Clock::system(), Randomness::from_system());
    let store = Store::open(
        &format!("sqlite://{}", path.display()),
        clock.clone(),
        randomness.clone(),
    )
    .await
    .unwrap();
    store.migrate().await.unwrap();
    let keyring = Keyring::generate(&randomness);
    let core = Core::new(
        store,
        clock,
        randomness.clone(),
        Keyring::generate(&randomness),
        FileStore::open("memory:///").unwrap(),
        Default::default(),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let book = demo::fill(&core, &url, DemoSize::Small, false).await.unwrap();
    let config = Config {
        public_url: url.clone(),
        worker: false,
        ..Config::default()
    };
    tokio::spawn(run_on(
        listener,
        AppState::new(core, config, &keyring),
        std::future::pending(),
    ));
    let raw = sqlx::sqlite::SqlitePoolOptions::new()
        .max_connections(1)
        .connect_with(
            sqlx::sqlite::SqliteConnectOptions::new()
                .filename(&path)
                .synchronous(sqlx::sqlite::SqliteSynchronous::Full)
                .busy_timeout(Duration::from_secs(10)),
        )
        .await
        .unwrap();
    let (tenant,): (Vec<u8>,) = sqlx::query_as("SELECT id FROM tenant WHERE slug = 'nordlicht'")
        .fetch_one(&raw)
        .await
        .unwrap();
    let mut rows = raw.begin().await.unwrap();
    for number in 0..CUSTOMERS {
        let mut id = [0_u8; 16];
        id[..8].copy_from_slice(&(number as u64 + 1).to_be_bytes());
        sqlx::query("INSERT INTO customer (tenant_id, id, customer_number, number_key, name, name_key, created_at, updated_at) VALUES ($1, $2, $3, $3, $4, $5, 'x', 'x')")
            .bind(&tenant).bind(&id[..]).bind(format!("B-{number}")).bind(format!("Bench {number:06}")).bind(format!("bench {number:06}"))
            .execute(&mut *rows).await.unwrap();
    }
    rows.commit().await.unwrap();
    sqlx::raw_sql("CREATE TABLE bench_raw (id INTEGER PRIMARY KEY, body TEXT NOT NULL)")
        .execute(&raw)
        .await
        .unwrap();

    let nordlicht = &book.tenants[0];
    let account = nordlicht.staff("dispatcher").unwrap();
    let browser = reqwest::Client::builder().cookie_store(true).build().unwrap();
    browser
        .post(format!("{url}/app/fn/sign-in"))
        .header("accept", "text/html")
        .header("sec-fetch-site", "same-origin")
        .form(&[("email", &account.email), ("password", &account.password)])
        .send()
        .await
        .unwrap();
    let bare = bare_page().await;
    let list = format!("{url}/app/customers?q=bench");
    let key = nordlicht.client("erp").unwrap().api_key.clone();
    let api = reqwest::Client::new();

    let (mut page_ours, mut page_bare, mut import_ours, mut import_bare) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    fetch(&browser, &list, 20).await;
    fetch(&browser, &bare, 20).await;
    for round in 0..ROUNDS {
        page_ours.push(measure(fetch(&browser, &list, PAGES)).await);
        page_bare.push(measure(fetch(&browser, &bare, PAGES)).await);
        import_ours.push(measure(async {
            for number in 0..IMPORTS {
                let body = json!({"externalId": format!("B-{round}-{number}"), "customer": {"externalId": "CUST-10042"}, "location": {"externalId": "LOC-ESSEN-01"}});
                let answer = api.post(format!("{url}/api/v1/targets")).bearer_auth(&key).json(&body).send().await.unwrap();
                assert_eq!(answer.status().as_u16(), 201);
                answer.bytes().await.unwrap();
            }
        }).await);
        import_bare.push(
            measure(async {
                for number in 0..IMPORTS {
                    sqlx::query("INSERT INTO bench_raw (body) VALUES ($1)")
                        .bind(format!("{round}-{number}"))
                        .execute(&raw)
                        .await
                        .unwrap();
                }
            })
            .await,
        );
    }
    let rows = vec![
        line(
            "List page: 50 of 10,000 customers, session and tenant",
            "4x its CPU",
            &page_ours,
            &page_bare,
            true,
        ),
        line(
            "Import, one after another, over HTTP, beside a raw row",
            "4x (raw, same sync)",
            &import_ours,
            &import_bare,
            false,
        ),
    ];
    std::fs::write("bench/results.json", serde_json::to_string_pretty(&rows).unwrap()).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
}
