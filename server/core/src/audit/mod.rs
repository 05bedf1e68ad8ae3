//! The audit log and the timeline. Use cases read and verify the log; entries are written with each transaction.

pub(crate) mod chain;
mod entries;
pub mod model;
#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;
pub mod verification;
pub(crate) use self::entries::{NewAuditEntry, NewTimelineEntry};
#[cfg(test)]
pub(crate) use self::store::chains::entries_after;
pub(crate) use self::store::chains::tenant_slugs;
pub(crate) use self::store::log::write;

use domain::identity::permissions::ViewAudit;

use crate::audit::model::AuditEntry;
use crate::audit::store::chains;
use crate::audit::verification::Verification;
use crate::identity::actors::Permit;
use crate::page::{PAGE_SIZE, Page};
use crate::{Core, CoreResult};

/// Returns a page of the log, newest first; `before` is the last sequence of the previous page.
pub async fn page(core: &Core, by: Permit<'_, ViewAudit>, before: Option<i64>) -> CoreResult<Page<AuditEntry>> {
    let mut tx = core.store.read(by.staff()).await?;
    Ok(Page::from_rows(
        tx.list_audit_entries(before, PAGE_SIZE + 1).await?,
        PAGE_SIZE,
    ))
}

/// Verifies the log of the tenant, also against its last checkpoint.
pub async fn verify(core: &Core, by: Permit<'_, ViewAudit>) -> CoreResult<Verification> {
    let mut tx = core.store.read(by.staff()).await?;
    let tenant = tx.tenant_id();
    let checkpoints = chains::last_checkpoint(&mut tx.tx, tenant).await?;
    verification::verify_chain(core, &mut tx.tx, tenant, &checkpoints).await
}
