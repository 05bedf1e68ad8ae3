//! Floods of the size that an attacker sends, on the real binary. `make chaos` runs them; smaller ones run in every test.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use reqwest::{Client, StatusCode};
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};

use crate::support::SAME_ORIGIN;
use crate::support::installation::Installation;

/// Returns the resident memory of a process in bytes.
fn memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    let kilobytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kilobytes * 1024
}

/// Returns the size of the database with its log.
fn database_size(folder: &Path) -> u64 {
    ["ordinavo.db", "ordinavo.db-wal"]
        .into_iter()
        .filter_map(|name| std::fs::metadata(folder.join(name)).ok())
        .map(|file| file.len())
        .sum()
}

/// Returns the statuses of failed attempts to sign in, each from the network that `network` returns.
async fn failed_sign_ins(
    installation: &Installation,
    count: usize,
    at_once: usize,
    network: impl Fn(usize) -> String,
) -> Vec<StatusCode> {
    let client = crate::support::client_builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let url = installation.url("/app/fn/sign-in");
    futures::stream::iter(0..count)
        .map(|number| {
            let form = [
                ("email", format!("person-{number}@example.org")),
                ("password", "wrong password".to_owned()),
            ];
            let sent = client
                .post(&url)
                .header("accept", "text/html")
                .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
                .header("x-forwarded-for", network(number))
                .form(&form)
                .send();
            async move { sent.await.unwrap().status() }
        })
        .buffered(at_once)
        .collect()
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes; make chaos runs it"]
async fn flood_of_2000_failed_sign_ins_grows_database_by_less_than_1_mb() {
    let installation = Installation::on_sqlite("flood-sign-in");
    installation.demo();
    let _server = installation.start(&crate::support::client()).await;
    let before = database_size(&installation.folder);
    let network = |number: usize| format!("203.0.{}.{}", number / 250, number % 250 + 1);
    let statuses = failed_sign_ins(&installation, 2_000, 8, network).await;
    assert_eq!(statuses.len(), 2_000);
    // The log is emptied into the database, which is what stays.
    let folded = std::process::Command::new("python3")
        .args([
            "-c",
            "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('PRAGMA wal_checkpoint(TRUNCATE)')",
        ])
        .arg(installation.folder.join("ordinavo.db"))
        .status()
        .unwrap();
    assert!(folded.success());
    let grown = database_size(&installation.folder).saturating_sub(before);
    println!("2,000 failed sign-ins: the database has grown by {grown} bytes");
    assert!(grown < 1_000_000, "{grown}");
    std::fs::remove_dir_all(&installation.folder).unwrap();
}

async fn staff_browser(installation: &Installation, demo: &Value) -> Client {
    let account = demo["tenants"][0]["staff"]
        .as_array()
        .unwrap()
        .iter()
        .find(|account| account["role"] == "dispatcher")
        .unwrap();
    let browser = crate::support::client_builder().cookie_store(true).build().unwrap();
    let page = browser
        .post(installation.url("/app/fn/sign-in"))
        .header("accept", "text/html")
        .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
        .form(&[
            ("email", account["email"].as_str().unwrap()),
            ("password", account["password"].as_str().unwrap()),
        ])
        .send()
        .await
        .unwrap();
    assert_eq!(page.url().path(), "/app/today", "signed in");
    browser
}

/// Returns the 99th percentile of the time of a staff page.
async fn page_time(installation: &Installation, browser: &Client) -> Duration {
    let mut times = Vec::new();
    for _ in 0..200 {
        let started = Instant::now();
        let page = browser.get(installation.url("/app/inbox")).send().await.unwrap();
        assert_eq!(page.status(), StatusCode::OK);
        page.bytes().await.unwrap();
        times.push(started.elapsed());
    }
    times.sort_unstable();
    times[197]
}

/// Connects from `127.0.<third>.<last>`, a network of its own, and sends the beginning of a request.
async fn begin(installation: &Installation, number: usize, head: &str) -> TcpStream {
    let server: SocketAddr = installation.url("").strip_prefix("http://").unwrap().parse().unwrap();
    let from = [
        127,
        0,
        u8::try_from(number / 200 + 1).unwrap(),
        u8::try_from(number % 200 + 1).unwrap(),
    ];
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((from, 0))).unwrap();
    let mut stream = socket.connect(server).await.unwrap();
    // The server may close the connection at once.
    let _ = stream.write_all(head.as_bytes()).await;
    stream
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes; make chaos runs it"]
async fn flood_of_1100_half_open_connections_and_60_uploads_leaves_pages_fast() {
    let installation = Installation::on_sqlite("flood-sockets").with(&[("ORDINAVO_TRUSTED_PROXIES", "")]);
    let demo = installation.demo();
    let server = installation.start(&crate::support::client()).await;
    let browser = staff_browser(&installation, &demo).await;
    page_time(&installation, &browser).await;
    let (quiet, memory_before) = (page_time(&installation, &browser).await, memory(server.id()));
    let mut open = Vec::new();
    for number in 0..1_100 {
        open.push(begin(&installation, number, "GET /app/sign-in HTTP/1.1\r\nhost: x\r\n").await);
    }
    // 10 MB were announced and 2 MB sent; then nothing more.
    let head = "POST /intake/nordlicht-service HTTP/1.1\r\nhost: x\r\nsec-fetch-site: same-origin\r\ncontent-length: 10000000\r\n\
                content-type: multipart/form-data; boundary=x\r\n\r\n--x\r\ncontent-disposition: form-data; name=file; \
                filename=a.pdf\r\n\r\n";
    let sent = format!("{head}{}", "x".repeat(2_000_000));
    let uploads: Vec<_> = (0..60)
        .map(|number| {
            let (address, sent) = (installation.url(""), sent.clone());
            tokio::spawn(async move {
                let server: SocketAddr = address.strip_prefix("http://").unwrap().parse().unwrap();
                let socket = TcpSocket::new_v4().unwrap();
                socket.bind(SocketAddr::from(([127, 1, 0, number + 1], 0))).unwrap();
                let mut stream = socket.connect(server).await.unwrap();
                stream.write_all(sent.as_bytes()).await.unwrap();
                stream
            })
        })
        .collect();
    let uploads = futures::future::join_all(uploads).await;
    let flooded = page_time(&installation, &browser).await;
    let grown = memory(server.id()).saturating_sub(memory_before);
    for upload in uploads {
        // Neither answered nor closed: the server has waited for the rest all the time.
        let read = upload.unwrap().try_read(&mut [0; 64]);
        assert!(
            matches!(&read, Err(error) if error.kind() == std::io::ErrorKind::WouldBlock),
            "{read:?}"
        );
    }
    println!(
        "1,100 half-open connections and 60 stalled uploads: page p99 {quiet:?} before, {flooded:?} beside, {grown} bytes more memory"
    );
    assert!(flooded < quiet * 2 + Duration::from_millis(5), "{quiet:?} {flooded:?}");
    assert!(grown < 200_000_000, "{grown}");
    drop(open);
    std::fs::remove_dir_all(&installation.folder).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes; make chaos runs it"]
async fn flood_of_100_sign_ins_a_second_from_one_network_leaves_sign_in_open_for_others() {
    let installation = Installation::on_sqlite("flood-network");
    let demo = installation.demo();
    let _server = installation.start(&crate::support::client()).await;
    let flood = async {
        let mut refused = 0;
        for _ in 0..10 {
            let started = Instant::now();
            let statuses = failed_sign_ins(&installation, 100, 100, |_| "198.51.100.7".to_owned()).await;
            refused += statuses
                .iter()
                .filter(|status| **status == StatusCode::TOO_MANY_REQUESTS)
                .count();
            tokio::time::sleep_until((started + Duration::from_secs(1)).into()).await;
        }
        refused
    };
    let others = async {
        let mut slowest = Duration::ZERO;
        for _ in 0..10 {
            let started = Instant::now();
            staff_browser(&installation, &demo).await;
            slowest = slowest.max(started.elapsed());
        }
        slowest
    };
    let (refused, slowest) = tokio::join!(flood, others);
    println!(
        "100 sign-ins a second from one network: {refused} of 1,000 refused; the slowest of ten others took {slowest:?}"
    );
    assert!(refused > 500, "{refused}");
    assert!(slowest < Duration::from_secs(10), "{slowest:?}");
    std::fs::remove_dir_all(&installation.folder).unwrap();
}
