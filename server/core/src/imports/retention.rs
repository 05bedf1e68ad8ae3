//! How long import jobs are kept. Jobs, customers and references that they created stay.

use chrono::TimeDelta;

use crate::db::purpose::Purge;
use crate::{Core, CoreResult};

/// Deletes ended import jobs with their items once they are older than the setting. A job stays while one of its jobs of the
/// field service waits for mapping, because the review shows what was sent.
///
/// # Errors
/// The database is unavailable.
pub async fn purge_old(core: &Core) -> CoreResult<u64> {
    let Some(days) = core.settings.import_retention_days else {
        return Ok(0);
    };
    let before = core.clock.now() - TimeDelta::days(i64::from(days));
    let tenants = core.store.read_system().await?.tenant_ids().await?;
    let mut deleted = 0;
    for tenant in tenants {
        loop {
            let mut tx = core.store.begin_system::<Purge>().await?;
            let jobs = tx.purge_import_jobs(tenant, before).await?;
            tx.commit().await?;
            if jobs == 0 {
                break;
            }
            deleted += jobs;
        }
    }
    Ok(deleted)
}
