//! The real binary with its own database and files.

use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use reqwest::{Client, StatusCode};
use serde_json::Value;

/// How long a command may run.
const COMMAND_LIMIT: Duration = Duration::from_secs(120);

/// A process that is killed when the test ends, also by a panic.
pub struct Process(pub Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl std::ops::Deref for Process {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.0
    }
}

impl std::ops::DerefMut for Process {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.0
    }
}

pub struct Installation {
    pub folder: PathBuf,
    database: String,
    port: u16,
    variables: Vec<(String, String)>,
}

/// Returns a port that no process listens on, and that no other test gets. It is below the ports that the system hands out, since
/// one of these could be taken by another socket before the server listens.
pub fn free_port() -> u16 {
    static COUNTER: AtomicU16 = AtomicU16::new(0);
    let start = std::process::id() % 10_000;
    loop {
        let number = (start + u32::from(COUNTER.fetch_add(1, Ordering::Relaxed))) % 10_000;
        let port = 20_000 + u16::try_from(number).unwrap();
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

impl Installation {
    /// Creates an installation on SQLite in a new folder.
    pub fn on_sqlite(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("ordinavo-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self {
            database: format!("sqlite://{}/ordinavo.db", folder.display()),
            folder,
            port: free_port(),
            variables: Vec::new(),
        }
    }

    /// Creates an installation on a new PostgreSQL database; `None` where `ORDINAVO_TEST_POSTGRES` names no server.
    pub fn on_postgres(name: &str) -> Option<Self> {
        let server = std::env::var("ORDINAVO_TEST_POSTGRES").ok()?;
        let database = format!("i{}_{}", std::process::id(), name.replace('-', "_"));
        let created = Command::new("psql")
            .args([server.as_str(), "-qc", &format!("CREATE DATABASE {database}")])
            .status()
            .unwrap();
        assert!(created.success());
        let (base, _) = server.rsplit_once('/').unwrap();
        Some(Self {
            database: format!("{base}/{database}"),
            // The role of the test server creates databases, and so owns the tables.
            variables: vec![("ORDINAVO_DATABASE_ALLOW_OWNER".to_owned(), "true".to_owned())],
            ..Self::on_sqlite(name)
        })
    }

    /// Uses another database.
    pub fn with_database(mut self, url: &str) -> Self {
        url.clone_into(&mut self.database);
        self
    }

    /// Returns another server of the same installation, on a port of its own.
    pub fn another_server(&self) -> Self {
        Self {
            folder: self.folder.clone(),
            database: self.database.clone(),
            port: free_port(),
            variables: self.variables.clone(),
        }
    }

    /// Returns the URL of the database.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// Reaches the database at another address.
    pub fn with_database_at(mut self, address: std::net::SocketAddr) -> Self {
        let (user, rest) = self.database.split_once('@').unwrap();
        let (_, name) = rest.split_once('/').unwrap();
        self.database = format!("{user}@{address}/{name}");
        self
    }

    /// Moves database and files to another folder.
    pub fn inside(mut self, folder: &std::path::Path) -> Self {
        self.database = format!("sqlite://{}/ordinavo.db", folder.display());
        self.folder = folder.to_owned();
        self
    }

    /// Adds environment variables.
    pub fn with(mut self, variables: &[(&str, &str)]) -> Self {
        let owned = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        self.variables.extend(owned);
        self
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ordinavo"));
        command
            .args(arguments)
            .env("ORDINAVO_DATABASE_URL", &self.database)
            .env("ORDINAVO_FILES", format!("file://{}/files", self.folder.display()))
            .env("ORDINAVO_SECRET_KEY_FILE", self.folder.join("secret.key"))
            .env("ORDINAVO_LISTEN", format!("127.0.0.1:{}", self.port))
            .env("ORDINAVO_WEBHOOK_ALLOW_HTTP", "true")
            .env("ORDINAVO_WEBHOOK_ALLOW_NETS", "127.0.0.0/8")
            .env("ORDINAVO_WEBHOOK_RETRY", "0s,1s,1s,1s,1s")
            .env("ORDINAVO_LOG", "error")
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Creates the small demo and returns its accounts.
    pub fn demo(&self) -> Value {
        let output = self.command(&["demo", "--json", "--small"]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Runs a command that ends by itself and returns what it printed. One that goes on is killed.
    pub fn run(&self, arguments: &[&str]) -> (ExitStatus, String) {
        let mut child = Process(
            self.command(arguments)
                .current_dir(&self.folder)
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap(),
        );
        let deadline = Instant::now() + COMMAND_LIMIT;
        let mut pipes = [
            Box::new(child.stdout.take().unwrap()) as Box<dyn Read + Send>,
            Box::new(child.stderr.take().unwrap()),
        ]
        .map(|mut pipe| {
            std::thread::spawn(move || {
                let mut text = String::new();
                pipe.read_to_string(&mut text).map(|_| text)
            })
        })
        .into_iter();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if Instant::now() > deadline {
                child.kill().unwrap();
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        let output: String = pipes.by_ref().map(|pipe| pipe.join().unwrap().unwrap()).collect();
        (status, output)
    }

    /// Starts the server and waits until it is ready.
    pub async fn start(&self, client: &Client) -> Process {
        let child = Process(self.command(&["serve"]).stdout(Stdio::null()).spawn().unwrap());
        while !client
            .get(self.url("/readyz"))
            .send()
            .await
            .is_ok_and(|answer| answer.status() == StatusCode::OK)
        {
            tokio::task::yield_now().await;
        }
        child
    }
}
