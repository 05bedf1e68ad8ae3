//! The tracking page: what the holder of a tracking link can see and do.

use domain::audit::TimelineKind;
use domain::events::EventType;
use domain::ids::RequestId;
use domain::network::Network;
use domain::problems::Cause;
use domain::requests::RequestStatus;
use serde_json::json;

use crate::audit::NewTimelineEntry;
use crate::commit::finish;
use crate::events::NewEvent;
use crate::files::Upload;
use crate::identity::actors::TrackingRequester;
use crate::intake::model::FileSummary;
use crate::intake::{self, FileSender, PreparedFiles};
use crate::requests::conversation;
use crate::requests::model::{PublicMessage, SlotOption, TrackedView};
use crate::{Core, CoreError, CoreResult};

/// The content of the tracking page.
#[derive(Debug, Clone)]
pub struct Tracking {
    pub request: TrackedView,
    pub messages: Vec<PublicMessage>,
    pub files: Vec<FileSummary>,
    /// Offered time slots.
    pub slots: Vec<SlotOption>,
    /// Whether the requester can withdraw the request.
    pub may_withdraw: bool,
}

/// Returns the request of a tracking link.
pub async fn page(core: &Core, by: &TrackingRequester) -> CoreResult<Tracking> {
    let mut tx = core.store.read(by).await?;
    let request = tx.tracked_view().await?.ok_or_else(CoreError::not_found)?;
    let id = request.id;
    Ok(Tracking {
        messages: tx.public_messages(id).await?,
        files: tx.request_files(id).await?,
        slots: tx.slot_options(id).await?,
        may_withdraw: request.status.is_waiting() && request.target_status.is_none(),
        request,
    })
}

/// Sends a message with files to dispatch. Submitting the same form again has no effect.
///
/// # Errors
/// Fields `answer`, `files`; `illegal_transition` once the request has ended.
pub async fn answer(
    core: &Core,
    by: &TrackingRequester,
    answer: &str,
    nonce: &str,
    uploads: Vec<Upload>,
    network: Network,
) -> CoreResult<()> {
    let mut tx = core.store.read(by).await?;
    let request = tx.tracked_view().await?.ok_or_else(CoreError::not_found)?;
    let (answer, nonce) = conversation::read_answer(request.status, answer, nonce)?;
    drop(tx);
    let (origin, reserved) = (request.id.uuid(), conversation::upload_nonce(request.id, &nonce));
    let sender = FileSender::Visitor(Some(network));
    let Some(files) = intake::prepare_files(core, by, sender, origin, &reserved, uploads).await? else {
        return Ok(());
    };
    let sent = send_answer(core, by, &answer, &nonce, &files).await;
    if !matches!(sent, Ok(true)) {
        files.release(core, by).await;
    }
    sent.map(drop)
}

/// Stores a message with its files; false if it was sent before.
async fn send_answer(
    core: &Core,
    by: &TrackingRequester,
    answer: &str,
    nonce: &str,
    files: &PreparedFiles,
) -> CoreResult<bool> {
    let mut tx = core.store.begin(by).await?;
    let request = tx.tracked_view().await?.ok_or_else(CoreError::not_found)?;
    conversation::read_answer(request.status, answer, nonce)?;
    let Some(message) = tx.insert_answer(by.request(), answer, nonce).await? else {
        return Ok(false);
    };
    intake::attach(&mut tx, by.request(), Some(message), files).await?;
    tx.audit("request.answered", by.request(), json!({}));
    finish(core, tx).await?;
    Ok(true)
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
        return Err(CoreError::new(Cause::RequestNotWithdrawable { status: None }));
    }
    let id: RequestId = by.request();
    tx.add_timeline_entry(
        NewTimelineEntry::for_request(TimelineKind::RequestCancelled, id)
            .with_customer(request.customer_id)
            .with_location(request.location_id),
    )
    .await?;
    tx.audit("request.withdrawn", id, json!({ "by": "tracking_link" }));
    tx.emit(
        NewEvent::for_request(EventType::RequestStatusChanged, id)
            .with_customer(request.customer_id)
            .with_location(request.location_id)
            .with_details(json!({ "request": { "id": id, "status": RequestStatus::Cancelled.name() } })),
    );
    finish(core, tx).await
}

/// Unsubscribes from emails about this request only: the tracking link gives no access to other requests.
pub async fn unsubscribe(core: &Core, by: &TrackingRequester) -> CoreResult<()> {
    let mut tx = core.store.begin(by).await?;
    if tx.insert_unsubscription(by.request()).await? {
        tx.audit("mail.refused", by.request(), json!({}));
    }
    finish(core, tx).await
}
