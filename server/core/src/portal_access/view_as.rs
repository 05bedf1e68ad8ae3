//! "Who can see this?": the portal users who can see a request, a job's appointments or a report.

use domain::ids::{RequestId, TargetId, VisitReportId};

use crate::CoreResult;
use crate::db::TenantTx;
use crate::identity::actors::Staff;
pub use crate::portal_access::store::visibility::Viewer;

/// Returns who can see a request.
pub(crate) async fn viewers_of_request(tx: &mut TenantTx<'_, Staff>, id: RequestId) -> CoreResult<Vec<Viewer>> {
    Ok(tx.viewers_of_request(id).await?)
}

/// Returns who can see the shared appointments of a job.
pub(crate) async fn viewers_of_appointments(tx: &mut TenantTx<'_, Staff>, id: TargetId) -> CoreResult<Vec<Viewer>> {
    Ok(tx.viewers_of_appointments(id).await?)
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
pub(crate) async fn viewers_of_report(tx: &mut TenantTx<'_, Staff>, id: VisitReportId) -> CoreResult<ReportViewers> {
    let files = match tx.any_released_file(id).await? {
        Some(file) => Some(tx.viewers_of_file(file).await?),
        None => None,
    };
    Ok(ReportViewers {
        report: tx.viewers_of_report(id).await?,
        files,
    })
}
