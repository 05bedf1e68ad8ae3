//! Liveness and readiness checks for monitoring and load balancers.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{FromRef, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use ordinavo_core::installation;
use ordinavo_core::installation::KeyMatch;
use ordinavo_core::secrets::Keyring;
use ordinavo_core::{Core, Schema, StoreError};
use serde_json::json;
use tokio::sync::Mutex;

use crate::config::Config;
use crate::connections::tls::CertificateInUse;

/// How long the result of the checks is cached. The endpoint is public and each check of the database writes to the disk.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// How long a successful check of the files is cached: on S3, it takes three requests.
const FILES_CHECK_INTERVAL: Duration = Duration::from_secs(10);
/// How long a check may take: a database or S3 that does not answer is unavailable.
const CHECK_TIMEOUT: Duration = Duration::from_secs(4);

pub fn routes<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    Readiness: FromRef<S>,
{
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
}

/// A part of the installation that the server depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    Database,
    Schema,
    Key,
    Files,
    Certificate,
}

impl Check {
    pub const ALL: [Self; 5] = [Self::Database, Self::Schema, Self::Key, Self::Files, Self::Certificate];

    /// Returns the name in answers and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Schema => "schema",
            Self::Key => "key",
            Self::Files => "files",
            Self::Certificate => "certificate",
        }
    }
}

/// Why the server is not ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The database cannot be reached or does not answer in time.
    DatabaseUnavailable,
    /// The SQLite file was deleted or replaced while it was open.
    DatabaseFileLost,
    /// The database cannot be written: its disk is full or read-only, or it is a standby.
    DatabaseReadOnly,
    /// Migrations are pending.
    MigrationsMissing(usize),
    /// A newer version has migrated the database.
    SchemaNewer,
    /// The key file cannot be read.
    KeyUnavailable,
    /// The key file is the one of another database.
    KeyMismatch,
    /// The folder or bucket cannot be written or read, or does not answer in time.
    FilesUnavailable,
    /// There is no TLS certificate yet.
    CertificateMissing,
    /// Browsers refuse the TLS certificate.
    CertificateExpired,
}

impl Failure {
    /// Returns the code in answers.
    pub fn code(self) -> &'static str {
        match self {
            Self::DatabaseUnavailable => "database_unavailable",
            Self::DatabaseFileLost => "database_file_lost",
            Self::DatabaseReadOnly => "database_read_only",
            Self::MigrationsMissing(_) => "migrations_missing",
            Self::SchemaNewer => "schema_newer",
            Self::KeyUnavailable => "key_unavailable",
            Self::KeyMismatch => "key_mismatch",
            Self::FilesUnavailable => "files_unavailable",
            Self::CertificateMissing => "certificate_missing",
            Self::CertificateExpired => "certificate_expired",
        }
    }

    /// Returns the check that failed.
    pub fn check(self) -> Check {
        match self {
            Self::DatabaseUnavailable | Self::DatabaseFileLost | Self::DatabaseReadOnly => Check::Database,
            Self::MigrationsMissing(_) | Self::SchemaNewer => Check::Schema,
            Self::KeyUnavailable | Self::KeyMismatch => Check::Key,
            Self::FilesUnavailable => Check::Files,
            Self::CertificateMissing | Self::CertificateExpired => Check::Certificate,
        }
    }
}

/// Checks whether the server can work; the last results are shared by all callers.
#[derive(Clone)]
pub struct Readiness {
    core: Core,
    key_file: Arc<PathBuf>,
    /// When the certificate in use expires; the server sets it as soon as there is one.
    certificate: Option<CertificateInUse>,
    last: Arc<Mutex<Last>>,
}

#[derive(Default)]
struct Last {
    checked: Option<(Instant, Vec<Failure>)>,
    files_succeeded: Option<Instant>,
}

impl Readiness {
    /// Checks the readiness of a server, which needs the certificate of its own TLS.
    pub fn of_server(core: Core, config: &Config) -> Self {
        Self {
            certificate: config.tls_certificate.is_some().then(CertificateInUse::default),
            ..Self::of_worker(core, config)
        }
    }

    pub fn of_worker(core: Core, config: &Config) -> Self {
        Self {
            core,
            key_file: Arc::new(config.secret_key_file.clone()),
            certificate: None,
            last: Arc::default(),
        }
    }

    /// Returns what is wrong, most important first; nothing if the server is ready.
    pub async fn failures(&self) -> Vec<Failure> {
        let mut last = self.last.lock().await;
        if let Some((at, failures)) = &last.checked
            && at.elapsed() < CHECK_INTERVAL
        {
            return failures.clone();
        }
        let (database, key, files) = tokio::join!(
            self.check_database(),
            self.check_key(),
            self.check_files(last.files_succeeded)
        );
        let mut failures = Vec::new();
        failures.extend(database.err());
        failures.extend(key.err());
        failures.extend(self.certificate_failure());
        match files {
            Ok(at) => last.files_succeeded = Some(at),
            Err(failure) => {
                last.files_succeeded = None;
                failures.push(failure);
            }
        }
        last.checked = Some((Instant::now(), failures.clone()));
        failures
    }

    async fn check_database(&self) -> Result<(), Failure> {
        let store = self.core.store();
        store.reopen_file().await;
        let failure = |error: StoreError, otherwise| {
            tracing::warn!(%error, "readiness: database check failed");
            match error {
                StoreError::FileLost(_) => Failure::DatabaseFileLost,
                _ => otherwise,
            }
        };
        let check = async {
            match store.schema().await {
                Ok(Schema::Current) => {}
                Ok(Schema::Missing(missing)) => return Err(Failure::MigrationsMissing(missing)),
                Ok(Schema::Newer) => return Err(Failure::SchemaNewer),
                Err(error) => return Err(failure(error, Failure::DatabaseUnavailable)),
            }
            let written = store.probe_write().await;
            written.map_err(|error| failure(error, Failure::DatabaseReadOnly))
        };
        tokio::time::timeout(CHECK_TIMEOUT, check)
            .await
            .unwrap_or(Err(Failure::DatabaseUnavailable))
    }

    /// Returns when the files were last found to be available.
    async fn check_files(&self, succeeded: Option<Instant>) -> Result<Instant, Failure> {
        if let Some(at) = succeeded.filter(|at| at.elapsed() < FILES_CHECK_INTERVAL) {
            return Ok(at);
        }
        let error = match tokio::time::timeout(CHECK_TIMEOUT, self.core.files().check()).await {
            Ok(Ok(())) => return Ok(Instant::now()),
            Ok(Err(error)) => error,
            Err(_) => "no answer".to_owned(),
        };
        tracing::warn!(%error, "readiness: files check failed");
        Err(Failure::FilesUnavailable)
    }

    /// Returns where the server notes the certificate in use; `None` without TLS of its own.
    pub fn certificate(&self) -> Option<CertificateInUse> {
        self.certificate.clone()
    }

    /// A certificate whose files cannot be read is still in use, so only the one in use counts.
    fn certificate_failure(&self) -> Option<Failure> {
        match self.certificate.as_ref()?.get() {
            None => Some(Failure::CertificateMissing),
            Some(not_after) if not_after <= self.core.clock().now() => Some(Failure::CertificateExpired),
            Some(_) => None,
        }
    }

    async fn check_key(&self) -> Result<(), Failure> {
        let path = self.key_file.clone();
        let ring = match tokio::task::spawn_blocking(move || Keyring::open(&path)).await {
            Ok(Ok(ring)) => ring,
            Ok(Err(error)) => {
                tracing::warn!(%error, "readiness: key check failed");
                return Err(Failure::KeyUnavailable);
            }
            Err(_) => return Err(Failure::KeyUnavailable),
        };
        let matching = installation::match_key(self.core.store(), &ring);
        match tokio::time::timeout(CHECK_TIMEOUT, matching).await {
            Ok(Ok(KeyMatch::Mismatch)) => {
                tracing::warn!("readiness: the key file is not the one of this database");
                Err(Failure::KeyMismatch)
            }
            // A database that does not answer is a failure of its own.
            _ => Ok(()),
        }
    }
}

async fn healthz() -> impl IntoResponse {
    Json(json!({ "status": "ok" }))
}

async fn readyz(State(readiness): State<Readiness>) -> Response {
    let failures = readiness.failures().await;
    let Some(first) = failures.first() else {
        return Json(json!({ "status": "ok" })).into_response();
    };
    let codes: Vec<&str> = failures.iter().map(|failure| failure.code()).collect();
    let mut answer = json!({ "status": first.code(), "failures": codes });
    if let Failure::MigrationsMissing(missing) = first {
        answer["missing"] = json!(missing);
    }
    (StatusCode::SERVICE_UNAVAILABLE, Json(answer)).into_response()
}
