//! With a full disk, writes are rejected, and the server recovers as soon as there is space.

use ordinavo_core::Engine;
use rstest::rstest;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::installation::{Installation, Process};
use crate::support::world;

/// Simulates SQLite on a full disk: the transaction is rolled back and the statement fails.
const ROLLBACK_TRIGGER: &str = "CREATE TRIGGER disk_full BEFORE INSERT ON target \
    BEGIN SELECT RAISE(ROLLBACK, 'database or disk is full'); END";

/// Simulates the same on PostgreSQL: the connection ends during the transaction.
const DISCONNECT_TRIGGER: &str = "CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS \
    $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$; \
    CREATE TRIGGER disk_full BEFORE INSERT ON target FOR EACH ROW EXECUTE FUNCTION disk_full()";

fn import(external_id: &str) -> Value {
    json!({ "externalId": external_id, "customer": { "externalId": "FULL-DISK", "name": "Full disk" } })
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn write_after_database_rollback_succeeds(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let is_sqlite = world.engine == "sqlite";
    world
        .sql(if is_sqlite {
            ROLLBACK_TRIGGER
        } else {
            DISCONNECT_TRIGGER
        })
        .await;
    for attempt in 0..3 {
        let (status, body) = world.import("erp", &import("FULL-1")).await;
        assert!(status.is_server_error(), "{} {attempt}: {status} {body}", world.engine);
    }
    world
        .sql(if is_sqlite {
            "DROP TRIGGER disk_full"
        } else {
            "DROP TRIGGER disk_full ON target"
        })
        .await;
    for external_id in ["FULL-1", "FULL-2"] {
        let (status, body) = world.import("erp", &import(external_id)).await;
        assert_eq!(status, StatusCode::CREATED, "{} {external_id}: {body}", world.engine);
    }
}

/// More than a worker imports before the disk is full.
const BATCH_ITEMS: usize = 400;

/// A small file system that only its own processes can see.
struct SmallDisk {
    folder: PathBuf,
    holder: Child,
}

impl SmallDisk {
    /// Mounts a tmpfs of this size in the mount namespace of a waiting process. Returns `None` if mounting is not
    /// possible.
    fn mount(megabytes: u32) -> Option<Self> {
        let folder = std::env::temp_dir().join(format!("ordinavo-small-disk-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let ready = folder.with_extension("ready");
        let _ = std::fs::remove_file(&ready);
        let script = format!(
            "mount -t tmpfs -o size={megabytes}m,mode=755 tmpfs {0} && touch {1} && exec sleep 600",
            folder.display(),
            ready.display()
        );
        let mut holder = Command::new("unshare")
            .args(["--user", "--map-root-user", "--mount", "sh", "-c", &script])
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        while !ready.exists() {
            if holder.try_wait().unwrap().is_some() {
                return None;
            }
            std::thread::yield_now();
        }
        Some(Self { folder, holder })
    }

    /// Returns a command that runs in the namespace, with the same user and mounts.
    fn inside(&self) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--preserve-credentials", "--user", "--mount", "--target"]);
        command.arg(self.holder.id().to_string());
        command
    }

    fn shell(&self, script: &str) {
        self.inside()
            .args(["sh", "-c", script])
            .stderr(Stdio::null())
            .status()
            .unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn server_on_full_disk_is_not_ready_and_recovers() {
    let Some(disk) = SmallDisk::mount(160) else {
        eprintln!("skipped: this machine mounts no file system for an unprivileged process");
        return;
    };
    let installation = Installation::on_sqlite("small-disk").inside(&disk.folder);
    let run = |arguments: &[&str]| {
        let plain = installation.command(arguments);
        let mut command = disk.inside();
        command.arg(plain.get_program()).args(plain.get_args());
        for (name, value) in plain.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        command
    };
    let book = run(&["demo", "--json", "--small"]).output().unwrap();
    let book: Value = serde_json::from_slice(&book.stdout).unwrap();
    let key = book["tenants"][0]["clients"][0]["apiKey"].as_str().unwrap();
    let mut server = Process(run(&["serve"]).stdout(Stdio::null()).spawn().unwrap());
    let client = crate::support::client_builder()
        .timeout(Duration::from_secs(10))
        .build()
        .unwrap();
    let ready = async || match client.get(installation.url("/readyz")).send().await {
        Ok(answer) => Some(answer.status()),
        Err(_) => None,
    };
    let until_ready = async |expected: StatusCode| {
        while ready().await != Some(expected) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let send = async |number: usize| {
        client
            .request(Method::POST, installation.url("/api/v1/targets"))
            .bearer_auth(key)
            .json(&import(&format!("SMALL-{number}")))
            .send()
            .await
            .unwrap()
            .status()
    };
    until_ready(StatusCode::OK).await;
    assert_eq!(send(0).await, StatusCode::CREATED);
    let items: Vec<Value> = (0..BATCH_ITEMS).map(|item| import(&format!("BATCH-{item}"))).collect();
    let accepted = client
        .post(installation.url("/api/v1/targets/batch"))
        .bearer_auth(key)
        .header("idempotency-key", "full-disk")
        .json(&json!({ "items": items }))
        .send()
        .await
        .unwrap();
    assert_eq!(accepted.status(), StatusCode::ACCEPTED);
    let accepted: Value = accepted.json().await.unwrap();
    disk.shell(&format!("cat /dev/zero > {}/filler", disk.folder.display()));
    let mut number = 1;
    while send(number).await == StatusCode::CREATED {
        number += 1;
    }
    assert_eq!(send(number).await, StatusCode::SERVICE_UNAVAILABLE);
    until_ready(StatusCode::SERVICE_UNAVAILABLE).await;
    disk.shell(&format!("rm {}/filler", disk.folder.display()));
    until_ready(StatusCode::OK).await;
    assert_eq!(send(number).await, StatusCode::CREATED);
    // The worker has not given up the job that it could not finish.
    let job = accepted["id"].as_str().unwrap();
    let completed = async {
        loop {
            let answer = client
                .get(installation.url(&format!("/api/v1/import-jobs/{job}")))
                .bearer_auth(key)
                .send();
            let answer: Value = answer.await.unwrap().json().await.unwrap();
            if answer["status"] == "completed" {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let answer = tokio::time::timeout(Duration::from_secs(120), completed).await.unwrap();
    assert_eq!(answer["counts"]["created"], BATCH_ITEMS, "{answer}");
    server.kill().unwrap();
    server.wait().unwrap();
}
