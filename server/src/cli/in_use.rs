//! Keeps commands that replace or move a database from running beside servers.

use std::path::Path;

use ordinavo_core::{UseLock, count_server_connections};

use super::backup::with_suffix;
use super::startup;

/// Fails while servers or workers use a database: what they store meanwhile would be lost. On SQLite, none can start before
/// the result is dropped.
pub async fn ensure_unused(database_url: &str) -> Result<Option<UseLock>, String> {
    let in_use = |details: &str| {
        Err(format!(
            "setting database_url: servers or workers use the database{details}; stop them first"
        ))
    };
    if let Some(path) = database_url.strip_prefix("sqlite://").map(Path::new) {
        // The lock of a server whose file was deleted counts, too.
        if !path.exists() && !with_suffix(path, "-lock").exists() {
            return Ok(None);
        }
        return match UseLock::exclusive(path).map_err(|error| startup::store_message(&error))? {
            Some(lock) => Ok(Some(lock)),
            None => in_use(""),
        };
    }
    match count_server_connections(database_url)
        .await
        .map_err(|error| startup::store_message(&error))?
    {
        0 => Ok(None),
        connections => in_use(&format!(" ({connections} connections)")),
    }
}
