//! Commits the changes of a use case and notifies workers and open pages.

use crate::db::TenantTx;
use crate::identity::actors::Actor;
use crate::{Core, CoreResult};

/// Commits, wakes the worker if webhook deliveries were written, and notifies the tenant's open pages.
pub(crate) async fn finish<A: Actor>(core: &Core, tx: TenantTx<'_, A>) -> CoreResult<()> {
    let tenant = tx.tenant();
    if tx.commit().await? {
        core.wake_worker.notify_one();
    }
    // Sending fails when no page is open.
    let _ = core.changes.send(tenant);
    Ok(())
}
