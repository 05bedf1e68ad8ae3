//! Which servers use a database: a command that replaces or moves it would lose what they write meanwhile.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

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
            Err(TryLockError::WouldBlock) => Err(StoreError::Conflict(
                "a command is replacing the database; start again when it has ended".to_owned(),
            )),
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

/// Returns how many connections servers and workers have to a PostgreSQL database.
///
/// # Errors
/// The database cannot be reached.
pub async fn count_server_connections(address: &str) -> Result<i64, StoreError> {
    let options = PgConnectOptions::from_str(address)?.disable_statement_logging();
    let mut connection = tokio::time::timeout(CONNECT_TIMEOUT, options.connect())
        .await
        .map_err(|_| StoreError::Unavailable("no answer".to_owned()))??;
    let count = sqlx::query_scalar(COUNT_SERVERS).fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(count)
}
