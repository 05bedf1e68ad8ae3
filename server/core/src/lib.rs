//! Use cases and storage of Ordinavo, one module for each slice.
//!
//! A use case is one function of a slice (`requests`, `imports`, …) that server functions, REST handlers, the worker and
//! the command line call. It takes a [`Core`] and an actor or a permit, opens the transaction, and writes outbox, audit
//! and idempotency rows in that same transaction. SQL is in the private module `store` of each slice.

pub mod activity;
mod addresses;
pub mod audit;
pub mod billing;
pub mod branding;
pub mod classification;
pub mod clock;
mod commit;
#[cfg(test)]
mod conformance;
pub mod customers;
mod db;
pub mod demo;
pub mod drafts;
pub mod error;
pub mod events;
pub mod exports;
pub mod files;
pub mod follow_ups;
mod form;
#[cfg(test)]
mod fuzz;
pub mod identity;
pub mod imports;
pub mod installation;
pub mod intake;
pub mod integrations;
pub mod jobs;
pub mod mapping;
pub mod monitoring;
pub mod notifications;
pub mod page;
pub mod phone;
pub mod portal_access;
pub mod private_folder;
pub mod randomness;
pub mod releases;
pub mod requests;
pub mod scheduling;
pub mod search;
pub mod secrets;
pub mod suggestions;
pub mod tls;
pub mod today;
pub mod version;
pub mod visits;
pub mod webhooks;

use std::sync::Arc;
use std::time::Duration;

pub use db::{
    DatabaseRole, DatabaseUse, Engine, Key, MovedTable, PoolOptions, PoolUse, Process, ReplacingSession, Schema, Store,
    StoreError, UseLock, statement_count, thread_statement_count,
};
pub use error::{CoreError, CoreResult};

/// The dependencies of all use cases. Cheap to clone.
#[derive(Clone)]
pub struct Core {
    pub(crate) store: Store,
    pub(crate) clock: clock::Clock,
    pub(crate) randomness: randomness::Randomness,
    pub(crate) keyring: Arc<secrets::SharedKeyring>,
    pub(crate) files: files::FileStore,
    pub(crate) passwords: identity::passwords::Passwords,
    pub(crate) settings: Arc<Settings>,
    pub(crate) travel_times: Arc<scheduling::travel_times::TravelTimeCache>,
    pub(crate) wake_worker: Arc<tokio::sync::Notify>,
    pub(crate) wake_importer: Arc<tokio::sync::Notify>,
    pub(crate) wake_planner: Arc<tokio::sync::Notify>,
    pub(crate) changes: tokio::sync::broadcast::Sender<uuid::Uuid>,
    pub(crate) feeds: events::Feeds,
}

/// Configuration of the use cases.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The public base URL, without a trailing slash.
    pub public_url: String,
    /// The base URL of the portal, which may have its own host.
    pub portal_url: String,
    /// Private networks that webhooks may call.
    pub webhook_allow_nets: Vec<ipnet::IpNet>,
    pub webhook_allow_http: bool,
    /// Ports that webhooks may use besides 443 (and 80 where http is allowed).
    pub webhook_allow_ports: Vec<u16>,
    /// The delay before each delivery attempt.
    pub webhook_retry: Vec<Duration>,
    /// Whether a mail transport is configured.
    pub sends_mail: bool,
    /// Travel speeds, used where no routing provider gives a travel time.
    pub paces: domain::scheduling::travel::TravelEstimates,
    /// The routing provider, if one is configured.
    pub roads: Option<scheduling::travel_times::RoutingProvider>,
    /// The map tile server, if one is configured.
    pub tiles: Option<domain::scheduling::tiles::Tiles>,
    /// How much may be stored.
    pub files: FileLimits,
    /// How many days ended import jobs are kept; `None` for always.
    pub import_retention_days: Option<u32>,
    /// The malware scanner, if one is configured.
    pub scanner: Option<files::scanning::ScannerAddress>,
}

/// How much may be stored.
#[derive(Debug, Clone)]
pub struct FileLimits {
    /// Bytes of all files of a tenant.
    pub tenant_quota_bytes: Option<u64>,
    /// Bytes that the public forms of a tenant receive in a day (UTC).
    pub form_quota_bytes: Option<u64>,
    /// Free disk space below which uploads are rejected.
    pub min_free_bytes: u64,
}

impl Default for FileLimits {
    fn default() -> Self {
        Self {
            tenant_quota_bytes: None,
            form_quota_bytes: Some(1024 * 1024 * 1024),
            min_free_bytes: 64 * 1024 * 1024,
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_url: "http://127.0.0.1:3000".to_owned(),
            portal_url: "http://127.0.0.1:3000".to_owned(),
            webhook_allow_nets: Vec::new(),
            webhook_allow_ports: Vec::new(),
            webhook_allow_http: false,
            webhook_retry: domain::webhooks::DEFAULT_RETRY_DELAYS.to_vec(),
            sends_mail: false,
            paces: domain::scheduling::travel::TravelEstimates::default(),
            roads: None,
            tiles: None,
            files: FileLimits::default(),
            import_retention_days: None,
            scanner: None,
        }
    }
}

impl Core {
    /// Creates the core from its dependencies.
    pub fn new(
        store: Store,
        clock: clock::Clock,
        randomness: randomness::Randomness,
        keyring: secrets::Keyring,
        files: files::FileStore,
        settings: Settings,
    ) -> Self {
        let passwords = identity::passwords::Passwords::new(randomness.clone());
        let travel_times =
            scheduling::travel_times::TravelTimeCache::new(settings.roads.clone(), settings.paces.clone());
        Self {
            travel_times: Arc::new(travel_times),
            store: Store {
                audit_key: Some(Arc::new(audit::chain::AuditKey::newest(&keyring))),
                ..store
            },
            clock,
            randomness,
            keyring: Arc::new(secrets::SharedKeyring::new(keyring, None)),
            files,
            passwords,
            settings: Arc::new(settings),
            wake_worker: Arc::default(),
            wake_importer: Arc::default(),
            wake_planner: Arc::default(),
            changes: tokio::sync::broadcast::Sender::new(64),
            feeds: events::Feeds::default(),
        }
    }

    /// Lets the process read keys that are added to the key file while it runs.
    ///
    /// # Errors
    /// The file is not a key file.
    pub fn with_key_file(self, path: &std::path::Path) -> Result<Self, secrets::SecretError> {
        let ring = secrets::Keyring::open(path)?;
        Ok(Self {
            keyring: Arc::new(secrets::SharedKeyring::new(ring, Some(path.to_owned()))),
            ..self
        })
    }

    /// Returns the database, for migrations, backups and health checks.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Returns the public base URL, without a trailing slash.
    pub fn public_url(&self) -> &str {
        &self.settings.public_url
    }

    /// Returns the map tile server, if one is configured.
    pub fn tiles(&self) -> Option<&domain::scheduling::tiles::Tiles> {
        self.settings.tiles.as_ref()
    }

    /// Returns whether a mail transport is configured; without one, mails stay in the outbox.
    pub fn sends_mail(&self) -> bool {
        self.settings.sends_mail
    }

    pub fn clock(&self) -> &clock::Clock {
        &self.clock
    }

    /// Returns the free disk space below which uploads are rejected.
    pub fn min_free_bytes(&self) -> u64 {
        self.settings.files.min_free_bytes
    }

    /// Returns the file store.
    pub fn files(&self) -> &files::FileStore {
        &self.files
    }

    /// Resolves when a route suggestion is requested; the worker also polls.
    pub async fn suggestion_requested(&self) {
        self.wake_planner.notified().await;
    }

    /// Resolves when an import job is enqueued; the worker also polls.
    pub async fn import_enqueued(&self) {
        self.wake_importer.notified().await;
    }

    /// Wakes the workers of this process when another process enqueues work. Returns at once if the database has no
    /// notifications (SQLite).
    ///
    /// # Errors
    /// The connection to the database was lost.
    pub async fn listen(&self) -> CoreResult<()> {
        let wake = || {
            self.wake_worker.notify_one();
            self.wake_importer.notify_one();
        };
        Ok(self.store.listen(db::WORK_CHANNEL, wake).await?)
    }

    /// Refreshes the statistics by which the database chooses indexes.
    ///
    /// # Errors
    /// The database is unavailable.
    pub async fn refresh_statistics(&self) -> CoreResult<()> {
        Ok(self.store.refresh_statistics().await?)
    }

    /// Resolves when webhook deliveries are enqueued; the worker also polls.
    pub async fn deliveries_enqueued(&self) {
        self.wake_worker.notified().await;
    }
}
