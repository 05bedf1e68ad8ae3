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

/// The result of verifying the whole hash chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verification {
    /// The first sequence with an invalid entry, or `None` if the chain is intact.
    pub broken_at: Option<i64>,
}

/// A page of the log.
#[derive(Debug, Clone)]
pub struct LogPage {
    /// Newest first.
    pub entries: Page<AuditLine>,
    /// The result of the verification, if it was requested.
    pub verification: Option<Verification>,
}

/// Returns a page of the log, newest first; `before` is the last sequence of the previous page.
pub async fn page(core: &Core, by: Permit<'_, ViewAudit>, before: Option<i64>, verifies: bool) -> CoreResult<LogPage> {
    let mut tx = core.store.read(by.staff()).await?;
    Ok(LogPage {
        entries: Page::from_rows(tx.list_audit_entries(before, PAGE_SIZE + 1).await?, PAGE_SIZE),
        verification: if verifies {
            Some(Verification {
                broken_at: tx.find_audit_break().await?,
            })
        } else {
            None
        },
    })
}

/// Verifies the whole hash chain. Returns the first sequence with an invalid entry, or `None` if the chain is intact.
pub async fn verify(core: &Core, by: Permit<'_, ViewAudit>) -> CoreResult<Option<i64>> {
    Ok(core.store.read(by.staff()).await?.find_audit_break().await?)
}
