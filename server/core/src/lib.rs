//! Use cases and storage of Ordinavo, one module for each slice.
//!
//! A use case is one function of a slice (`requests`, `imports`, …); server functions, REST handlers, the worker and the command line all call
//! it. It takes a [`Core`] and an actor or a permit, opens the transaction, and writes outbox, audit and idempotency rows
//! in that same transaction. SQL stands in the private module `store` of each slice.

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
pub mod error;
pub mod events;
pub mod files;
pub mod follow_ups;
mod form;
pub mod identity;
pub mod imports;
pub mod intake;
pub mod integrations;
pub mod jobs;
pub mod mapping;
pub mod notifications;
pub mod page;
pub mod portal_access;
pub mod randomness;
pub mod releases;
pub mod requests;
pub mod scheduling;
pub mod secrets;
pub mod suggestions;
pub mod visits;
pub mod webhooks;

use std::sync::Arc;
use std::time::Duration;

pub use db::{Engine, Key, Store, StoreError, statements, statements_of_thread};
pub use error::{CoreError, CoreResult};

/// What a running system consists of. Cheap to clone.
#[derive(Clone)]
pub struct Core {
    pub(crate) store: Store,
    pub(crate) clock: clock::Clock,
    pub(crate) randomness: randomness::Randomness,
    pub(crate) keyring: Arc<secrets::Keyring>,
    pub(crate) files: files::FileStore,
    pub(crate) passwords: identity::passwords::Passwords,
    pub(crate) settings: Arc<Settings>,
    pub(crate) roads: Arc<scheduling::roads::Roads>,
    pub(crate) wake_worker: Arc<tokio::sync::Notify>,
    pub(crate) wake_importer: Arc<tokio::sync::Notify>,
    pub(crate) wake_planner: Arc<tokio::sync::Notify>,
    pub(crate) changes: tokio::sync::broadcast::Sender<uuid::Uuid>,
}

/// Settings that services need.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The address under which people reach the server, without a slash at its end.
    pub public_url: String,
    /// The same for the portal, which may have a host of its own.
    pub portal_url: String,
    /// Networks that webhooks may reach although they are not public.
    pub webhook_allow_nets: Vec<ipnet::IpNet>,
    /// Whether webhooks may use plain http.
    pub webhook_allow_http: bool,
    /// Delays before each attempt.
    pub webhook_retry: Vec<Duration>,
    /// Whether there is a way out for mails.
    pub sends_mail: bool,
    /// How fast one gets from place to place, as far as no road service says it.
    pub paces: domain::travel::Paces,
    /// The service that knows the roads, if there is one.
    pub roads: Option<scheduling::roads::RoadService>,
    /// The operator's pictures of the map, if there are some.
    pub tiles: Option<domain::tiles::Tiles>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_url: "http://127.0.0.1:3000".to_owned(),
            portal_url: "http://127.0.0.1:3000".to_owned(),
            webhook_allow_nets: Vec::new(),
            webhook_allow_http: false,
            webhook_retry: domain::webhooks::DEFAULT_RETRY_DELAYS.to_vec(),
            sends_mail: false,
            paces: domain::travel::Paces::default(),
            roads: None,
            tiles: None,
        }
    }
}

impl Core {
    /// Puts a system together.
    pub fn new(
        store: Store,
        clock: clock::Clock,
        randomness: randomness::Randomness,
        keyring: secrets::Keyring,
        files: files::FileStore,
        settings: Settings,
    ) -> Self {
        let passwords = identity::passwords::Passwords::new(randomness.clone());
        let roads = scheduling::roads::Roads::new(settings.roads.clone(), settings.paces.clone());
        Self {
            roads: Arc::new(roads),
            store,
            clock,
            randomness,
            keyring: Arc::new(keyring),
            files,
            passwords,
            settings: Arc::new(settings),
            wake_worker: Arc::default(),
            wake_importer: Arc::default(),
            wake_planner: Arc::default(),
            changes: tokio::sync::broadcast::Sender::new(64),
        }
    }

    /// The database, for migrations, back-ups and health checks.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The address under which people reach the server, without a slash at its end.
    pub fn public_url(&self) -> &str {
        &self.settings.public_url
    }

    /// The operator's pictures of the map, if there are some.
    pub fn tiles(&self) -> Option<&domain::tiles::Tiles> {
        self.settings.tiles.as_ref()
    }

    /// Whether there is a way out for mails; without one they stay in the outbox.
    pub fn sends_mail(&self) -> bool {
        self.settings.sends_mail
    }

    /// The clock.
    pub fn clock(&self) -> &clock::Clock {
        &self.clock
    }

    /// Where files are kept.
    pub fn files(&self) -> &files::FileStore {
        &self.files
    }

    /// Resolves when a route suggestion was asked for; the worker also looks by itself from time to time.
    pub async fn planner_woken(&self) {
        self.wake_planner.notified().await;
    }

    /// Resolves when an import job was taken in; the worker also looks by itself from time to time.
    pub async fn importer_woken(&self) {
        self.wake_importer.notified().await;
    }

    /// Wakes the workers of this process whenever another process writes work; returns at once if the database cannot tell,
    /// and with an error when the connection is lost.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn listen(&self) -> CoreResult<()> {
        let wake = || {
            self.wake_worker.notify_one();
            self.wake_importer.notify_one();
        };
        Ok(self.store.listen("ordinavo_work", wake).await?)
    }

    /// Resolves when a change wrote deliveries; the worker also looks by itself from time to time.
    pub async fn worker_woken(&self) {
        self.wake_worker.notified().await;
    }
}
