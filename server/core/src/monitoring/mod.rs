//! What an operator watches: the length and the age of the queues of the worker, across tenants.

#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;

use chrono::{DateTime, Utc};
use domain::files::FileOwner;

use crate::db::StoreError;
use crate::{Core, CoreResult};

/// The waiting work of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// The kind of work, such as `webhook_deliveries`.
    pub name: &'static str,
    /// The state of its entries.
    pub state: &'static str,
    pub length: u64,
    /// Seconds since the oldest entry could have been worked on; 0 if none is due.
    pub oldest_seconds: u64,
}

/// Returns all queues, also the empty ones.
///
/// # Errors
/// The database does not answer.
pub async fn queues(core: &Core) -> CoreResult<Vec<Queue>> {
    let mut tx = core.store.read_system().await?;
    let now = tx.now;
    let mut queues = Vec::new();
    for (name, state, statement) in store::QUEUES {
        let (length, due): (i64, Option<DateTime<Utc>>) = tx.count_queue(statement).await?;
        let waiting = due.map_or(0, |due| (now - due).num_seconds());
        queues.push(Queue {
            name,
            state,
            length: u64::try_from(length).unwrap_or_default(),
            oldest_seconds: u64::try_from(waiting).unwrap_or_default(),
        });
    }
    Ok(queues)
}

/// Returns the bytes of stored files by the kind of their owner.
///
/// # Errors
/// The database does not answer.
pub async fn stored_files(core: &Core) -> CoreResult<Vec<(FileOwner, u64)>> {
    let rows = core.store.read_system().await?.file_usage_by_owner().await?;
    let bytes_of = |owner: FileOwner| {
        rows.iter()
            .find(|(name, _)| name == owner.name())
            .map_or(0, |(_, bytes)| *bytes)
    };
    Ok(FileOwner::ALL
        .iter()
        .map(|owner| (*owner, u64::try_from(bytes_of(*owner)).unwrap_or_default()))
        .collect())
}

/// Returns the number of webhook endpoints in each status.
///
/// # Errors
/// The database does not answer.
pub async fn webhook_endpoints(core: &Core) -> CoreResult<Vec<(String, u64)>> {
    let rows: Result<Vec<(String, i64)>, StoreError> = core.store.read_system().await?.count_endpoints().await;
    Ok(rows?
        .into_iter()
        .map(|(status, count)| (status, u64::try_from(count).unwrap_or_default()))
        .collect())
}
