//! `/readyz` names what is missing, and the server works again as soon as it is back.

use std::net::ToSocketAddrs as _;
use std::time::{Duration, Instant};

use ordinavo_core::Engine;
use reqwest::{Client, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::forwarder::{Forwarder, Link};
use crate::support::installation::{Installation, Process};
use crate::support::s3::{Mode, S3};
use crate::support::world;

/// More than the longest check.
const CHECK_LIMIT: Duration = Duration::from_secs(10);

struct Server {
    installation: Installation,
    client: Client,
    key: String,
    process: Process,
}

impl Server {
    async fn start(installation: Installation) -> Self {
        let book = installation.demo();
        let client = crate::support::client_builder()
            .timeout(Duration::from_secs(20))
            .build()
            .unwrap();
        Self {
            process: installation.start(&client).await,
            key: book["tenants"][0]["clients"][0]["apiKey"].as_str().unwrap().to_owned(),
            installation,
            client,
        }
    }

    async fn code(&self) -> (StatusCode, String) {
        let started = Instant::now();
        let answer = self.client.get(self.installation.url("/readyz")).send().await.unwrap();
        assert!(
            started.elapsed() < CHECK_LIMIT,
            "the check took {:?}",
            started.elapsed()
        );
        let status = answer.status();
        let body: Value = answer.json().await.unwrap();
        (status, body["status"].as_str().unwrap().to_owned())
    }

    async fn wait_for(&self, expected: &str) {
        let deadline = Instant::now() + Duration::from_secs(40);
        loop {
            let (status, code) = self.code().await;
            assert_eq!(status.is_success(), code == "ok");
            if code == expected {
                return;
            }
            assert!(Instant::now() < deadline, "{code} instead of {expected}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn import(&self, external_id: &str) -> StatusCode {
        self.client
            .post(self.installation.url("/api/v1/targets"))
            .bearer_auth(&self.key)
            .json(&json!({ "externalId": external_id }))
            .send()
            .await
            .unwrap()
            .status()
    }

    fn stop(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        std::fs::remove_dir_all(&self.installation.folder).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_local_part_missing_has_code_and_heals() {
    let server = Server::start(Installation::on_sqlite("ready-local")).await;
    let folder = server.installation.folder.clone();
    assert_eq!(server.import("READY-1").await, StatusCode::CREATED);
    for (part, code) in [
        ("ordinavo.db", "database_file_lost"),
        ("files", "files_unavailable"),
        ("secret.key", "key_unavailable"),
    ] {
        std::fs::rename(folder.join(part), folder.join("aside")).unwrap();
        server.wait_for(code).await;
        if part == "ordinavo.db" {
            // Acknowledging what only the deleted file contains would lose it.
            assert_eq!(server.import("READY-2").await, StatusCode::SERVICE_UNAVAILABLE);
        }
        std::fs::rename(folder.join("aside"), folder.join(part)).unwrap();
        server.wait_for("ok").await;
    }
    assert_eq!(server.import("READY-2").await, StatusCode::CREATED);
    let key = std::fs::read(folder.join("secret.key")).unwrap();
    let foreign = format!("1:{}=", "A".repeat(43));
    std::fs::write(folder.join("secret.key"), foreign).unwrap();
    server.wait_for("key_mismatch").await;
    std::fs::write(folder.join("secret.key"), key).unwrap();
    server.wait_for("ok").await;
    server.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_database_file_replaced_uses_new_file() {
    let installation = Installation::on_sqlite("ready-replaced");
    let folder = installation.folder.clone();
    let server = Server::start(installation).await;
    assert_eq!(server.import("READY-1").await, StatusCode::CREATED);
    let backup = folder.join("backup");
    let output = server
        .installation
        .command(&["backup", backup.to_str().unwrap()])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(server.import("READY-2").await, StatusCode::CREATED);
    let copy = std::fs::read_dir(&backup)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|extension| extension == "db"))
        .expect("the backup contains the database");

    // A new file beside the log of the old one is not touched.
    std::fs::rename(folder.join("ordinavo.db"), folder.join("aside")).unwrap();
    std::fs::copy(&copy, folder.join("ordinavo.db")).unwrap();
    server.wait_for("database_file_lost").await;
    assert_eq!(server.import("READY-3").await, StatusCode::SERVICE_UNAVAILABLE);
    std::fs::rename(folder.join("aside"), folder.join("ordinavo.db")).unwrap();
    server.wait_for("ok").await;

    for file in ["ordinavo.db", "ordinavo.db-wal", "ordinavo.db-shm"] {
        std::fs::remove_file(folder.join(file)).unwrap();
    }
    server.wait_for("database_file_lost").await;
    std::fs::copy(&copy, folder.join("ordinavo.db")).unwrap();
    server.wait_for("ok").await;
    // The copy contains the first import and not the second.
    assert_eq!(server.import("READY-1").await, StatusCode::OK);
    assert_eq!(server.import("READY-2").await, StatusCode::CREATED);
    server.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_silent_bucket_has_code_and_heals() {
    let bucket = S3::start().await;
    let variables = bucket.variables();
    let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let server = Server::start(Installation::on_sqlite("ready-bucket").with(&variables)).await;
    for mode in [Mode::Hangs, Mode::Fails] {
        bucket.set(mode);
        server.wait_for("files_unavailable").await;
        assert_eq!(server.import(&format!("READY-{mode:?}")).await, StatusCode::CREATED);
        bucket.set(Mode::Normal);
        server.wait_for("ok").await;
    }
    server.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_database_server_away_has_code_and_heals() {
    let Some(installation) = Installation::on_postgres("ready-away") else {
        return;
    };
    let address = installation.database().split(['@', '/']).nth(3).unwrap().to_owned();
    let forwarder = Forwarder::start(address.to_socket_addrs().unwrap().next().unwrap()).await;
    let server = Server::start(installation.with_database_at(forwarder.address)).await;
    for link in [Link::Down, Link::Silent] {
        forwarder.set(link);
        server.wait_for("database_unavailable").await;
        forwarder.set(Link::Up);
        server.wait_for("ok").await;
        assert_eq!(server.import(&format!("READY-{link:?}")).await, StatusCode::CREATED);
    }
    server.stop();
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn readiness_newer_schema_has_code_and_heals(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let wait_for = async |expected: &str| {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let answer = crate::support::client()
                .get(format!("{}/readyz", world.url))
                .send()
                .await
                .unwrap();
            let body: Value = answer.json().await.unwrap();
            if body["status"] == expected {
                return;
            }
            assert!(Instant::now() < deadline, "{body}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    wait_for("ok").await;
    world
        .sql(
            "INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) \
             SELECT 9999, 'later', installed_on, success, checksum, 1 FROM _sqlx_migrations WHERE version = 1",
        )
        .await;
    wait_for("schema_newer").await;
    world.sql("DELETE FROM _sqlx_migrations WHERE version = 9999").await;
    wait_for("ok").await;
}
