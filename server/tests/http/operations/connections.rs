//! Connections: limits, time limits and the end of the process.

use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use ordinavo::config::Config;
use ordinavo::public_limits::UploadPlaces;
use ordinavo_core::Engine;
use ordinavo_core::clock::Clock;
use reqwest::{Client, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use crate::support::installation::Installation;
use crate::support::{World, world_with};

/// Longer than any test.
const NEVER: &str = "24h";

async fn world(settings: impl Fn(&mut Config)) -> std::sync::Arc<World> {
    let settings = |config: &mut Config| {
        // Loopback is no proxy here.
        config.trusted_proxies = String::new();
        config.header_timeout = NEVER.to_owned();
        config.body_timeout = NEVER.to_owned();
        settings(config);
    };
    let world = world_with(Engine::Sqlite, Clock::system(), settings).await;
    world.expect("SQLite is always available")
}

/// Connects from `127.0.0.<last>`, a network of its own.
async fn connect(url: &str, last: u8) -> TcpStream {
    let server: SocketAddr = url.strip_prefix("http://").unwrap().parse().unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from(([127, 0, 0, last], 0))).unwrap();
    socket.connect(server).await.unwrap()
}

/// Opens a connection that sends half of a request.
async fn half_open(url: &str, last: u8) -> TcpStream {
    let mut stream = connect(url, last).await;
    // The server may already have given the place away.
    let _ = stream.write_all(b"GET /app/sign-in HTTP/1.1\r\nhost: x\r\n").await;
    stream
}

/// Waits until the server closes a connection, and returns what it sent.
async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut received = Vec::new();
    // A reset connection is closed, too.
    let _ = stream.read_to_end(&mut received).await;
    String::from_utf8_lossy(&received).into_owned()
}

fn browser_of(last: u8) -> Client {
    crate::support::client_builder()
        .local_address(std::net::IpAddr::from([127, 0, 0, last]))
        .build()
        .unwrap()
}

async fn page(world: &World, browser: &Client) -> StatusCode {
    let page = browser.get(format!("{}/app/sign-in", world.url)).send().await;
    page.unwrap().status()
}

#[tokio::test]
async fn half_open_connections_above_limit_leave_page_working() {
    let world = world(|config| (config.connections, config.connections_network) = (48, 8)).await;
    let mut attackers = Vec::new();
    for _ in 0..40 {
        attackers.push(half_open(&world.url, 2).await);
    }
    // The places of the network went to the latest connections.
    for attacker in &mut attackers[..32] {
        assert_eq!(read_to_end(attacker).await, "");
    }
    assert_eq!(page(&world, &browser_of(1)).await, StatusCode::OK, "another network");
    assert_eq!(page(&world, &browser_of(2)).await, StatusCode::OK, "the same network");
    for last in 3..90 {
        attackers.push(half_open(&world.url, last).await);
    }
    assert_eq!(
        page(&world, &browser_of(1)).await,
        StatusCode::OK,
        "no place left in all"
    );
}

#[tokio::test]
async fn connection_without_complete_request_head_is_closed() {
    let world = world(|config| config.header_timeout = "1s".to_owned()).await;
    for sent in ["", "GET", "GET /app/sign-in HTTP/1.1\r\nhost: x\r\n"] {
        let mut stream = connect(&world.url, 2).await;
        stream.write_all(sent.as_bytes()).await.unwrap();
        let answer = read_to_end(&mut stream).await;
        assert!(!answer.contains("200"), "{sent}: {answer}");
    }
}

#[tokio::test]
async fn tunnel_is_refused() {
    let world = world(|_| {}).await;
    let mut stream = connect(&world.url, 9).await;
    stream
        .write_all(b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let answer = read_to_end(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");
    assert!(answer.to_lowercase().contains("allow: get"), "{answer}");
    assert_eq!(page(&world, &browser_of(10)).await, StatusCode::OK);
}

#[tokio::test]
async fn request_body_below_minimum_rate_is_cut() {
    let world = world(|config| config.body_timeout = "1s".to_owned()).await;
    let stream = connect(&world.url, 2).await;
    let (mut reader, mut writer) = stream.into_split();
    let head = "POST /app/fn/sign-in HTTP/1.1\r\nhost: x\r\nsec-fetch-site: same-origin\r\ncontent-length: 100000\r\n\
                content-type: application/x-www-form-urlencoded\r\n\r\nemail=";
    writer.write_all(head.as_bytes()).await.unwrap();
    let trickle = tokio::spawn(async move {
        let mut interval = tokio::time::interval(Duration::from_millis(50));
        while writer.write_all(b"a").await.is_ok() {
            interval.tick().await;
        }
    });
    let mut answer = Vec::new();
    let _ = reader.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
    drop(reader);
    trickle.await.unwrap();
    assert_eq!(page(&world, &browser_of(2)).await, StatusCode::OK);
}

/// Sends a request head whose body never comes, and returns when the server waits for the body.
async fn stalled(url: &str, last: u8) -> TcpStream {
    let mut stream = connect(url, last).await;
    let head = "POST /app/fn/sign-in HTTP/1.1\r\nhost: x\r\nsec-fetch-site: same-origin\r\ncontent-length: 1000\r\n\
                content-type: application/x-www-form-urlencoded\r\nexpect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 25];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer[..], b"HTTP/1.1 100 Continue\r\n\r\n");
    stream
}

#[tokio::test]
async fn stalled_bodies_in_all_places_leave_page_working() {
    let world = world(|config| (config.connections, config.connections_network) = (12, 4)).await;
    // Somebody with a slow network, and three networks that take all other places.
    let mut slow = stalled(&world.url, 9).await;
    let mut attackers = Vec::new();
    for last in [2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4] {
        attackers.push(stalled(&world.url, last).await);
    }
    assert_eq!(page(&world, &browser_of(1)).await, StatusCode::OK, "another network");
    assert_eq!(page(&world, &browser_of(2)).await, StatusCode::OK, "the same network");
    let read = slow.try_read(&mut [0; 1]);
    assert!(
        matches!(&read, Err(error) if error.kind() == std::io::ErrorKind::WouldBlock),
        "the only connection of its network stays: {read:?}"
    );
    // Until a place is needed, slow clients are waited for.
    let closed = attackers
        .iter()
        .filter(|attacker| attacker.try_read(&mut [0; 1]).is_ok_and(|read| read == 0))
        .count();
    assert!((1..=3).contains(&closed), "{closed}");
    slow.write_all(&[b'a'; 1000]).await.unwrap();
    let mut answer = [0; 9];
    slow.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 ");
}

#[tokio::test]
async fn request_body_that_stalls_after_a_burst_is_cut() {
    let world = world(|config| config.body_timeout = "1s".to_owned()).await;
    let mut stream = connect(&world.url, 2).await;
    let head = "POST /app/fn/sign-in HTTP/1.1\r\nhost: x\r\nsec-fetch-site: same-origin\r\ncontent-length: 200000\r\n\
                content-type: application/x-www-form-urlencoded\r\n\r\nemail=";
    // At the minimum rate, it may take a minute.
    let burst = format!("{head}{}", "a".repeat(120_000));
    stream.write_all(burst.as_bytes()).await.unwrap();
    let answer = tokio::time::timeout(Duration::from_secs(20), read_to_end(&mut stream)).await;
    assert!(!answer.unwrap().starts_with("HTTP/1.1 2"));
}

/// Returns a frame of HTTP/2 (RFC 9113, section 4.1).
fn http2_frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

#[tokio::test]
async fn http2_response_that_client_does_not_allow_ends_connection() {
    let world = world(|config| config.response_timeout = "1s".to_owned()).await;
    let mut stream = connect(&world.url, 2).await;
    // SETTINGS with INITIAL_WINDOW_SIZE 0: no byte of a response may be sent.
    let settings = http2_frame(4, 0, 0, &[0, 4, 0, 0, 0, 0]);
    // HEADERS: GET, http, a path and an authority (RFC 7541, appendix A), without a body.
    let path = b"/app/sign-in";
    let length = u8::try_from(path.len()).unwrap();
    let headers = [&[0x82, 0x86, 0x04, length], &path[..], &[0x41, 1, b'x']].concat();
    let request = http2_frame(1, 0x5, 1, &headers);
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    stream
        .write_all(&[&preface[..], &settings, &request].concat())
        .await
        .unwrap();
    let mut received = Vec::new();
    let closed = stream.read_to_end(&mut received);
    let closed = tokio::time::timeout(Duration::from_secs(15), closed).await;
    assert!(closed.is_ok(), "{} bytes", received.len());
    assert!(received.len() > 50, "the response was begun");
}

#[tokio::test]
async fn uploads_of_an_account_wait_for_a_place() {
    let places = UploadPlaces::new(2);
    let taken = (places.acquire("account").await, places.acquire("account").await);
    assert!(taken.0.is_some() && taken.1.is_some());
    assert!(
        places.acquire("other").await.is_some(),
        "another account has its own places"
    );
    let (third, ()) = tokio::join!(places.acquire("account"), async { drop(taken) });
    assert!(third.is_some());
}

#[tokio::test]
async fn headers_of_untrusted_client_are_ignored() {
    let world = world(|_| {}).await;
    let answer = browser_of(2)
        .get(format!("{}/healthz", world.url))
        .header("x-request-id", "chosen-by-a-client")
        .send()
        .await
        .unwrap();
    assert_ne!(answer.headers()["x-request-id"], "chosen-by-a-client");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_sent_requests_do_not_keep_server_from_stopping() {
    let installation =
        Installation::on_sqlite("stop").with(&[("ORDINAVO_HEADER_TIMEOUT", NEVER), ("ORDINAVO_BODY_TIMEOUT", NEVER)]);
    let client = crate::support::client();
    let mut server = installation.start(&client).await;
    let url = installation.url("");
    let _silent = connect(&url, 1).await;
    let _head = half_open(&url, 1).await;
    let mut body = connect(&url, 1).await;
    let head = "POST /api/v1/oauth/token HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\
                content-type: application/x-www-form-urlencoded\r\n\r\ngrant_type=";
    body.write_all(head.as_bytes()).await.unwrap();
    // The server has read the head once it answers a later request.
    client.get(installation.url("/healthz")).send().await.unwrap();
    let started = Instant::now();
    let signalled = Command::new("kill")
        .args(["-TERM", &server.id().to_string()])
        .status()
        .unwrap();
    assert!(signalled.success());
    let status = tokio::task::spawn_blocking(move || server.wait())
        .await
        .unwrap()
        .unwrap();
    assert!(status.success());
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
    std::fs::remove_dir_all(&installation.folder).unwrap();
}
