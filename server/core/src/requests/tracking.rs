//! The tracking page: what whoever holds the link may see and do.

use domain::events::EventType;
use domain::ids::RequestId;
use domain::problems::Problem;
use domain::requests::RequestStatus;
use serde_json::json;

use crate::audit::NewEntry;
use crate::commit::finish;
use crate::events::NewEvent;
use crate::identity::actors::TrackingRequester;
use crate::intake::model::FileLine;
use crate::requests::conversation;
use crate::requests::model::{PublicMessage, SlotOption, TrackedView};
use crate::{Core, CoreError, CoreResult};

/// What the page shows.
#[derive(Debug, Clone)]
pub struct Tracking {
    /// The request.
    pub request: TrackedView,
    /// What was written back and forth.
    pub messages: Vec<PublicMessage>,
    /// The files that were sent along.
    pub files: Vec<FileLine>,
    /// Times to choose from.
    pub slots: Vec<SlotOption>,
    /// Whether it can still be withdrawn here.
    pub may_withdraw: bool,
}

/// The request behind a link.
///
/// # Errors
/// `not_found`.
pub async fn page(core: &Core, by: &TrackingRequester) -> CoreResult<Tracking> {
    let mut tx = core.store.read(by).await?;
    let request = tx.tracked_view().await?.ok_or_else(CoreError::not_found)?;
    let id = request.id.0;
    Ok(Tracking {
        messages: tx.public_messages(id).await?,
        files: tx.request_files(id).await?,
        slots: tx.slot_options(id).await?,
        may_withdraw: request.status.is_waiting() && request.target_status.is_none(),
        request,
    })
}

/// Writes to dispatch. The same form sent again changes nothing.
///
/// # Errors
/// Field `answer`; `illegal_transition` once the request has ended.
pub async fn answer(core: &Core, by: &TrackingRequester, answer: &str, nonce: &str) -> CoreResult<()> {
    let mut tx = core.store.begin(by).await?;
    let request = tx.tracked_view().await?.ok_or_else(CoreError::not_found)?;
    let (answer, nonce) = conversation::read_answer(request.status, answer, nonce)?;
    if tx.insert_answer(by.request, &answer, &nonce).await? {
        tx.audit("request.answered", by.request, json!({}));
    }
    finish(core, tx).await
}

/// Withdraws the request.
///
/// # Errors
/// `illegal_transition` once it is a job or has ended.
pub async fn withdraw(core: &Core, by: &TrackingRequester) -> CoreResult<()> {
    let mut tx = core.store.begin(by).await?;
    let request = tx.tracked_view().await?.ok_or_else(CoreError::not_found)?;
    if request.status == RequestStatus::Cancelled {
        return Ok(());
    }
    if !tx.withdraw_tracked().await? {
        return Err(CoreError::new(
            Problem::IllegalTransition,
            "It can no longer be withdrawn here; write to us instead.",
        ));
    }
    let id: RequestId = by.request;
    tx.note(NewEntry {
        kind: "request_cancelled",
        customer: request.customer_id.map(|key| key.0),
        location: request.location_id.map(|key| key.0),
        target: None,
        request: Some(id),
    })
    .await?;
    tx.audit("request.withdrawn", id, json!({ "by": "tracking_link" }));
    tx.emit(NewEvent {
        endpoint: None,
        source: None,
        kind: EventType::RequestStatusChanged,
        ordering_key: id.to_string(),
        target: None,
        customer: request.customer_id.map(|key| key.0),
        location: request.location_id.map(|key| key.0),
        contact: None,
        details: json!({ "request": { "id": id, "status": RequestStatus::Cancelled.name() } }),
    });
    finish(core, tx).await
}

/// Refuses mails about how this request goes on. The link proves that somebody has this request, and nothing about others.
///
/// # Errors
/// The database does not answer.
pub async fn refuse_mails(core: &Core, by: &TrackingRequester) -> CoreResult<()> {
    let mut tx = core.store.begin(by).await?;
    if tx.refuse_mails(by.request).await? {
        tx.audit("mail.refused", by.request, json!({}));
    }
    finish(core, tx).await
}
