//! Reading and verifying the audit log.

pub mod model;
#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;
pub(crate) use self::store::log::NewAudit;
pub(crate) use self::store::log::write;
pub(crate) use self::store::timeline::NewEntry;

use domain::permissions::ViewAudit;

use crate::audit::model::AuditLine;
use crate::identity::actors::Permit;
use crate::page::{PAGE_SIZE, Page};
use crate::{Core, CoreResult};

/// A page of the log, newest first; `before` is the last sequence of the page before.
///
/// # Errors
/// The database does not answer.
pub async fn page(core: &Core, by: Permit<'_, ViewAudit>, before: Option<i64>) -> CoreResult<Page<AuditLine>> {
    let mut tx = core.store.read(by.staff()).await?;
    Ok(Page::from_rows(tx.audit_page(before, PAGE_SIZE + 1).await?, PAGE_SIZE))
}

/// Walks the whole chain; the answer is the first sequence at which it breaks, or `None` if it holds.
///
/// # Errors
/// The database does not answer.
pub async fn verify(core: &Core, by: Permit<'_, ViewAudit>) -> CoreResult<Option<i64>> {
    Ok(core.store.read(by.staff()).await?.audit_break().await?)
}
