//! Which servers use a database: a command that replaces or moves it would lose what they write meanwhile.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _, PgPool};

use super::StoreError;
use super::open::CONNECT_TIMEOUT;

/// What opens a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Process {
    /// A command, which ends when it is done.
    #[default]
    Command,
    Server,
    Worker,
}

impl Process {
    /// Returns the name of its connections, which PostgreSQL shows in `pg_stat_activity`.
    pub(super) fn application_name(self) -> &'static str {
        match self {
            Self::Command => "ordinavo",
            Self::Server => "ordinavo serve",
            Self::Worker => "ordinavo worker",
        }
    }
}

/// A lock beside an SQLite file that the operating system releases when the process ends, however it ends.
///
/// It is a file of its own: SQLite loses its own locks when another descriptor of the database file is closed.
#[derive(Debug)]
pub struct UseLock(#[expect(dead_code, reason = "unlocks when it is dropped")] File);

fn lock_file(path: &Path) -> Result<(File, PathBuf), StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push("-lock");
    let name = PathBuf::from(name);
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        crate::private_folder::create(folder).map_err(|error| unavailable(folder, &error))?;
    }
    let is_new = !name.exists();
    let file = options.open(&name).map_err(|error| unavailable(&name, &error))?;
    if is_new {
        // Root may be first; the service opens the file afterwards.
        crate::private_folder::adopt_owner(&name, path);
    }
    Ok((file, name))
}

fn being_replaced() -> StoreError {
    StoreError::Conflict("a command is replacing the database; start again when it has ended".to_owned())
}

fn unavailable(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Unavailable(format!("{}: {error}", path.display()))
}

impl UseLock {
    /// Marks an SQLite file as used by a server, beside other servers.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] while a command replaces the file.
    pub(super) fn shared(path: &Path) -> Result<Self, StoreError> {
        let (file, name) = lock_file(path)?;
        match file.try_lock_shared() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(being_replaced()),
            Err(TryLockError::Error(error)) => Err(unavailable(&name, &error)),
        }
    }

    /// Keeps servers from using an SQLite file; `None` if one does.
    ///
    /// # Errors
    /// The lock file cannot be opened.
    pub fn exclusive(path: &Path) -> Result<Option<Self>, StoreError> {
        let (file, name) = lock_file(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(unavailable(&name, &error)),
        }
    }
}

/// PostgreSQL shows the names of connections to every role.
const COUNT_SERVERS: &str = r"
    SELECT count(*)
    FROM pg_stat_activity AS session
    WHERE session.datname = current_database()
      AND session.application_name IN ('ordinavo serve', 'ordinavo worker')
";

/// The advisory lock of commands that replace a database; its number is "ordinavo" in ASCII.
const REPLACING: i64 = 0x6f72_6469_6e61_766f;

const LOCK_FOR_REPLACING: &str = "SELECT pg_try_advisory_xact_lock($1)";
/// The transaction waits for as long as the command works.
const WAIT_WITHOUT_LIMIT: &str = "SET LOCAL idle_in_transaction_session_timeout = 0";
const CHECK_REPLACING: &str = "SELECT pg_try_advisory_xact_lock_shared($1)";

/// A session that keeps servers from using a PostgreSQL database until it ends.
#[derive(Debug)]
pub struct ReplacingSession(#[expect(dead_code, reason = "unlocks when it is dropped")] PgConnection);

/// Who uses a PostgreSQL database that a command wants to replace.
#[derive(Debug)]
pub enum DatabaseUse {
    /// No server, and none can start.
    None(ReplacingSession),
    /// Connections of servers and workers, or idle ones of a pooler in front of the database.
    Servers(i64),
    /// Another command that replaces it.
    Command,
}

impl ReplacingSession {
    /// Keeps servers from using a PostgreSQL database, unless some do.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn begin(address: &str) -> Result<DatabaseUse, StoreError> {
        let options = PgConnectOptions::from_str(address)?.disable_statement_logging();
        let connected = tokio::time::timeout(CONNECT_TIMEOUT, options.connect())
            .await
            .map_err(|_| StoreError::Unavailable("no answer".to_owned()))
            .and_then(|connected| connected.map_err(StoreError::from));
        let mut connection = connected.map_err(|error| at_host(address, error))?;
        // A transaction, so that a pooler keeps the session for it and ends the lock with it.
        sqlx::raw_sql("BEGIN").execute(&mut connection).await?;
        sqlx::raw_sql(WAIT_WITHOUT_LIMIT).execute(&mut connection).await?;
        let is_locked: bool = sqlx::query_scalar(LOCK_FOR_REPLACING)
            .bind(REPLACING)
            .fetch_one(&mut connection)
            .await?;
        if !is_locked {
            return Ok(DatabaseUse::Command);
        }
        match sqlx::query_scalar(COUNT_SERVERS).fetch_one(&mut connection).await? {
            0 => Ok(DatabaseUse::None(Self(connection))),
            connections => {
                connection.close().await?;
                Ok(DatabaseUse::Servers(connections))
            }
        }
    }
}

/// Fails while a command replaces the database. The lock ends with the statement, so that a pooler may be in between.
pub(super) async fn ensure_not_replaced(pool: &PgPool) -> Result<(), StoreError> {
    let is_free: bool = sqlx::query_scalar(CHECK_REPLACING)
        .bind(REPLACING)
        .fetch_one(pool)
        .await?;
    if is_free { Ok(()) } else { Err(being_replaced()) }
}

/// Adds the host to an error of the network: an operator may have several databases.
pub(super) fn at_host(address: &str, error: StoreError) -> StoreError {
    match (error, PgConnectOptions::from_str(address)) {
        (StoreError::Unavailable(reason), Ok(options)) => {
            let host = options.get_socket().map_or_else(
                || format!("{}:{}", options.get_host(), options.get_port()),
                |socket| socket.display().to_string(),
            );
            StoreError::Unavailable(format!("{host}: {reason}"))
        }
        (error, _) => error,
    }
}
