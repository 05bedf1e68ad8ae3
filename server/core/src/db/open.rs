//! Opens the connection pools.

use std::path::Path;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, PgPool};

use super::engine::Pools;
use super::running::{self, Process, UseLock};
use super::sqlite_file::SqliteFile;
use super::{Store, StoreError};
use crate::clock::Clock;
use crate::randomness::Randomness;

/// Limits of the connection pool.
#[derive(Debug, Clone)]
pub struct PoolOptions {
    /// Connections to PostgreSQL; SQLite has one writer and a few readers.
    pub max_connections: u32,
    /// How long a caller waits for a connection.
    pub acquire_timeout: Duration,
    /// How long PostgreSQL works on one statement; `None` for commands that an operator waits for.
    pub statement_timeout: Option<Duration>,
    /// What opens the database: commands that replace it look for servers.
    pub process: Process,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            max_connections: 16,
            acquire_timeout: Duration::from_secs(10),
            statement_timeout: None,
            process: Process::Command,
        }
    }
}

/// How long a connection that is not from the pool may take.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long SQLite waits for the lock of another process, such as a backup.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a PostgreSQL transaction may wait for its client: it would hold locks that others need.
const IDLE_TRANSACTION_TIMEOUT: Duration = Duration::from_secs(60);

impl Store {
    /// Opens `sqlite://path` or `postgres://…` with the default options. Creates a missing SQLite file, but no schema.
    ///
    /// # Errors
    /// The URL is invalid or the database cannot be reached.
    pub async fn open(address: &str, clock: Clock, randomness: Randomness) -> Result<Self, StoreError> {
        Self::open_with(address, &PoolOptions::default(), clock, randomness).await
    }

    /// Like [`Self::open`], with limits.
    ///
    /// # Errors
    /// The URL is invalid or the database cannot be reached.
    pub async fn open_with(
        address: &str,
        options: &PoolOptions,
        clock: Clock,
        randomness: Randomness,
    ) -> Result<Self, StoreError> {
        let mut use_lock = None;
        let pools = if address.starts_with("postgres://") || address.starts_with("postgresql://") {
            open_postgres(address, options).await?
        } else if let Some(path) = address.strip_prefix("sqlite://") {
            if options.process != Process::Command {
                use_lock = Some(Arc::new(UseLock::shared(Path::new(path))?));
            }
            open_sqlite(path, options).await?
        } else {
            // Without the address: it may contain a password.
            return Err(StoreError::Broken(
                "the URL must begin with sqlite:// or postgres://".to_owned(),
            ));
        };
        Ok(Self {
            pools,
            clock,
            randomness,
            audit_key: None,
            use_lock,
        })
    }
}

async fn open_postgres(address: &str, options: &PoolOptions) -> Result<Pools, StoreError> {
    let pool = connect_postgres(address, options)
        .await
        .map_err(|error| running::at_host(address, error))?;
    // After connecting: a command that replaces the database sees the connection, or the server sees the command.
    if options.process != Process::Command
        && let Err(error) = running::ensure_not_replaced(&pool).await
    {
        pool.close().await;
        return Err(error);
    }
    Ok(Pools::Postgres(pool))
}

async fn connect_postgres(address: &str, options: &PoolOptions) -> Result<PgPool, StoreError> {
    let milliseconds = |duration: Duration| format!("{}ms", duration.as_millis());
    let mut connect = PgConnectOptions::from_str(address)?
        .application_name(options.process.application_name())
        .disable_statement_logging();
    if let Some(timeout) = options.statement_timeout {
        connect = connect.options([
            ("statement_timeout", milliseconds(timeout)),
            (
                "idle_in_transaction_session_timeout",
                milliseconds(IDLE_TRANSACTION_TIMEOUT),
            ),
        ]);
    }
    let pool = PgPoolOptions::new()
        .max_connections(options.max_connections)
        .acquire_timeout(options.acquire_timeout)
        .connect_with(connect.clone())
        .await;
    match pool {
        Ok(pool) => Ok(pool),
        // The pool waits for a server that starts, and then does not say what it waited for.
        Err(sqlx::Error::PoolTimedOut) => match tokio::time::timeout(CONNECT_TIMEOUT, connect.connect()).await {
            Ok(Err(error)) => Err(error.into()),
            Ok(Ok(_)) | Err(_) => Err(sqlx::Error::PoolTimedOut.into()),
        },
        Err(error) => Err(error.into()),
    }
}

async fn open_sqlite(path: &str, options: &PoolOptions) -> Result<Pools, StoreError> {
    if let Some(directory) = Path::new(path)
        .parent()
        .filter(|directory| !directory.as_os_str().is_empty())
    {
        crate::private_folder::create(directory)
            .map_err(|error| StoreError::Unavailable(format!("{}: {error}", directory.display())))?;
    }
    make_private(path)?;
    let file = SqliteFile::new(Path::new(path));
    let connect = SqliteConnectOptions::new()
        .filename(path)
        // A file that is deleted later must not come back empty.
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        // FULL: a committed transaction survives a power failure.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .statement_cache_capacity(256)
        .disable_statement_logging();
    let pool = || sqlite_pool().acquire_timeout(options.acquire_timeout);
    let writer = pool().max_connections(1).connect_with(connect.clone()).await?;
    let readers = pool().max_connections(4).connect_with(connect.read_only(true)).await?;
    Ok(Pools::Sqlite { writer, readers, file })
}

/// Creates the database file, readable by its owner only; SQLite gives the WAL files the same permissions.
fn make_private(path: &str) -> Result<(), StoreError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(StoreError::Unavailable(format!("{path}: {error}"))),
    }
}

/// Returns the options of both SQLite pools: a connection returned inside a transaction is closed.
///
/// SQLite rolls back by itself when the disk is full; sqlx then fails to roll back once more and counts a transaction
/// that no longer exists, so every later `BEGIN` on that connection would be refused.
fn sqlite_pool() -> SqlitePoolOptions {
    SqlitePoolOptions::new().after_release(|connection, _| {
        Box::pin(async move {
            // Waits for the queued rollback of a dropped transaction.
            connection.ping().await?;
            Ok(!connection.is_in_transaction())
        })
    })
}
