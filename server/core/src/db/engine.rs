//! The database engines: connection pools, transactions, and macros that run a statement on either engine.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::postgres::PgPool;
use sqlx::sqlite::SqlitePool;
use sqlx::{Postgres, SqlSafeStr as _, Sqlite, Transaction};

use super::running::UseLock;
use super::sqlite_file::{FileState, SqliteFile};
use crate::audit::chain::AuditKey;
use crate::clock::Clock;
use crate::randomness::Randomness;

/// A database error. The text is for the log and must not reach a response.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// A unique or foreign key violation, a serialization failure or a deadlock.
    #[error("conflict: {0}")]
    Conflict(String),
    /// The database cannot be reached.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// The database does not let the role of the URL in.
    #[error("refused: {0}")]
    Refused(String),
    /// The role lacks a right, or row-level security forbids a row.
    #[error("forbidden: {0}")]
    Forbidden(String),
    /// The SQLite file was deleted or replaced under the open connections.
    #[error("the database file {0}")]
    FileLost(&'static str),
    /// A value that the database cannot store, such as text with NUL or a time before 4714 BC.
    #[error("invalid value: {0}")]
    Invalid(String),
    /// The actor's session is read-only.
    #[error("read-only session")]
    ReadOnlySession,
    /// A bug or an unexpected database error.
    #[error("broken: {0}")]
    Broken(String),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(database)
                if database.is_unique_violation() || database.is_foreign_key_violation() =>
            {
                Self::Conflict(chain(&error))
            }
            sqlx::Error::Database(database) => match database.code().as_deref().map(failure) {
                Some(Failure::Contention) => Self::Conflict(chain(&error)),
                Some(Failure::Outage) => Self::Unavailable(chain(&error)),
                Some(Failure::Refusal) => Self::Refused(chain(&error)),
                Some(Failure::Right) => Self::Forbidden(chain(&error)),
                Some(Failure::Value) => Self::Invalid(chain(&error)),
                _ => Self::Broken(chain(&error)),
            },
            // A connection that breaks in the middle of an answer is a violation of the protocol.
            sqlx::Error::PoolTimedOut => Self::Unavailable(
                "no connection of the pool became free in time; all are in use, or new ones cannot be made".to_owned(),
            ),
            sqlx::Error::Io(_)
            | sqlx::Error::PoolClosed
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::WorkerCrashed => Self::Unavailable(chain(&error)),
            _ => Self::Broken(chain(&error)),
        }
    }
}

/// Returns an error with the errors that caused it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        // Some errors repeat the text of their source.
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

/// The meaning of a database error code for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failure {
    /// Another transaction interfered; a retry may succeed.
    Contention,
    /// The database or its disk is unavailable.
    Outage,
    /// The role or the database of the URL is wrong.
    Refusal,
    /// The role lacks a right.
    Right,
    /// A value is out of the range of its type.
    Value,
    /// The statement is wrong.
    Fault,
}

/// Classifies an SQLSTATE of PostgreSQL (five characters) or a result code of SQLite (a decimal number whose low byte is
/// the primary code, <https://sqlite.org/rescode.html>).
fn failure(code: &str) -> Failure {
    match code {
        // Serialization failure, deadlock, lock timeout.
        "40001" | "40P01" | "55P03" => Failure::Contention,
        // Shutdown, crash recovery, start-up, too many connections, full disk, out of memory, I/O error, lost connection.
        "57P01" | "57P02" | "57P03" | "53300" | "53100" | "53200" | "58030" | "08000" | "08001" | "08003" | "08004"
        | "08006" | "08P01" => Failure::Outage,
        // Statement timeout, idle transaction timeout, a primary that became a standby.
        "57014" | "25P03" | "25006" => Failure::Outage,
        // Wrong password, unknown role, missing database.
        "28P01" | "28000" | "3D000" => Failure::Refusal,
        // Missing right, row-level security.
        "42501" => Failure::Right,
        // Text with NUL, JSON with NUL, a time or number out of range.
        "22021" | "22P05" | "22008" | "22003" => Failure::Value,
        _ => match code.parse::<u32>().map(|code| code & 0xff) {
            // SQLITE_BUSY, SQLITE_LOCKED.
            Ok(5 | 6) if code.len() < 5 => Failure::Contention,
            // SQLITE_READONLY, SQLITE_IOERR, SQLITE_FULL, SQLITE_CANTOPEN.
            Ok(8 | 10 | 13 | 14) if code.len() < 5 => Failure::Outage,
            _ => Failure::Fault,
        },
    }
}

impl From<domain::lifecycle::UnknownName> for StoreError {
    fn from(error: domain::lifecycle::UnknownName) -> Self {
        Self::Broken(error.to_string())
    }
}

/// The kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// A file with a single writer.
    Sqlite,
    /// A database server.
    Postgres,
}

#[derive(Debug, Clone)]
pub(crate) enum Pools {
    /// One connection for writes, several for reads: SQLite allows one writer, and the pool's queue is fairer than
    /// `SQLITE_BUSY`.
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
        file: SqliteFile,
    },
    Postgres(PgPool),
}

/// The database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) pools: Pools,
    pub(crate) clock: Clock,
    pub(crate) randomness: Randomness,
    /// The key of the audit log; `None` until the master key is known.
    pub(crate) audit_key: Option<Arc<AuditKey>>,
    /// Held by servers while they use an SQLite file.
    #[expect(dead_code, reason = "unlocks when the last store is dropped")]
    pub(crate) use_lock: Option<Arc<UseLock>>,
}

/// A running transaction on either engine.
pub(crate) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Store {
    /// Returns the same database with another clock, to create data in the past.
    pub(crate) fn with_clock(&self, clock: Clock) -> Self {
        Self { clock, ..self.clone() }
    }

    /// Returns the key of the audit log.
    pub(crate) fn audit_key(&self) -> Result<&AuditKey, StoreError> {
        self.audit_key
            .as_deref()
            .ok_or_else(|| StoreError::Broken("an audit entry was written without the master key".to_owned()))
    }

    /// Returns the kind of database.
    pub fn engine(&self) -> Engine {
        match self.pools {
            Pools::Sqlite { .. } => Engine::Sqlite,
            Pools::Postgres(_) => Engine::Postgres,
        }
    }

    /// Checks that the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.ensure_file()?;
        match &self.pools {
            Pools::Sqlite { readers, .. } => sqlx::query("SELECT 1").execute(readers).await.map(drop)?,
            Pools::Postgres(pool) => sqlx::query("SELECT 1").execute(pool).await.map(drop)?,
        }
        Ok(())
    }

    /// Writes one row to check that the database accepts changes: with a full disk or a read-only file, reads still work.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the change cannot be stored.
    pub async fn probe_write(&self) -> Result<(), StoreError> {
        let mut tx = self.begin_writing().await?;
        tx.execute(PROBE_WRITE, (self.clock.now(),)).await?;
        tx.commit().await
    }

    /// Returns `ok` or the result of SQLite's integrity check. PostgreSQL verifies pages on every read and is only pinged.
    pub async fn check_integrity(&self) -> Result<String, StoreError> {
        match &self.pools {
            Pools::Sqlite { readers, .. } => {
                Ok(sqlx::query_scalar("PRAGMA integrity_check").fetch_one(readers).await?)
            }
            Pools::Postgres(_) => self.ping().await.map(|()| "ok".to_owned()),
        }
    }

    /// Writes a consistent copy of a running SQLite database to a new file.
    ///
    /// # Errors
    /// The file exists or cannot be written, or the database is PostgreSQL.
    pub async fn copy_into(&self, path: &str) -> Result<(), StoreError> {
        match &self.pools {
            Pools::Sqlite { writer, .. } => {
                sqlx::query("VACUUM INTO $1").bind(path).execute(writer).await?;
                Ok(())
            }
            Pools::Postgres(_) => Err(StoreError::Broken("use pg_dump for PostgreSQL".to_owned())),
        }
    }

    /// Calls `wake` for every notification on a PostgreSQL channel until the connection is lost; returns at once on SQLite,
    /// which has no notifications.
    pub(crate) async fn listen(&self, channel: &str, wake: impl Fn()) -> Result<(), StoreError> {
        let Pools::Postgres(pool) = &self.pools else {
            return Ok(());
        };
        let mut listener = sqlx::postgres::PgListener::connect_with(pool).await?;
        listener.listen(channel).await?;
        // Work may have been enqueued before the channel was open.
        wake();
        loop {
            listener.recv().await?;
            wake();
        }
    }

    /// Waits for running statements and closes the connections.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { writer, readers, .. } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }

    /// Refreshes the statistics by which SQLite chooses indexes, if tables have grown a lot. PostgreSQL does so itself.
    pub(crate) async fn refresh_statistics(&self) -> Result<(), StoreError> {
        if let Pools::Sqlite { writer, .. } = &self.pools {
            sqlx::raw_sql("PRAGMA analysis_limit = 400; PRAGMA optimize")
                .execute(writer)
                .await?;
        }
        Ok(())
    }

    /// Begins a write transaction. SQLite takes the write lock at once, so the transaction cannot fail later because of
    /// another writer.
    pub(crate) async fn begin_writing(&self) -> Result<Tx, StoreError> {
        self.ensure_file()?;
        Ok(match &self.pools {
            Pools::Sqlite { writer, .. } => Tx::Sqlite(begin(writer, "BEGIN IMMEDIATE").await?),
            Pools::Postgres(pool) => Tx::Postgres(begin(pool, "BEGIN").await?),
        })
    }

    /// Begins a read-only transaction.
    pub(crate) async fn begin_reading(&self) -> Result<Tx, StoreError> {
        self.ensure_file()?;
        Ok(match &self.pools {
            Pools::Sqlite { readers, .. } => Tx::Sqlite(begin(readers, "BEGIN").await?),
            Pools::Postgres(pool) => Tx::Postgres(begin(pool, "BEGIN READ ONLY").await?),
        })
    }

    /// Fails if the SQLite file is no longer the one that was opened.
    pub(crate) fn ensure_file(&self) -> Result<(), StoreError> {
        let Pools::Sqlite { file, .. } = &self.pools else {
            return Ok(());
        };
        match file.state() {
            FileState::Present => Ok(()),
            FileState::Missing => Err(StoreError::FileLost("was deleted")),
            FileState::Replaced => Err(StoreError::FileLost("was replaced")),
            FileState::ReplacedBesideOldLog => Err(StoreError::FileLost(
                "was replaced beside the -wal file of the old one; stop the server and remove that file",
            )),
        }
    }

    /// Closes the idle connections to a deleted or replaced SQLite file, and accepts the new file when none is left.
    pub async fn reopen_file(&self) {
        let Pools::Sqlite { writer, readers, file } = &self.pools else {
            return;
        };
        if file.state() == FileState::Present {
            return;
        }
        for pool in [writer, readers] {
            while let Some(connection) = pool.try_acquire() {
                // The file is gone: what cannot be written back to it is lost in any case.
                let _ = connection.close().await;
            }
        }
        if writer.size() == 0 && readers.size() == 0 && file.state() == FileState::Replaced {
            tracing::warn!("the database file was replaced; using the new one");
            file.accept();
        }
    }

    /// Returns the connections of each pool, for the metrics.
    pub fn connections(&self) -> Vec<PoolUse> {
        match &self.pools {
            Pools::Sqlite { writer, readers, .. } => vec![pool_use("writer", writer), pool_use("readers", readers)],
            Pools::Postgres(pool) => vec![pool_use("postgres", pool)],
        }
    }
}

/// The connections of a pool.
#[derive(Debug, Clone, Copy)]
pub struct PoolUse {
    pub name: &'static str,
    pub open: u32,
    pub idle: u32,
    pub max: u32,
}

fn pool_use<DB: sqlx::Database>(name: &'static str, pool: &sqlx::Pool<DB>) -> PoolUse {
    PoolUse {
        name,
        open: pool.size(),
        idle: u32::try_from(pool.num_idle()).unwrap_or(u32::MAX),
        max: pool.options().get_max_connections(),
    }
}

/// Begins a transaction, also if the caller is dropped meanwhile.
///
/// A request whose client went away is dropped at any `await`. Between the `BEGIN` that PostgreSQL has received and its
/// answer, sqlx does not yet count the transaction, does not roll it back, and would hand the connection with the open
/// transaction to the next caller, who would write into a read-only one. A task of its own is not dropped: the
/// transaction begins, has no owner, and is rolled back.
async fn begin<DB: sqlx::Database>(
    pool: &sqlx::Pool<DB>,
    statement: &'static str,
) -> Result<Transaction<'static, DB>, StoreError> {
    let connection = pool.acquire().await?;
    // This is what `Pool::begin_with` calls, with a connection that was acquired before.
    let beginning = tokio::spawn(Transaction::begin(connection, Some(statement.into_sql_str())));
    match beginning.await {
        Ok(begun) => Ok(begun?),
        Err(error) => Err(StoreError::Broken(error.to_string())),
    }
}

const SET_TENANT: &str = "SELECT set_config('ordinavo.tenant', $1, true)";
const PROBE_WRITE: &str = r"
    INSERT INTO write_probe (id, written_at)
    VALUES (1, $1)
    ON CONFLICT (id)
    DO UPDATE SET written_at = excluded.written_at
";

impl Tx {
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    /// Sets the tenant for PostgreSQL's row-level security; `*` allows every tenant.
    pub(crate) async fn set_tenant(&mut self, tenant: &str) -> Result<(), StoreError> {
        if let Self::Postgres(tx) = self {
            sqlx::query(SET_TENANT).bind(tenant).execute(&mut **tx).await?;
        }
        Ok(())
    }
}

static STATEMENT_COUNT: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static THREAD_STATEMENT_COUNT: Cell<u64> = const { Cell::new(0) };
}

/// Counts a statement sent to the database.
pub(crate) fn count_statement() {
    STATEMENT_COUNT.fetch_add(1, Ordering::Relaxed);
    THREAD_STATEMENT_COUNT.set(THREAD_STATEMENT_COUNT.get() + 1);
}

/// Returns the number of statements sent from this thread, for tests that run one server per thread.
pub fn thread_statement_count() -> u64 {
    THREAD_STATEMENT_COUNT.get()
}

/// Returns the number of statements sent by this process, for tests and benchmarks that limit it.
pub fn statement_count() -> u64 {
    STATEMENT_COUNT.load(Ordering::Relaxed)
}
