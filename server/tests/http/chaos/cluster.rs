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
    url: String,
}

const ROLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../packaging/postgresql/roles.sql");

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
        let postgres = Self {
            url: String::from_utf8(output.stdout).unwrap().trim().to_owned(),
            folder,
            is_small_disk,
        };
        let roles = Command::new("psql")
            .args(["-v", "ON_ERROR_STOP=1", "-qf", ROLES, &postgres.as_role("postgres")])
            .output()
            .unwrap();
        assert!(roles.status.success(), "{}", String::from_utf8_lossy(&roles.stderr));
        postgres
    }

    /// Returns the URL with a role.
    pub fn as_role(&self, role: &str) -> String {
        let (_, rest) = self.url.split_once('@').unwrap();
        format!("postgres://{role}@{rest}")
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
    clock: PathBuf,
}

struct Worker {
    process: Child,
    clock: PathBuf,
}

pub struct Cluster {
    pub postgres: Postgres,
    pub s3: S3,
    pub receiver: Receiver,
    pub book: Value,
    pub installation: Installation,
    servers: Vec<Server>,
    workers: Vec<Worker>,
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
fn start_server(installation: &Installation, clock: &Path) -> Child {
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
    spawn(command, clock)
}

const FAKE_TIME: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

fn start_worker(installation: &Installation, clock: &Path) -> Child {
    let mut command = installation.command(&["worker"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    spawn(command, clock)
}

/// Starts a process whose clock differs by what is in a file, which it reads again and again.
fn spawn(mut command: Command, clock: &Path) -> Child {
    if has_fake_time() {
        command
            .env("LD_PRELOAD", FAKE_TIME)
            .env("FAKETIME_TIMESTAMP_FILE", clock)
            .env("FAKETIME_CACHE_DURATION", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    }
    command.spawn().unwrap()
}

fn has_fake_time() -> bool {
    Path::new(FAKE_TIME).exists()
}

/// Creates the file of a clock that is right.
fn right_clock(folder: &Path, name: &str) -> PathBuf {
    let clock = folder.join(format!("{name}.clock"));
    std::fs::write(&clock, "+0s").unwrap();
    clock
}

impl Cluster {
    pub async fn start() -> Self {
        let (postgres, s3, receiver) = (Postgres::start(), S3::start().await, Receiver::start().await);
        let mut variables = s3.variables();
        variables.extend([
            ("ORDINAVO_FILES_TIMEOUT", "2s".to_owned()),
            ("ORDINAVO_API_RATE_CLIENT", "10000/10000".to_owned()),
            ("ORDINAVO_API_RATE_TENANT", "10000/10000".to_owned()),
            (
                "ORDINAVO_WEBHOOK_RETRY",
                "0s,1s,2s,2s,5s,5s,5s,10s,10s,10s,20s,20s".to_owned(),
            ),
        ]);
        let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let installation = Installation::on_sqlite("chaos").with(&variables);
        let installation = installation.with_database(&postgres.as_role("ordinavo_owner"));
        let book = installation.demo();
        // As everywhere in production: rows only, of one tenant at a time.
        let installation = installation.with_database(&postgres.as_role("ordinavo_app"));
        let client = crate::support::client_builder()
            .timeout(Duration::from_secs(10))
            .build()
            .unwrap();
        let servers = (0..SERVERS)
            .map(|number| {
                let installation = installation.another_server();
                let clock = right_clock(&installation.folder, &format!("server-{number}"));
                let process = start_server(&installation, &clock);
                Server {
                    installation,
                    process,
                    clock,
                }
            })
            .collect();
        let workers = (0..WORKERS).map(|number| {
            let clock = right_clock(&installation.folder, &format!("worker-{number}"));
            let process = start_worker(&installation, &clock);
            Worker { process, clock }
        });
        let mut cluster = Self {
            workers: workers.collect(),
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

    /// Returns whether this machine can cause a fault. Fails if not, unless `ORDINAVO_TEST_CHAOS_LESS` is 1.
    pub fn can_cause(&self, fault: Fault) -> bool {
        let missing = match fault {
            Fault::FullDisk if !self.postgres.is_small_disk => "the right to mount a file system",
            Fault::JumpClock if !has_fake_time() => FAKE_TIME,
            _ => return true,
        };
        println!("NOT TESTED: {fault:?}, {missing} is missing");
        assert_eq!(super::setting("LESS", 0), 1, "{fault:?} needs {missing}");
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
        servers.chain(self.workers.iter_mut().map(|worker| &mut worker.process))
    }

    pub async fn kill_server(&mut self, index: usize) {
        let server = &mut self.servers[index];
        server.process.kill().unwrap();
        server.process.wait().unwrap();
        server.process = start_server(&server.installation, &server.clock);
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
        server.process = start_server(&server.installation, &server.clock);
    }

    pub fn kill_worker(&mut self, index: usize) {
        let worker = &mut self.workers[index];
        worker.process.kill().unwrap();
        worker.process.wait().unwrap();
        worker.process = start_worker(&self.installation, &worker.clock);
    }

    /// Moves the clock of a running process, counted over servers and workers.
    pub fn set_clock(&self, process: usize, difference: &str) {
        let servers = self.servers.iter().map(|server| &server.clock);
        let clock = servers
            .chain(self.workers.iter().map(|worker| &worker.clock))
            .nth(process)
            .unwrap();
        std::fs::write(clock, difference).unwrap();
    }

    /// Signs the state of the audit log, with which the log after the faults is compared.
    pub fn sign_checkpoint(&self) -> PathBuf {
        let file = self.installation.folder.join("checkpoint.json");
        let (status, output) = self.installation.run(&["audit", "checkpoint", file.to_str().unwrap()]);
        assert!(status.success(), "{output}");
        file
    }

    pub fn signal_worker(&self, index: usize, signal: &str) {
        let process = self.workers[index].process.id().to_string();
        let _ = Command::new("kill").args(["-s", signal, &process]).status();
    }

    /// Restarts the workers and what has ended.
    pub async fn heal(&mut self) {
        for index in 0..self.workers.len() {
            self.kill_worker(index);
        }
        for server in &mut self.servers {
            if server.process.try_wait().unwrap().is_some() {
                server.process = start_server(&server.installation, &server.clock);
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
                    server.process = start_server(&server.installation, &server.clock);
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
        let raw = Raw::open(&self.postgres.as_role("postgres")).await;
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
