//! Mixed load: imports, batches, cancellations, forms with files, and page loads that are aborted. What a server
//! acknowledges is remembered; a request without an answer is sent again, as a partner would.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::intake::proof;
use ordinavo_core::secrets::{hex, sha256};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::cluster::Cluster;
use crate::support::SAME_ORIGIN;
use crate::support::forms::hidden;
use crate::support::public::COMPLETE;

const IMPORTERS: usize = 4;
const READERS: usize = 4;
const BATCH_ITEMS: usize = 30;

/// What the servers have acknowledged.
#[derive(Default)]
pub struct Acknowledged {
    /// External IDs of what was sent, acknowledged or not.
    pub sent: BTreeSet<String>,
    /// Batches that were sent.
    pub batches: usize,
    /// SHA-256 of the files of forms that were sent.
    pub sent_files: BTreeSet<String>,
    /// Target IDs by external ID.
    pub targets: BTreeMap<String, String>,
    /// External IDs of targets whose second import was acknowledged as an update.
    pub updated: BTreeSet<String>,
    /// IDs of cancelled targets.
    pub cancelled: BTreeSet<String>,
    /// Import jobs with the external IDs of their items.
    pub jobs: BTreeMap<String, Vec<String>>,
    /// SHA-256 of the files of submitted forms.
    pub files: BTreeSet<String>,
    /// Page loads: complete ones, and failures by status.
    pub pages: usize,
    pub failures: BTreeMap<u16, usize>,
    /// Answers that no client should get, such as 409 or 500.
    pub unexpected: Vec<String>,
}

impl fmt::Display for Acknowledged {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} targets, {} updates, {} cancellations, {} jobs, {} files, {} pages; failures by status {:?}",
            self.targets.len(),
            self.updated.len(),
            self.cancelled.len(),
            self.jobs.len(),
            self.files.len(),
            self.pages,
            self.failures
        )
    }
}

struct Shared {
    client: Client,
    urls: Vec<String>,
    key: String,
    next: AtomicUsize,
    over: AtomicBool,
    acknowledged: Mutex<Acknowledged>,
}

impl Shared {
    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// Returns the URL of a path on the next server.
    fn url(&self, path: &str) -> String {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        format!("{}{path}", self.urls[next % self.urls.len()])
    }

    fn record(&self, change: impl FnOnce(&mut Acknowledged)) {
        change(&mut self.acknowledged.lock().unwrap());
    }

    /// Sends a request of the API until it is answered with success, also after the end of the load.
    async fn until_success(&self, request: impl Fn() -> RequestBuilder) -> Option<(StatusCode, Value)> {
        // More than any outage.
        for _ in 0..600 {
            if let Ok(answer) = request().bearer_auth(&self.key).send().await {
                let status = answer.status();
                if let Ok(body) = answer.json::<Value>().await {
                    if status.is_success() {
                        return Some((status, body));
                    }
                    self.record(|known| {
                        *known.failures.entry(status.as_u16()).or_default() += 1;
                        if !matches!(status.as_u16(), 409 | 429 | 503) {
                            known.unexpected.push(format!("{status} {body}"));
                        }
                    });
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        self.record(|known| known.unexpected.push("a request was never answered".to_owned()));
        None
    }

    async fn import(&self, external_id: &str, notes: &str) -> Option<(StatusCode, Value)> {
        let body = json!({
            "externalId": external_id, "notes": notes,
            "customer": { "externalId": "CHAOS-CUST", "name": "Chaos" },
        });
        self.until_success(|| self.client.post(self.url("/api/v1/targets")).json(&body))
            .await
    }
}

async fn import_singles(shared: Arc<Shared>, importer: usize) {
    for number in 0.. {
        if shared.is_over() {
            return;
        }
        let external_id = format!("CHAOS-{importer}-{number}");
        shared.record(|known| {
            known.sent.insert(external_id.clone());
        });
        let Some((_, body)) = shared.import(&external_id, "first").await else {
            return;
        };
        let target = body["targetId"].as_str().unwrap().to_owned();
        shared.record(|known| {
            known.targets.insert(external_id.clone(), target.clone());
        });
        match number % 5 {
            1 => {
                let is_updated = shared.import(&external_id, "second").await.is_some();
                if is_updated {
                    shared.record(|known| {
                        known.updated.insert(external_id);
                    });
                }
            }
            2 => {
                let path = format!("/api/v1/targets/{target}/cancel");
                let key = format!("cancel-{external_id}");
                let cancelled = shared
                    .until_success(|| shared.client.post(shared.url(&path)).header("idempotency-key", &key))
                    .await;
                if cancelled.is_some() {
                    shared.record(|known| {
                        known.cancelled.insert(target);
                    });
                }
            }
            _ => {}
        }
    }
}

async fn import_batches(shared: Arc<Shared>) {
    for number in 0.. {
        if shared.is_over() {
            return;
        }
        let ids: Vec<String> = (0..BATCH_ITEMS).map(|item| format!("CHAOS-B{number}-{item}")).collect();
        let items: Vec<Value> = ids.iter().map(|id| json!({ "externalId": id })).collect();
        let (body, key) = (json!({ "items": items }), format!("batch-{number}"));
        shared.record(|known| {
            known.sent.extend(ids.iter().cloned());
            known.batches += 1;
        });
        let accepted = shared
            .until_success(|| {
                let request = shared.client.post(shared.url("/api/v1/targets/batch"));
                request.header("idempotency-key", &key).json(&body)
            })
            .await;
        let Some((_, job)) = accepted else { return };
        let job = job["id"].as_str().unwrap().to_owned();
        shared.record(|known| {
            known.jobs.insert(job, ids);
        });
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

async fn submit_forms(shared: Arc<Shared>) {
    for number in 0_u32.. {
        if shared.is_over() {
            return;
        }
        // Each visitor has an address of its own; a form needs three seconds.
        let address = format!("198.51.{}.{}", 100 + number / 250, 1 + number % 250);
        let page = shared
            .client
            .get(shared.url("/intake/nordlicht-service"))
            .header("x-forwarded-for", &address);
        let Ok(page) = page.send().await else { continue };
        let Some(ticket) = hidden(&page.text().await.unwrap_or_default(), "ticket") else {
            tokio::time::sleep(Duration::from_millis(200)).await;
            continue;
        };
        tokio::time::sleep(Duration::from_millis(3_100)).await;
        let number_of_proof = proof::search(&ticket, 0, u64::from(u32::MAX)).unwrap();
        let plan = format!("%PDF-1.7 plan {number} {ticket}").into_bytes();
        let hash = hex(&sha256(&plan));
        shared.record(|known| {
            known.sent_files.insert(hash.clone());
        });
        let mut form = Form::new()
            .text("ticket", ticket)
            .text("proof", number_of_proof.to_string());
        for (name, value) in COMPLETE {
            form = form.text(name, value);
        }
        let part = Part::bytes(plan)
            .file_name("plan.pdf")
            .mime_str("application/pdf")
            .unwrap();
        let sent = shared
            .client
            .post(shared.url("/intake/nordlicht-service"))
            .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
            .header("x-forwarded-for", &address)
            .header("accept", "text/html")
            .multipart(form.part("files", part))
            .send()
            .await;
        if let Ok(answer) = sent {
            let status = answer.status().as_u16();
            shared.record(|known| match status {
                303 => {
                    known.files.insert(hash);
                }
                status => *known.failures.entry(status).or_default() += 1,
            });
        }
    }
}

async fn load_pages(shared: Arc<Shared>, browser: Client, reader: usize) {
    const PAGES: [&str; 5] = [
        "/app/inbox",
        "/app/board",
        "/app/customers",
        "/app/reports",
        "/app/imports",
    ];
    for number in reader.. {
        if shared.is_over() {
            return;
        }
        let request = browser.get(shared.url(PAGES[number % PAGES.len()])).send();
        if number % 4 == 0 {
            if let Ok(answer) = request.await {
                let status = answer.status();
                shared.record(|known| {
                    if status == StatusCode::OK {
                        known.pages += 1;
                    } else {
                        *known.failures.entry(status.as_u16()).or_default() += 1;
                    }
                    if status == StatusCode::INTERNAL_SERVER_ERROR {
                        known.unexpected.push(format!("a page answers {status}"));
                    }
                });
            }
        } else {
            let microseconds = u64::try_from(number * 7_919 % 6_000).unwrap();
            let _ = tokio::time::timeout(Duration::from_micros(microseconds), request).await;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub struct Load {
    shared: Arc<Shared>,
    tasks: Vec<JoinHandle<()>>,
}

impl Load {
    pub async fn start(cluster: &Cluster) -> Self {
        let client = crate::support::client_builder()
            .timeout(Duration::from_secs(20))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let shared = Arc::new(Shared {
            client,
            urls: cluster.urls(),
            key: cluster.key().to_owned(),
            next: AtomicUsize::new(0),
            over: AtomicBool::new(false),
            acknowledged: Mutex::default(),
        });
        let account = &cluster.book["tenants"][0]["staff"][2];
        let browser = crate::support::client_builder()
            .timeout(Duration::from_secs(20))
            .cookie_store(true)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let signed_in = browser
            .post(shared.url("/app/fn/sign-in"))
            .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
            .header("accept", "text/html")
            .form(&[
                ("email", account["email"].as_str().unwrap()),
                ("password", account["password"].as_str().unwrap()),
            ])
            .send()
            .await
            .unwrap();
        assert_eq!(signed_in.status(), StatusCode::SEE_OTHER);
        let mut tasks = Vec::new();
        tasks.extend((0..IMPORTERS).map(|importer| tokio::spawn(import_singles(shared.clone(), importer))));
        tasks.extend((0..READERS).map(|reader| tokio::spawn(load_pages(shared.clone(), browser.clone(), reader))));
        tasks.push(tokio::spawn(import_batches(shared.clone())));
        tasks.push(tokio::spawn(submit_forms(shared.clone())));
        Self { shared, tasks }
    }

    /// Ends the load and returns what was acknowledged.
    pub async fn stop(self) -> Acknowledged {
        self.shared.over.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await.unwrap();
        }
        std::mem::take(&mut self.shared.acknowledged.lock().unwrap())
    }
}
