//! The end of a use case: its changes are committed and those who wait for them are told.

use crate::db::TenantTx;
use crate::identity::actors::Actor;
use crate::{Core, CoreResult};

/// Commits, wakes the worker if the change wrote deliveries, and notifies the open pages of the tenant.
pub(crate) async fn finish<A: Actor>(core: &Core, tx: TenantTx<'_, A>) -> CoreResult<()> {
    let tenant = tx.tenant();
    if tx.commit().await? {
        core.wake_worker.notify_one();
    }
    // Sending fails when no page is open.
    let _ = core.changes.send(tenant);
    Ok(())
}
