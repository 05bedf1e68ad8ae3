//! A worker that stops gives its claims back: another one goes on without waiting for them to expire. The clock stands still.

use std::net::ToSocketAddrs as _;
use std::process::Command;
use std::time::{Duration, Instant};

use ordinavo_core::Engine;
use ordinavo_core::clock::Clock;
use ordinavo_core::imports::worker as importer;
use ordinavo_core::suggestions::run as planner;
use reqwest::StatusCode;
use rstest::rstest;
use serde_json::json;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

use crate::support::forwarder::{Forwarder, Link};
use crate::support::installation::{Installation, Process, free_port};
use crate::support::receiver::{Receiver, Reply};
use crate::support::world_with;

fn still() -> Clock {
    #[expect(clippy::disallowed_methods, reason = "the manual clock starts at the system time")]
    Clock::manual(chrono::Utc::now())
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn worker_stopped_with_claims_gives_them_back(#[case] engine: Engine) {
    let Some(world) = world_with(engine, still(), |config| config.worker = false).await else {
        return;
    };
    let stop = || std::future::ready(());

    let (status, job) = world
        .batch("erp", "stop", &json!({ "items": [{ "externalId": "STOP-1" }] }))
        .await;
    assert_eq!(status, StatusCode::ACCEPTED, "{job}");
    assert!(importer::run_next_until(&world.core, stop()).await.unwrap());
    while importer::run_next(&world.core).await.unwrap() {}
    assert_eq!(world.wait_for_job("erp", &job).await["status"], "completed");

    let dispatcher = world.staff("nordlicht", "dispatcher").await;
    world
        .send(&dispatcher, "/app/fn/suggest-routes", &[("date", "2027-02-16")])
        .await;
    assert!(planner::run_next_until(&world.core, stop()).await.unwrap());
    assert!(
        planner::run_next(&world.core).await.unwrap(),
        "the suggestion is queued again"
    );
    assert!(!planner::run_next(&world.core).await.unwrap());

    let receiver = Receiver::start().await;
    world
        .endpoint("erp", &receiver.url, &["target.created"], json!({}))
        .await;
    receiver.next([Reply {
        hangs: true,
        ..Reply::status(204)
    }]);
    world.new_target("STOP-2").await;
    let mut stopping = world.dispatcher();
    assert_eq!(stopping.turn().await.unwrap().claimed, 1);
    receiver.wait_for(1).await;
    stopping.release().await.unwrap();
    world.settle().await;
    assert_eq!(receiver.received().len(), 2);
    receiver.release();
}

/// Stops a worker process with SIGTERM, and asserts that it ends in time.
async fn stop_in_time(mut worker: Process) {
    let started = Instant::now();
    let pid = worker.id().to_string();
    let signalled = Command::new("kill").args(["-TERM", &pid]).status().unwrap();
    assert!(signalled.success());
    let status = tokio::task::spawn_blocking(move || worker.wait())
        .await
        .unwrap()
        .unwrap();
    assert!(status.success(), "{status}");
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
}

/// Starts a worker process, and waits until it is ready.
pub(super) async fn start_worker(installation: &Installation, ops: &str) -> Process {
    let mut command = installation.command(&["worker"]);
    let worker = Process(command.env("ORDINAVO_OPS_LISTEN", ops).spawn().unwrap());
    let client = crate::support::client();
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let answer = client.get(format!("http://{ops}/readyz")).send().await;
        if answer.is_ok_and(|answer| answer.status() == StatusCode::OK) {
            return worker;
        }
        assert!(Instant::now() < deadline, "the worker is not ready");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn worker_process_stops_in_time_and_ends_silent_connections() {
    let installation = Installation::on_sqlite("worker-stop");
    assert!(installation.run(&["migrate", "--create"]).0.success());
    let ops = format!("127.0.0.1:{}", free_port());
    let installation = installation.with(&[("ORDINAVO_HEADER_TIMEOUT", "1s")]);
    let worker = start_worker(&installation, &ops).await;
    // A client that sends nothing does not hold a place of the operations listener.
    let mut silent = TcpStream::connect(&ops).await.unwrap();
    let closed = tokio::time::timeout(Duration::from_secs(10), silent.read(&mut [0; 16])).await;
    assert!(matches!(closed, Ok(Ok(0) | Err(_))), "{closed:?}");
    stop_in_time(worker).await;
    std::fs::remove_dir_all(&installation.folder).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn worker_process_stops_in_time_while_its_database_is_silent() {
    let Some(installation) = Installation::on_postgres("worker-silent") else {
        return;
    };
    assert!(installation.run(&["migrate", "--create"]).0.success());
    let address = installation.database().split(['@', '/']).nth(3).unwrap().to_owned();
    let forwarder = Forwarder::start(address.to_socket_addrs().unwrap().next().unwrap()).await;
    let ops = format!("127.0.0.1:{}", free_port());
    let installation = installation.with_database_at(forwarder.address);
    let worker = start_worker(&installation, &ops).await;
    forwarder.set(Link::Silent);
    stop_in_time(worker).await;
    std::fs::remove_dir_all(&installation.folder).unwrap();
}
