//! The processes and services of the installation.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use super::Fault;
use crate::support::installation::Installation;
use crate::support::raw::Raw;
use crate::support::receiver::Receiver;
use crate::support::s3::S3;

const SERVERS: usize = 3;
const WORKERS: usize = 2;

/// How long a server may take to stop. It promises 15 seconds; the machine is busy.
const STOP_LIMIT: Duration = Duration::from_secs(20);

/// The events that the receiver subscribes to.
pub const EVENT_TYPES: [&str; 3] = ["target.created", "target.updated", "target.cancelled"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A PostgreSQL server of its own, so that it can be restarted.
pub struct Postgres {
    folder: PathBuf,
    /// Whether the folder is a file system of its own.
    is_small_disk: bool,
    pub url: String,
}

/// Room for the database of a long run, and for its log.
const DISK_SIZE: &str = "size=2g,mode=755";

impl Postgres {
    fn start() -> Self {
        let folder = std::env::temp_dir().join(format!("ordinavo-chaos-postgres-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", DISK_SIZE, "tmpfs"]).arg(&folder);
        let is_small_disk = mount
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        let output = Self::script(&folder, "start").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self {
            url: String::from_utf8(output.stdout).unwrap().trim().to_owned(),
            folder,
            is_small_disk,
        }
    }

    fn filler(&self) -> PathBuf {
        self.folder.join("filler")
    }

    /// Fills the disk to the last byte.
    pub fn fill_disk(&self) {
        assert!(self.is_small_disk);
        let _ = Command::new("dd")
            .arg("if=/dev/zero")
            .arg(format!("of={}", self.filler().display()))
            .args(["bs=1M", "status=none"])
            .stderr(Stdio::null())
            .status();
    }

    pub fn free_disk(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }

    fn script(folder: &Path, action: &str) -> Command {
        let mut command = Command::new("xtask/postgres.sh");
        command.arg(action).current_dir(root()).env("TMPDIR", folder);
        command
    }

    pub async fn restart(&self) {
        let mut command = Self::script(&self.folder, "restart");
        let status = tokio::task::spawn_blocking(move || command.status()).await.unwrap();
        assert!(status.unwrap().success());
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let _ = Self::script(&self.folder, "stop").status();
        if self.is_small_disk {
            let _ = Command::new("umount").arg(&self.folder).status();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

struct Server {
    installation: Installation,
    process: Child,
}

pub struct Cluster {
    pub postgres: Postgres,
    pub s3: S3,
    pub receiver: Receiver,
    pub book: Value,
    pub installation: Installation,
    servers: Vec<Server>,
    workers: Vec<Child>,
    client: Client,
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for process in self.processes() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// Starts a server, whose log of all its lives is in the folder of the installation.
fn start_server(installation: &Installation) -> Child {
    let log = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(installation.folder.join("servers.log"))
        .unwrap();
    let mut command = installation.command(&["serve"]);
    command
        .env("ORDINAVO_WORKER", "false")
        .stdout(log.try_clone().unwrap())
        .stderr(log);
    command.spawn().unwrap()
}

const FAKE_TIME: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

/// Starts a worker, with its clock moved by `jump`.
fn start_worker(installation: &Installation, jump: Option<&str>) -> Child {
    let mut command = installation.command(&["worker"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    if let Some(jump) = jump {
        command
            .env("LD_PRELOAD", FAKE_TIME)
            .env("FAKETIME", jump)
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    }
    command.spawn().unwrap()
}

impl Cluster {
    pub async fn start() -> Self {
        let (postgres, s3, receiver) = (Postgres::start(), S3::start().await, Receiver::start().await);
        let mut variables = s3.variables();
        variables.extend([
            ("ORDINAVO_FILES_TIMEOUT", "2s".to_owned()),
            // The role of the test server owns the tables.
            ("ORDINAVO_DATABASE_ALLOW_OWNER", "true".to_owned()),
            ("ORDINAVO_API_RATE_CLIENT", "10000/10000".to_owned()),
            ("ORDINAVO_API_RATE_TENANT", "10000/10000".to_owned()),
            (
                "ORDINAVO_WEBHOOK_RETRY",
                "0s,1s,2s,2s,5s,5s,5s,10s,10s,10s,20s,20s".to_owned(),
            ),
        ]);
        let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let installation = Installation::on_sqlite("chaos")
            .with_database(&postgres.url)
            .with(&variables);
        let book = installation.demo();
        let client = crate::support::client_builder()
            .timeout(Duration::from_secs(10))
            .build()
            .unwrap();
        let servers = (0..SERVERS)
            .map(|_| {
                let installation = installation.another_server();
                let process = start_server(&installation);
                Server { installation, process }
            })
            .collect();
        let mut cluster = Self {
            workers: (0..WORKERS).map(|_| start_worker(&installation, None)).collect(),
            postgres,
            s3,
            receiver,
            book,
            installation,
            servers,
            client,
        };
        cluster.wait_until_ready().await;
        let endpoint = cluster
            .client
            .post(cluster.servers[0].installation.url("/api/v1/webhook-endpoints"))
            .bearer_auth(cluster.key())
            .json(&json!({ "url": cluster.receiver.url, "eventTypes": EVENT_TYPES }))
            .send()
            .await
            .unwrap();
        assert_eq!(endpoint.status(), StatusCode::CREATED);
        cluster
    }

    /// Returns whether this machine can cause a fault; says so if not.
    pub fn can_cause(&self, fault: Fault) -> bool {
        let missing = match fault {
            Fault::FullDisk if !self.postgres.is_small_disk => "the right to mount a file system",
            Fault::JumpClock if !Path::new(FAKE_TIME).exists() => FAKE_TIME,
            _ => return true,
        };
        println!("NOT TESTED: {fault:?}, {missing} is missing");
        false
    }

    pub fn key(&self) -> &str {
        self.book["tenants"][0]["clients"][0]["apiKey"].as_str().unwrap()
    }

    /// Returns the log lines of unexpected errors of the servers, at most ten.
    pub fn internal_errors(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.installation.folder.join("servers.log")).unwrap_or_default();
        let lines = log.lines().filter(|line| line.contains("internal_error"));
        lines.take(10).map(str::to_owned).collect()
    }

    pub fn urls(&self) -> Vec<String> {
        self.servers.iter().map(|server| server.installation.url("")).collect()
    }

    pub fn server_count(&self) -> usize {
        self.servers.len()
    }

    pub fn worker_count(&self) -> usize {
        self.workers.len()
    }

    fn processes(&mut self) -> impl Iterator<Item = &mut Child> {
        let servers = self.servers.iter_mut().map(|server| &mut server.process);
        servers.chain(&mut self.workers)
    }

    pub async fn kill_server(&mut self, index: usize) {
        let server = &mut self.servers[index];
        server.process.kill().unwrap();
        server.process.wait().unwrap();
        server.process = start_server(&server.installation);
    }

    /// Stops a server as an upgrade does, and expects that it ends by itself.
    pub async fn stop_server(&mut self, index: usize) {
        let server = &mut self.servers[index];
        let _ = Command::new("kill").arg(server.process.id().to_string()).status();
        let deadline = Instant::now() + STOP_LIMIT;
        while server.process.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "a server does not stop");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        server.process = start_server(&server.installation);
    }

    pub fn kill_worker(&mut self, index: usize, jump: Option<&str>) {
        let worker = &mut self.workers[index];
        worker.kill().unwrap();
        worker.wait().unwrap();
        *worker = start_worker(&self.installation, jump);
    }

    pub fn signal_worker(&self, index: usize, signal: &str) {
        let process = self.workers[index].id().to_string();
        let _ = Command::new("kill").args(["-s", signal, &process]).status();
    }

    /// Restarts what has ended and the workers with a wrong clock.
    pub async fn heal(&mut self) {
        for index in 0..self.workers.len() {
            self.kill_worker(index, None);
        }
        for server in &mut self.servers {
            if server.process.try_wait().unwrap().is_some() {
                server.process = start_server(&server.installation);
            }
        }
        self.wait_until_ready().await;
    }

    async fn wait_until_ready(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(90);
        for server in &mut self.servers {
            let url = server.installation.url("/readyz");
            loop {
                let answer = self.client.get(&url).send().await;
                if answer.as_ref().is_ok_and(|answer| answer.status() == StatusCode::OK) {
                    break;
                }
                assert!(Instant::now() < deadline, "a server is not ready: {answer:?}");
                if server.process.try_wait().unwrap().is_some() {
                    server.process = start_server(&server.installation);
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }

    /// Waits until the workers have nothing left to do.
    pub async fn settle(&self, limit: Duration) {
        const LEFT: &str = "SELECT \
            (SELECT count(*) FROM webhook_delivery WHERE status IN ('pending', 'in_flight'))::text, \
            (SELECT count(*) FROM import_job WHERE status IN ('accepted', 'processing'))::text";
        let deadline = Instant::now() + limit;
        let raw = Raw::open(&self.postgres.url).await;
        loop {
            let left = raw.texts(LEFT).await;
            if left[0].iter().all(|count| count == "0") {
                break;
            }
            assert!(Instant::now() < deadline, "deliveries and jobs left: {left:?}");
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        raw.close().await;
    }

    pub async fn end(mut self) {
        for process in self.processes() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
        std::fs::remove_dir_all(&self.installation.folder).unwrap();
    }
}
