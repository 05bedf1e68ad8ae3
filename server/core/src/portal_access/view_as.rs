//! "Who can see this?": the portal users who can see a request, a job's appointments or a report.

use domain::identity::permissions::{ViewOperations, ViewReports};
use domain::ids::{RequestId, TargetId, VisitReportId};

use crate::identity::actors::Permit;
pub use crate::portal_access::store::visibility::Viewer;
use crate::{Core, CoreResult};

/// Returns who can see a request.
pub async fn request(core: &Core, by: Permit<'_, ViewOperations>, id: RequestId) -> CoreResult<Vec<Viewer>> {
    Ok(core.store.read(by.staff()).await?.viewers_of_request(id).await?)
}

/// Returns who can see the shared appointments of a job.
pub async fn appointment(core: &Core, by: Permit<'_, ViewOperations>, id: TargetId) -> CoreResult<Vec<Viewer>> {
    Ok(core.store.read(by.staff()).await?.viewers_of_appointments(id).await?)
}

/// The portal users who can see a released report and its files.
#[derive(Debug, Clone)]
pub struct ReportViewers {
    /// Who sees title, summary and message.
    pub report: Vec<Viewer>,
    /// Who can download the released files; `None` if no file is released.
    pub files: Option<Vec<Viewer>>,
}

/// Returns who can see a report and its files; none without a published release.
pub async fn report(core: &Core, by: Permit<'_, ViewReports>, id: VisitReportId) -> CoreResult<ReportViewers> {
    let mut tx = core.store.read(by.staff()).await?;
    let files = match tx.any_released_file(id).await? {
        Some(file) => Some(tx.viewers_of_file(file).await?),
        None => None,
    };
    Ok(ReportViewers {
        report: tx.viewers_of_report(id).await?,
        files,
    })
}
