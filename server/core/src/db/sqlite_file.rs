//! Notices that the SQLite file was deleted or replaced while it is open.
//!
//! The open connections keep the old file alive: they would read and write data that is lost when they close. Nothing is
//! read or written until the file that was opened is back, or another one can be opened safely.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// What identifies a file independently of its name: device and inode.
type Identity = (u64, u64);

/// The file of an SQLite database and what it was when it was opened.
#[derive(Debug, Clone)]
pub(crate) struct SqliteFile {
    path: PathBuf,
    opened: Arc<Mutex<Opened>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Opened {
    database: Option<Identity>,
    log: Option<Identity>,
}

/// The state of the file, compared with the one that was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileState {
    /// The opened file is in its place.
    Present,
    /// No file has its name.
    Missing,
    /// Another file has its name. It can be opened once the old connections are closed.
    Replaced,
    /// Another file has its name, next to the write-ahead log of the old one, which SQLite would apply to it.
    ReplacedBesideOldLog,
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity(path: &Path) -> Option<Identity> {
    path.exists().then_some((0, 0))
}

impl SqliteFile {
    /// Remembers the file, which exists.
    pub(crate) fn new(path: &Path) -> Self {
        let file = Self {
            path: path.to_owned(),
            opened: Arc::default(),
        };
        file.accept();
        file
    }

    /// Takes the present file as the opened one, after the old connections were closed or before any was opened.
    pub(crate) fn accept(&self) {
        *self.opened.lock().unwrap_or_else(PoisonError::into_inner) = Opened {
            database: identity(&self.path),
            log: None,
        };
    }

    fn log_path(&self) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push("-wal");
        path.into()
    }

    /// Compares the file with the opened one.
    pub(crate) fn state(&self) -> FileState {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        match identity(&self.path) {
            None => FileState::Missing,
            Some(found) if Some(found) == opened.database => {
                // SQLite creates the log with the first connection.
                if opened.log.is_none() {
                    opened.log = identity(&self.log_path());
                }
                FileState::Present
            }
            Some(_) => match identity(&self.log_path()) {
                Some(log) if opened.log == Some(log) => FileState::ReplacedBesideOldLog,
                _ => FileState::Replaced,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_file_deleted_or_replaced_is_told_apart() {
        let folder = std::env::temp_dir().join(format!("ordinavo-sqlite-file-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("folder is created");
        let path = folder.join("a.db");
        let log = folder.join("a.db-wal");
        std::fs::write(&path, "old").expect("file is written");
        std::fs::write(&log, "old").expect("file is written");
        let file = SqliteFile::new(&path);
        assert_eq!(file.state(), FileState::Present);
        std::fs::rename(&path, folder.join("aside.db")).expect("file is moved");
        assert_eq!(file.state(), FileState::Missing);
        std::fs::write(&path, "new").expect("file is written");
        assert_eq!(file.state(), FileState::ReplacedBesideOldLog);
        std::fs::remove_file(&log).expect("file is removed");
        assert_eq!(file.state(), FileState::Replaced);
        file.accept();
        assert_eq!(file.state(), FileState::Present);
        std::fs::rename(folder.join("aside.db"), &path).expect("file is moved");
        assert_ne!(file.state(), FileState::Present);
        std::fs::remove_dir_all(&folder).expect("folder is removed");
    }
}
