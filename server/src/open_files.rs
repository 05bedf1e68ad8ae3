//! The limit of the operating system for open files, to which connections count.

use crate::config::Config;

/// Open files besides the connections of visitors and to PostgreSQL: SQLite, uploads, webhooks, mails, logs.
const OTHERS: u64 = 200;

/// Raises the limit of the process to the most that it may have, and warns if the settings need more.
pub fn raise_limit(config: &Config) {
    #[cfg(unix)]
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) => {
            let needed = config.connections as u64 + u64::from(config.database_connections) + OTHERS;
            if limit < needed {
                tracing::warn!(
                    limit,
                    needed,
                    "the process may open fewer files than the setting connections needs; raise the limit (LimitNOFILE, ulimit -n) or lower the setting"
                );
            }
        }
        Err(error) => tracing::warn!(%error, "the limit of open files cannot be read"),
    }
    #[cfg(not(unix))]
    let _ = config;
}
