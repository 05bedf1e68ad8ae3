//! API usage per client and day, counted in memory and written periodically. Counts that are not yet written are lost
//! when the process ends; nothing depends on them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use domain::ids::ClientId;

use crate::db::purpose::UsageCounting;
use crate::identity::actors::{ApiClient, TenantId};
use crate::{Core, CoreResult};

type Key = (TenantId, ClientId, String);

/// The counts since the last write: successful, rejected and rate-limited calls, by tenant, client and day.
#[derive(Debug, Clone, Default)]
pub struct ApiUsage(Arc<Mutex<HashMap<Key, [i64; 3]>>>);

impl ApiUsage {
    /// Counts a response.
    pub fn count(&self, client: &ApiClient, now: DateTime<Utc>, status: u16) {
        let index = match status {
            429 => 2,
            400..=499 => 1,
            _ => 0,
        };
        if let Ok(mut counts) = self.0.lock() {
            let key = (client.live_tenant(), client.id(), now.format("%Y-%m-%d").to_string());
            counts.entry(key).or_default()[index] += 1;
        }
    }

    /// Adds the counts to the database.
    ///
    /// # Errors
    /// The database is unavailable; the counts of this write are lost.
    pub async fn write(&self, core: &Core) -> CoreResult<()> {
        let counts = match self.0.lock() {
            Ok(mut counts) => std::mem::take(&mut *counts),
            Err(_) => return Ok(()),
        };
        if counts.is_empty() {
            return Ok(());
        }
        let mut tx = core.store.begin_system::<UsageCounting>().await?;
        for ((tenant, client, day), counts) in counts {
            tx.add_usage(tenant, client, &day, counts).await?;
        }
        Ok(tx.commit().await?)
    }
}
