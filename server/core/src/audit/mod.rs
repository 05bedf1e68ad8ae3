//! The audit log and the timeline. Use cases read and verify the log; entries are written with each transaction.

mod entries;
pub mod model;
#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;
pub(crate) use self::entries::{NewAuditEntry, NewTimelineEntry, TimelineKind};
pub(crate) use self::store::log::write;

use domain::identity::permissions::ViewAudit;

use crate::audit::model::AuditLine;
use crate::identity::actors::Permit;
use crate::page::{PAGE_SIZE, Page};
use crate::{Core, CoreResult};

/// Returns a page of the log, newest first; `before` is the last sequence of the previous page.
pub async fn list(core: &Core, by: Permit<'_, ViewAudit>, before: Option<i64>) -> CoreResult<Page<AuditLine>> {
    let mut tx = core.store.read(by.staff()).await?;
    Ok(Page::from_rows(
        tx.list_audit_entries(before, PAGE_SIZE + 1).await?,
        PAGE_SIZE,
    ))
}

/// Verifies the whole hash chain. Returns the first sequence with an invalid entry, or `None` if the chain is intact.
pub async fn verify(core: &Core, by: Permit<'_, ViewAudit>) -> CoreResult<Option<i64>> {
    Ok(core.store.read(by.staff()).await?.find_audit_break().await?)
}
