//! API usage per client and day, and the latest calls of each client. Both are collected in memory and written periodically;
//! what is not yet written is lost when the process ends, and nothing depends on it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::ClientId;

use crate::db::purpose::{Purge, UsageCounting};
use crate::identity::actors::{ApiClient, TenantId};
use crate::{Core, CoreResult};

/// How long calls stay in the request log.
const LOG_RETENTION: TimeDelta = TimeDelta::days(7);
/// Calls of one client that stay in the request log.
const MAX_LOGGED_PER_CLIENT: i64 = 5_000;
/// Calls of one client that are logged between two writes. A client that calls more often is counted, and its errors are logged
/// up to twice this number.
const MAX_LOGGED_PER_WRITE: usize = 100;
/// The longest path that the request log holds, in characters.
const MAX_LOGGED_PATH_CHARS: usize = 300;

type Key = (TenantId, ClientId, String);
type CallsOfClients = HashMap<(TenantId, ClientId), Vec<ApiCall>>;

/// The counts since the last write: successful, rejected and rate-limited calls, by tenant, client and day; and the calls.
#[derive(Debug, Clone, Default)]
pub struct ApiUsage {
    counts: Arc<Mutex<HashMap<Key, [i64; 3]>>>,
    calls: Arc<Mutex<CallsOfClients>>,
}

/// A call of an integration client, with its answer.
#[derive(Debug, Clone)]
pub struct ApiCall {
    pub called_at: DateTime<Utc>,
    pub method: String,
    pub path: String,
    pub status: u16,
    /// The code of the problem that answered it.
    pub code: Option<&'static str>,
    pub duration: TimeDelta,
    pub request_id: String,
    pub is_test: bool,
}

impl ApiUsage {
    /// Counts a call and keeps it for the request log.
    pub fn record(&self, client: &ApiClient, mut call: ApiCall) {
        let index = match call.status {
            429 => 2,
            400..=499 => 1,
            _ => 0,
        };
        if let Ok(mut counts) = self.counts.lock() {
            let day = call.called_at.format("%Y-%m-%d").to_string();
            counts.entry((client.live_tenant(), client.id(), day)).or_default()[index] += 1;
        }
        if let Ok(mut calls) = self.calls.lock() {
            let calls = calls.entry((client.live_tenant(), client.id())).or_default();
            let max = if call.status >= 400 {
                2 * MAX_LOGGED_PER_WRITE
            } else {
                MAX_LOGGED_PER_WRITE
            };
            if calls.len() < max {
                call.path = call.path.chars().take(MAX_LOGGED_PATH_CHARS).collect();
                calls.push(call);
            }
        }
    }

    /// Adds the counts to the database.
    ///
    /// # Errors
    /// The database is unavailable; the counts of this write are lost.
    pub async fn write(&self, core: &Core) -> CoreResult<()> {
        let counts = take(&self.counts);
        let calls = take(&self.calls);
        if counts.is_empty() && calls.is_empty() {
            return Ok(());
        }
        let mut tx = core.store.begin_system::<UsageCounting>().await?;
        for ((tenant, client, day), counts) in counts {
            tx.add_usage(tenant, client, &day, counts).await?;
        }
        for ((tenant, client), calls) in calls {
            for call in calls {
                tx.insert_call(tenant, client, &call).await?;
            }
        }
        Ok(tx.commit().await?)
    }
}

/// Returns what was collected and begins anew.
fn take<T: Default>(collected: &Mutex<T>) -> T {
    collected
        .lock()
        .map(|mut collected| std::mem::take(&mut *collected))
        .unwrap_or_default()
}

/// Deletes calls that are older than the retention period, and the oldest of clients with many calls. Called by the worker.
pub async fn purge_old(core: &Core) -> CoreResult<()> {
    let mut tx = core.store.begin_system::<Purge>().await?;
    tx.purge_calls(core.clock.now() - LOG_RETENTION, MAX_LOGGED_PER_CLIENT)
        .await?;
    Ok(tx.commit().await?)
}
