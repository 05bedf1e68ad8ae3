//! The request behind a job, with what the requester has sent: contact details, files, and messages such as a door code that
//! came later. Dispatch reads it on the page of the job, the technician at the stop.

use domain::ids::TargetId;

use crate::CoreResult;
use crate::db::TenantTx;
use crate::identity::actors::Staff;
use crate::intake::model::FileSummary;
use crate::requests::model::{MessageEntry, RequestView};

/// A request with its files and messages.
#[derive(Debug, Clone)]
pub struct RequestOfJob {
    pub request: RequestView,
    pub files: Vec<FileSummary>,
    /// Oldest first.
    pub messages: Vec<MessageEntry>,
}

/// Loads the request that a job was created from.
pub(crate) async fn load(tx: &mut TenantTx<'_, Staff>, target: TargetId) -> CoreResult<Option<RequestOfJob>> {
    let Some(request) = tx.request_of_target(target).await? else {
        return Ok(None);
    };
    Ok(Some(RequestOfJob {
        files: tx.request_files_of_job(target).await?,
        messages: tx.messages(request.id).await?,
        request,
    }))
}
