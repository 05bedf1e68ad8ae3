//! The two databases: pools, transactions, the macros that run one SQL text on either, and every difference of dialect.

use std::cell::Cell;
use std::str::FromStr as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, Postgres, Sqlite, Transaction};

use crate::clock::Clock;
use crate::randomness::Randomness;

/// Why the store could not do something. The text is for the log, never for an answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// A uniqueness or reference rule, or a deadlock: somebody else was faster.
    #[error("conflict: {0}")]
    Conflict(String),
    /// The database cannot be reached.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// The actor may look and change nothing.
    #[error("this is only a look")]
    OnlyLooks,
    /// A fault of ours.
    #[error("broken: {0}")]
    Broken(String),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(database)
                if database.is_unique_violation() || database.is_foreign_key_violation() =>
            {
                Self::Conflict(error.to_string())
            }
            sqlx::Error::Database(database) => match database.code().as_deref().map(failure) {
                Some(Failure::Contention) => Self::Conflict(error.to_string()),
                Some(Failure::Outage) => Self::Unavailable(error.to_string()),
                _ => Self::Broken(error.to_string()),
            },
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Tls(_) => {
                Self::Unavailable(error.to_string())
            }
            _ => Self::Broken(error.to_string()),
        }
    }
}

/// What an error code of a database means for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failure {
    /// Another transaction was faster; a repetition may succeed.
    Contention,
    /// The database or its disk cannot serve at the moment.
    Outage,
    /// A statement of ours is wrong.
    Fault,
}

/// Reads an SQLSTATE of PostgreSQL (five characters) or a result code of SQLite (a decimal number whose low byte is the
/// primary code, <https://sqlite.org/rescode.html>).
fn failure(code: &str) -> Failure {
    match code {
        // Serialization failure, deadlock.
        "40001" | "40P01" => Failure::Contention,
        // Shutdown, crash recovery, start-up, too many connections, full disk, out of memory, I/O error.
        "57P01" | "57P02" | "57P03" | "53300" | "53100" | "53200" | "58030" => Failure::Outage,
        _ => match code.parse::<u32>().map(|code| code & 0xff) {
            // SQLITE_BUSY, SQLITE_LOCKED.
            Ok(5 | 6) if code.len() < 5 => Failure::Contention,
            // SQLITE_READONLY, SQLITE_IOERR, SQLITE_FULL, SQLITE_CANTOPEN.
            Ok(8 | 10 | 13 | 14) if code.len() < 5 => Failure::Outage,
            _ => Failure::Fault,
        },
    }
}

/// Returns the options of both SQLite pools: a connection that comes back inside a transaction is closed.
///
/// SQLite rolls back by itself when the disk is full; sqlx then fails to roll back once more and counts a transaction
/// that no longer exists, so every later `BEGIN` on that connection would be refused.
fn sqlite_pool() -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .acquire_timeout(LONGEST_WAIT)
        .after_release(|connection, _| {
            Box::pin(async move {
                // Waits until the rollback that a dropped transaction has queued is done.
                connection.ping().await?;
                Ok(!connection.is_in_transaction())
            })
        })
}

impl From<domain::lifecycle::UnknownName> for StoreError {
    fn from(error: domain::lifecycle::UnknownName) -> Self {
        Self::Broken(error.to_string())
    }
}

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// One file, one writer.
    Sqlite,
    /// A server.
    Postgres,
}

#[derive(Debug, Clone)]
pub(crate) enum Pools {
    /// One connection writes, several read: SQLite has one writer anyway, and waiting in a queue is fairer than `busy`.
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
    },
    Postgres(PgPool),
}

/// The database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) pools: Pools,
    pub(crate) clock: Clock,
    pub(crate) randomness: Randomness,
}

/// A running transaction on either engine.
pub(crate) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// Makes the file of a new database so that only its owner may read it; SQLite gives its companions the same rights.
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

/// How long a caller waits for a connection before it is told to come back.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

impl Store {
    /// Opens `sqlite://path` or `postgres://…`. The file of an SQLite database is made if missing; its schema is not.
    ///
    /// # Errors
    /// The address is not understood or the database cannot be reached.
    pub async fn open(address: &str, clock: Clock, randomness: Randomness) -> Result<Self, StoreError> {
        let pools = if address.starts_with("postgres://") || address.starts_with("postgresql://") {
            let options = PgConnectOptions::from_str(address)?.disable_statement_logging();
            Pools::Postgres(
                PgPoolOptions::new()
                    .max_connections(16)
                    .acquire_timeout(LONGEST_WAIT)
                    .connect_with(options)
                    .await?,
            )
        } else if let Some(path) = address.strip_prefix("sqlite://") {
            if let Some(folder) = std::path::Path::new(path)
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty())
            {
                std::fs::create_dir_all(folder)
                    .map_err(|error| StoreError::Unavailable(format!("{}: {error}", folder.display())))?;
            }
            make_private(path)?;
            let options = SqliteConnectOptions::new()
                .filename(path)
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                // FULL: what was acknowledged is on disk, also after a power cut.
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                .busy_timeout(LONGEST_WAIT)
                .statement_cache_capacity(256)
                .disable_statement_logging();
            let writer = sqlite_pool().max_connections(1).connect_with(options.clone()).await?;
            let readers = sqlite_pool()
                .max_connections(4)
                .connect_with(options.read_only(true).create_if_missing(false))
                .await?;
            Pools::Sqlite { writer, readers }
        } else {
            return Err(StoreError::Broken(format!(
                "{address}: sqlite://path or postgres://… is required"
            )));
        };
        Ok(Self {
            pools,
            clock,
            randomness,
        })
    }

    /// The same database under another clock, for filling in a past.
    pub(crate) fn with_clock(&self, clock: Clock) -> Self {
        Self { clock, ..self.clone() }
    }

    /// Which database it is.
    pub fn engine(&self) -> Engine {
        match self.pools {
            Pools::Sqlite { .. } => Engine::Sqlite,
            Pools::Postgres(_) => Engine::Postgres,
        }
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        match &self.pools {
            Pools::Sqlite { readers, .. } => sqlx::query("SELECT 1").execute(readers).await.map(drop)?,
            Pools::Postgres(pool) => sqlx::query("SELECT 1").execute(pool).await.map(drop)?,
        }
        Ok(())
    }

    /// Writes one row, to learn whether the database accepts changes: a full disk or a read-only file still answers
    /// reads.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the change cannot be stored.
    pub async fn probe_write(&self) -> Result<(), StoreError> {
        let mut tx = self.begin_writing().await?;
        run!(&mut tx, PROBE_WRITE, self.clock.now())?;
        tx.commit().await
    }

    /// What the database says of its own soundness: `ok`, or what is wrong. PostgreSQL checks itself on every read.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn check_integrity(&self) -> Result<String, StoreError> {
        match &self.pools {
            Pools::Sqlite { readers, .. } => {
                Ok(sqlx::query_scalar("PRAGMA integrity_check").fetch_one(readers).await?)
            }
            Pools::Postgres(_) => self.ping().await.map(|()| "ok".to_owned()),
        }
    }

    /// Copies a running SQLite database into a new file, whole and consistent.
    ///
    /// # Errors
    /// The file exists, cannot be written, or this is PostgreSQL, which has `pg_dump`.
    pub async fn copy_into(&self, path: &str) -> Result<(), StoreError> {
        match &self.pools {
            Pools::Sqlite { writer, .. } => {
                sqlx::query("VACUUM INTO $1").bind(path).execute(writer).await?;
                Ok(())
            }
            Pools::Postgres(_) => Err(StoreError::Broken("use pg_dump for PostgreSQL".to_owned())),
        }
    }

    /// Calls `wake` for every notice on a channel of PostgreSQL until the connection is lost; SQLite has none, and other
    /// processes look by themselves.
    pub(crate) async fn listen(&self, channel: &str, wake: impl Fn()) -> Result<(), StoreError> {
        let Pools::Postgres(pool) = &self.pools else {
            return Ok(());
        };
        let mut listener = sqlx::postgres::PgListener::connect_with(pool).await?;
        listener.listen(channel).await?;
        // What was written before the channel was open is looked for once.
        wake();
        loop {
            listener.recv().await?;
            wake();
        }
    }

    /// Waits for running statements and closes the connections.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }

    /// A transaction that writes. On SQLite it takes the writer's place at once, so that it can never fail halfway
    /// because somebody else wrote first.
    pub(crate) async fn begin_writing(&self) -> Result<Tx, StoreError> {
        Ok(match &self.pools {
            Pools::Sqlite { writer, .. } => Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Pools::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// A transaction that only reads.
    pub(crate) async fn begin_reading(&self) -> Result<Tx, StoreError> {
        Ok(match &self.pools {
            Pools::Sqlite { readers, .. } => Tx::Sqlite(readers.begin().await?),
            Pools::Postgres(pool) => Tx::Postgres(pool.begin_with("BEGIN READ ONLY").await?),
        })
    }
}

const PROBE_WRITE: &str = "INSERT INTO write_probe (id, written_at) VALUES (1, $1) \
    ON CONFLICT (id) DO UPDATE SET written_at = excluded.written_at";

impl Tx {
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    /// Tells PostgreSQL's row-level security whose transaction this is; `*` for look-ups before the tenant is known.
    pub(crate) async fn name_tenant(&mut self, tenant: &str) -> Result<(), StoreError> {
        if let Self::Postgres(tx) = self {
            sqlx::query("SELECT set_config('ordinavo.tenant', $1, true)")
                .bind(tenant)
                .execute(&mut **tx)
                .await?;
        }
        Ok(())
    }

    /// Picks the text of this engine where the dialects differ.
    pub(crate) fn dialect(&self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        match self {
            Self::Sqlite(_) => sqlite,
            Self::Postgres(_) => postgres,
        }
    }
}

static STATEMENTS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static OF_THREAD: Cell<u64> = const { Cell::new(0) };
}

/// Notes that a statement is sent to the database.
pub(crate) fn count_statement() {
    STATEMENTS.fetch_add(1, Ordering::Relaxed);
    OF_THREAD.set(OF_THREAD.get() + 1);
}

/// How many statements tasks of this thread have sent so far: where one thread runs one server, whatever others do.
pub fn statements_of_thread() -> u64 {
    OF_THREAD.get()
}

/// How many statements this process has sent to its databases so far, for tests and benchmarks that hold their number.
pub fn statements() -> u64 {
    STATEMENTS.load(Ordering::Relaxed)
}

/// Rows of a query as a `Vec`.
macro_rules! all {
    ($tx:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {{
        $crate::db::engine::count_statement();
        match $tx {
            $crate::db::Tx::Sqlite(c) => sqlx::query_as::<_, $row>($sql)$(.bind($bind))*.fetch_all(&mut **c).await,
            $crate::db::Tx::Postgres(c) => sqlx::query_as::<_, $row>($sql)$(.bind($bind))*.fetch_all(&mut **c).await,
        }.map_err($crate::db::StoreError::from)
    }};
}
/// The row of a query, if there is one.
macro_rules! maybe {
    ($tx:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {{
        $crate::db::engine::count_statement();
        match $tx {
            $crate::db::Tx::Sqlite(c) => sqlx::query_as::<_, $row>($sql)$(.bind($bind))*.fetch_optional(&mut **c).await,
            $crate::db::Tx::Postgres(c) => sqlx::query_as::<_, $row>($sql)$(.bind($bind))*.fetch_optional(&mut **c).await,
        }.map_err($crate::db::StoreError::from)
    }};
}
/// The one row of a query.
macro_rules! one {
    ($tx:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {{
        $crate::db::engine::count_statement();
        match $tx {
            $crate::db::Tx::Sqlite(c) => sqlx::query_as::<_, $row>($sql)$(.bind($bind))*.fetch_one(&mut **c).await,
            $crate::db::Tx::Postgres(c) => sqlx::query_as::<_, $row>($sql)$(.bind($bind))*.fetch_one(&mut **c).await,
        }.map_err($crate::db::StoreError::from)
    }};
}
/// Runs a statement; the answer is the number of rows that it touched.
macro_rules! run {
    ($tx:expr, $sql:expr $(, $bind:expr)* $(,)?) => {{
        $crate::db::engine::count_statement();
        match $tx {
            $crate::db::Tx::Sqlite(c) => sqlx::query($sql)$(.bind($bind))*.execute(&mut **c).await.map(|done| done.rows_affected()),
            $crate::db::Tx::Postgres(c) => sqlx::query($sql)$(.bind($bind))*.execute(&mut **c).await.map(|done| done.rows_affected()),
        }.map_err($crate::db::StoreError::from)
    }};
}
pub(crate) use {all, maybe, one, run};
