//! Keeps commands that replace or move a database from running beside servers.

use std::path::Path;

use ordinavo_core::{DatabaseUse, ReplacingSession, UseLock};

use super::backup::with_suffix;
use super::startup;

/// What keeps servers from starting until it is dropped.
#[expect(dead_code, reason = "its parts unlock when they are dropped")]
pub enum Unused {
    /// There is no database yet.
    Missing,
    File(UseLock),
    Session(ReplacingSession),
}

/// Fails while servers or workers use a database: what they store meanwhile would be lost. None can start before the result
/// is dropped.
pub async fn ensure_unused(database_url: &str) -> Result<Unused, String> {
    let in_use = |details: &str| {
        Err(format!(
            "setting database_url: servers or workers use the database{details}; stop them first"
        ))
    };
    if let Some(path) = database_url.strip_prefix("sqlite://").map(Path::new) {
        // The lock of a server whose file was deleted counts, too.
        if !path.exists() && !with_suffix(path, "-lock").exists() {
            return Ok(Unused::Missing);
        }
        return match UseLock::exclusive(path).map_err(|error| startup::store_message(&error))? {
            Some(lock) => Ok(Unused::File(lock)),
            None => in_use(""),
        };
    }
    match ReplacingSession::begin(database_url)
        .await
        .map_err(|error| startup::store_message(&error))?
    {
        DatabaseUse::None(session) => Ok(Unused::Session(session)),
        DatabaseUse::Servers(connections) => {
            in_use(&format!(" ({connections} connections; those of a pooler count, too)"))
        }
        DatabaseUse::Command => {
            Err("setting database_url: another command is replacing the database; wait until it has ended".to_owned())
        }
    }
}
