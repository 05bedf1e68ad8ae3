//! How much waits behind the pages of the navigation.

use domain::identity::permissions::{ViewImports, ViewOperations, ViewReports};

use crate::identity::actors::Staff;
use crate::{Core, CoreResult};

/// Open work, counted up to [`super::MAX_COUNTED`]; 0 for what the reader may not see.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OpenWork {
    /// Requests to review.
    pub requests: i64,
    /// Visit reports to approve.
    pub reports: i64,
    /// Jobs of imports whose mapping must be reviewed.
    pub mapping: i64,
}

/// Counts the open work of the pages that a person may see.
///
/// # Errors
/// The database is unavailable.
pub async fn open_work(core: &Core, staff: &Staff) -> CoreResult<OpenWork> {
    let mut work = OpenWork::default();
    if !staff.has::<ViewOperations>() && !staff.has::<ViewReports>() && !staff.has::<ViewImports>() {
        return Ok(work);
    }
    let mut tx = core.store.read(staff).await?;
    if staff.has::<ViewOperations>() {
        work.requests = tx.requests_to_review_count().await?;
    }
    if staff.has::<ViewReports>() {
        work.reports = tx.reports_to_approve_count().await?;
    }
    if staff.has::<ViewImports>() {
        work.mapping = tx.jobs_to_map_count().await?;
    }
    Ok(work)
}
