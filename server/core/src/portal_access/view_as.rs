//! "Who can see this?": for one thing, everybody who sees it in the portal at this moment.

use domain::ids::{RequestId, TargetId, VisitReportId};
use domain::permissions::{ViewOperations, ViewReports};

use crate::identity::actors::Permit;
pub use crate::portal_access::store::visibility::Viewer;
use crate::{Core, CoreResult};

/// Who can see a request.
///
/// # Errors
/// The database does not answer.
pub async fn request(core: &Core, by: Permit<'_, ViewOperations>, id: RequestId) -> CoreResult<Vec<Viewer>> {
    Ok(core.store.read(by.staff()).await?.viewers_of_request(id).await?)
}

/// Who can see the shared appointments of a job.
///
/// # Errors
/// The database does not answer.
pub async fn appointment(core: &Core, by: Permit<'_, ViewOperations>, id: TargetId) -> CoreResult<Vec<Viewer>> {
    Ok(core.store.read(by.staff()).await?.viewers_of_appointments(id).await?)
}

/// Who can see a released report, and who its released files.
#[derive(Debug, Clone)]
pub struct ReportViewers {
    /// Who sees title, summary and message.
    pub report: Vec<Viewer>,
    /// Who can download the released files; `None` if no file is released.
    pub files: Option<Vec<Viewer>>,
}

/// Who can see a report and its files. Without a published release nobody can.
///
/// # Errors
/// The database does not answer.
pub async fn report(core: &Core, by: Permit<'_, ViewReports>, id: VisitReportId) -> CoreResult<ReportViewers> {
    let mut tx = core.store.read(by.staff()).await?;
    let files = match tx.a_released_file(id).await? {
        Some(file) => Some(tx.viewers_of_file(file).await?),
        None => None,
    };
    Ok(ReportViewers {
        report: tx.viewers_of_report(id).await?,
        files,
    })
}
