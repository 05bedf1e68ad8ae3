//! How often clients call, counted in memory and written a row a day: enough to show a partner its use, cheap enough to
//! count every request. What was counted since the last write is lost with the process; it decides about nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use domain::ids::ClientId;

use crate::identity::actors::{ApiClient, TenantId};
use crate::{Core, CoreResult};

type Key = (TenantId, ClientId, String);

/// The counts since the last write: answered, refused, limited.
#[derive(Debug, Clone, Default)]
pub struct ApiUse(Arc<Mutex<HashMap<Key, [i64; 3]>>>);

impl ApiUse {
    /// Counts an answer.
    pub fn count(&self, client: &ApiClient, now: DateTime<Utc>, status: u16) {
        let place = match status {
            429 => 2,
            400..=499 => 1,
            _ => 0,
        };
        if let Ok(mut counts) = self.0.lock() {
            let key = (client.live_tenant, client.id, now.format("%Y-%m-%d").to_string());
            counts.entry(key).or_default()[place] += 1;
        }
    }

    /// Writes what was counted.
    ///
    /// # Errors
    /// The database does not answer; the counts of this write are lost.
    pub async fn write(&self, core: &Core) -> CoreResult<()> {
        let counts = match self.0.lock() {
            Ok(mut counts) => std::mem::take(&mut *counts),
            Err(_) => return Ok(()),
        };
        if counts.is_empty() {
            return Ok(());
        }
        let mut tx = core.store.begin_system().await?;
        for ((tenant, client, day), counts) in counts {
            tx.add_use(tenant, client, &day, counts).await?;
        }
        Ok(tx.commit().await?)
    }
}
