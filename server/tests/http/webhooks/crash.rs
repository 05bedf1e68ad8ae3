//! `kill -9` of servers and workers under load: every event is delivered at least once, events in flight at most twice.
//! Both databases run in parallel, because most of the time is spent waiting for claims to expire.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::receiver::{Receiver, Reply};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

/// Number of kills, alternating between server and worker.
const KILL_COUNT: usize = 50;
/// Duration of a claim. A third delivery requires two kills with the same event in flight, one claim apart.
const CLAIM_DURATION: Duration = Duration::from_secs(60);
/// Time limit for all kills on slow machines.
const MAX_KILL_DURATION: Duration = Duration::from_secs(240);

struct Installation {
    folder: PathBuf,
    database: String,
    port: u16,
}

impl Installation {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ordinavo"));
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env("ORDINAVO_DATABASE_URL", &self.database)
            .env("ORDINAVO_FILES", format!("file://{}/files", self.folder.display()))
            .env("ORDINAVO_SECRET_KEY_FILE", self.folder.join("secret.key"))
            .env("ORDINAVO_LISTEN", format!("127.0.0.1:{}", self.port))
            .env("ORDINAVO_WEBHOOK_ALLOW_HTTP", "true")
            .env("ORDINAVO_WEBHOOK_ALLOW_NETS", "127.0.0.0/8")
            .env("ORDINAVO_WORKER", "false")
            .env("ORDINAVO_DATABASE_ALLOW_OWNER", "true")
            .env("ORDINAVO_LOG", "error")
            // Proxy variables are ignored: nothing listens there.
            .env("HTTP_PROXY", "http://127.0.0.1:9")
            .env("http_proxy", "http://127.0.0.1:9")
            .env("ALL_PROXY", "http://127.0.0.1:9");
        command
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn worker(&self) -> Child {
        self.command(&["worker"]).stdout(Stdio::null()).spawn().unwrap()
    }

    async fn server(&self, client: &Client) -> Child {
        let child = self.command(&["serve"]).stdout(Stdio::null()).spawn().unwrap();
        while !client
            .get(self.url("/readyz"))
            .send()
            .await
            .is_ok_and(|answer| answer.status() == StatusCode::OK)
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        child
    }
}

async fn kill_repeatedly(name: &'static str, database: String, folder: PathBuf) {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let installation = Arc::new(Installation { folder, database, port });
    let book = installation.command(&["demo", "--json", "--small"]).output().unwrap();
    assert!(book.status.success(), "{}", String::from_utf8_lossy(&book.stderr));
    let book: Value = serde_json::from_slice(&book.stdout).unwrap();
    let key = book["tenants"][0]["clients"][0]["apiKey"].as_str().unwrap().to_owned();
    let client = crate::support::client_builder()
        .no_proxy()
        .timeout(Duration::from_secs(10))
        .build()
        .unwrap();
    let receiver = Receiver::start().await;
    // Slow enough that a kill finds deliveries in flight.
    receiver.usually(|_| {
        std::thread::sleep(Duration::from_millis(2));
        Reply::status(204)
    });
    let mut server = installation.server(&client).await;
    let mut worker = installation.worker();
    let endpoint = client
        .post(installation.url("/api/v1/webhook-endpoints"))
        .bearer_auth(&key)
        .json(&json!({"url": receiver.url, "eventTypes": ["target.created"]}))
        .send()
        .await
        .unwrap();
    assert_eq!(endpoint.status(), StatusCode::CREATED);

    let acknowledged: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let over = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let importers: Vec<_> = (0..3)
        .map(|importer| {
            let (client, key, url, acknowledged, over) = (
                client.clone(),
                key.clone(),
                installation.url("/api/v1/targets"),
                acknowledged.clone(),
                over.clone(),
            );
            tokio::spawn(async move {
                for number in 0.. {
                    if over.load(std::sync::atomic::Ordering::Relaxed) {
                        return;
                    }
                    let external_id = format!("{name}-{importer}-{number}");
                    let body = json!({ "externalId": external_id });
                    let answer = client.post(&url).bearer_auth(&key).json(&body).send().await;
                    let Ok(answer) = answer else {
                        // The server is restarting.
                        tokio::time::sleep(Duration::from_millis(5)).await;
                        continue;
                    };
                    if answer.status() == StatusCode::CREATED {
                        acknowledged.lock().unwrap().insert(external_id);
                    }
                }
            })
        })
        .collect();
    let started = tokio::time::Instant::now();
    for kill in 0..KILL_COUNT {
        // Wait for deliveries between two kills, so that there is something to lose.
        let before = receiver.received().len();
        while receiver.received().len() < before + 3 {
            tokio::time::sleep(Duration::from_millis(2)).await;
            assert!(started.elapsed() < MAX_KILL_DURATION, "{name}: only {kill} kills");
        }
        if kill % 2 == 0 {
            worker.kill().unwrap();
            worker.wait().unwrap();
            worker = installation.worker();
        } else {
            server.kill().unwrap();
            server.wait().unwrap();
            server = installation.server(&client).await;
        }
    }
    // On a typical machine, all kills happen within the first claim.
    let most = if started.elapsed() < CLAIM_DURATION { 2 } else { 3 };
    over.store(true, std::sync::atomic::Ordering::Relaxed);
    for importer in importers {
        importer.await.unwrap();
    }
    let acknowledged = acknowledged.lock().unwrap().clone();
    assert!(acknowledged.len() > KILL_COUNT, "{name}: {}", acknowledged.len());

    // Events claimed by killed workers are sent when their claims expire.
    let deadline = tokio::time::Instant::now() + Duration::from_secs(150);
    let times = loop {
        let mut times: BTreeMap<String, (usize, BTreeSet<String>)> = BTreeMap::new();
        for one in receiver.received() {
            let id = one.json()["data"]["target"]["externalId"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            let entry = times.entry(id).or_default();
            entry.0 += 1;
            entry.1.insert(one.header("webhook-id"));
        }
        let missing = acknowledged.iter().filter(|id| !times.contains_key(*id)).count();
        if missing == 0 {
            break times;
        }
        assert!(
            tokio::time::Instant::now() < deadline,
            "{name}: {missing} of {} events did not arrive",
            acknowledged.len()
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    for (external_id, (count, ids)) in &times {
        assert!(*count <= most, "{name}: {external_id} received {count} times");
        assert_eq!(ids.len(), 1, "{name}: {external_id} has several webhook IDs");
    }
    for mut process in [server, worker] {
        process.kill().unwrap();
        process.wait().unwrap();
    }
    let doctor = installation.command(&["doctor"]).output().unwrap();
    assert!(
        doctor.status.success(),
        "{name}: {}",
        String::from_utf8_lossy(&doctor.stdout)
    );
    std::fs::remove_dir_all(&installation.folder).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn server_and_worker_killed_repeatedly_lose_no_event() {
    let folder = |name: &str| {
        let folder = std::env::temp_dir().join(format!("ordinavo-crash-webhooks-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        folder
    };
    let place = folder("sqlite");
    let mut running = vec![tokio::spawn(kill_repeatedly(
        "SQLITE",
        format!("sqlite://{}/ordinavo.db", place.display()),
        place,
    ))];
    if let Ok(server) = std::env::var("ORDINAVO_TEST_POSTGRES") {
        let name = format!("crash{}", std::process::id());
        let made = Command::new("psql")
            .args([server.as_str(), "-qc", &format!("CREATE DATABASE {name}")])
            .status()
            .unwrap();
        assert!(made.success());
        let (base, _) = server.rsplit_once('/').unwrap();
        running.push(tokio::spawn(kill_repeatedly(
            "POSTGRES",
            format!("{base}/{name}"),
            folder("postgres"),
        )));
    }
    for one in running {
        one.await.unwrap();
    }
}
