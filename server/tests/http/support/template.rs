//! Databases with the small demo data, created once per point in time and copied for each test, because creating takes
//! seconds.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use chrono::{DateTime, TimeDelta, Utc};
use ordinavo::config::Config;
use ordinavo_core::clock::Clock;
use ordinavo_core::demo;
use ordinavo_core::demo::{DemoAccounts, DemoSize};
use ordinavo_core::files::FileStore;
use ordinavo_core::randomness::Randomness;
use ordinavo_core::secrets::Keyring;
use ordinavo_core::{Core, Store};
use tokio::sync::{Mutex, OnceCell};

use super::raw::Raw;

/// Marks internal texts with canaries.
pub const CANARIES: &str = include_str!("../../canaries/seed.sql");

/// A database without connections, with its files and key.
pub struct Template {
    pub book: DemoAccounts,
    pub files: FileStore,
    pub key_file: PathBuf,
    source: Source,
}

enum Source {
    Sqlite(PathBuf),
    Postgres { server: String, name: String },
}

type Templates = Mutex<BTreeMap<(&'static str, Option<DateTime<Utc>>), Arc<OnceCell<Template>>>>;
static TEMPLATES: LazyLock<Templates> = LazyLock::new(Mutex::default);

/// Returns the template for an engine and time; all tests on the system time share one.
pub async fn at(engine: &'static str, clock: &Clock) -> Arc<OnceCell<Template>> {
    let moment = clock.now();
    let is_present = (Utc::now() - moment).abs() < TimeDelta::minutes(5);
    let key = (engine, (!is_present).then_some(moment));
    let cell = TEMPLATES.lock().await.entry(key).or_default().clone();
    cell.get_or_init(|| create(engine, moment)).await;
    cell
}

pub fn folder() -> PathBuf {
    let folder = std::env::temp_dir().join("ordinavo-tests");
    std::fs::create_dir_all(&folder).expect("folder is created");
    folder
}

pub fn new_name(start: &str) -> String {
    format!("{start}{}", Randomness::from_system().uuid_v7(Utc::now()).simple())
}

fn postgres_server() -> Option<String> {
    std::env::var("ORDINAVO_TEST_POSTGRES").ok()
}

/// Returns the available engines: SQLite always, PostgreSQL if `ORDINAVO_TEST_POSTGRES` is set.
pub fn engines() -> Vec<&'static str> {
    let mut engines = vec!["sqlite"];
    engines.extend(postgres_server().map(|_| "postgres"));
    engines
}

fn psql(server: &str, statement: &str) {
    let status = std::process::Command::new("psql")
        .args([server, "-qc", statement])
        .status()
        .expect("psql starts");
    assert!(status.success(), "{statement}");
}

fn on_server(server: &str, name: &str) -> String {
    let (base, _) = server.rsplit_once('/').expect("URL has a database name");
    format!("{base}/{name}")
}

async fn create(engine: &'static str, moment: DateTime<Utc>) -> Template {
    let randomness = Randomness::from_system();
    let name = new_name("t");
    let key_file = folder().join(format!("{name}.key"));
    let (source, address) = match (engine, postgres_server()) {
        ("postgres", Some(server)) => {
            psql(&server, &format!("CREATE DATABASE {name}"));
            let address = on_server(&server, &name);
            (Source::Postgres { server, name }, address)
        }
        _ => {
            let path = folder().join(format!("{name}.db"));
            let address = format!("sqlite://{}", path.display());
            (Source::Sqlite(path), address)
        }
    };
    let clock = Clock::manual(moment);
    let store = Store::open(&address, clock.clone(), randomness.clone())
        .await
        .expect("database opens");
    store.migrate().await.expect("migrations succeed");
    let keyring = Keyring::create(&key_file, &randomness).expect("master key is available");
    let files = FileStore::open("memory:///").expect("file store opens");
    let settings = Config::default().settings().expect("settings are valid");
    let core = Core::new(store, clock, randomness, keyring, files.clone(), settings);
    let book = demo::fill(&core, "http://127.0.0.1", DemoSize::Small, false)
        .await
        .expect("demo data is created");
    core.store().close().await;
    let raw = Raw::open(&address).await;
    raw.run(CANARIES).await;
    raw.close().await;
    Template {
        book,
        files,
        key_file,
        source,
    }
}

impl Template {
    /// Copies the database for a test and returns its URL.
    pub fn copy(&self) -> String {
        let name = new_name("h");
        match &self.source {
            Source::Sqlite(path) => {
                let copy = folder().join(format!("{name}.db"));
                std::fs::copy(path, &copy).expect("database is copied");
                format!("sqlite://{}", copy.display())
            }
            Source::Postgres { server, name: source } => {
                psql(server, &format!("CREATE DATABASE {name} TEMPLATE {source}"));
                on_server(server, &name)
            }
        }
    }

    /// Returns the keyring that encrypted its secrets.
    pub fn keyring(&self) -> Keyring {
        Keyring::open(&self.key_file).expect("master key is available")
    }
}

/// Removes a copy, so that a long run does not fill the disk.
pub fn remove(address: &str) {
    if let Some(file) = address.strip_prefix("sqlite://") {
        for end in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{file}{end}"));
        }
    } else if let (Some(server), Some((_, name))) = (postgres_server(), address.rsplit_once('/')) {
        let statement = format!("DROP DATABASE {name} WITH (FORCE)");
        let _ = std::process::Command::new("psql")
            .args([&server, "-qc", &statement])
            .status();
    }
}
