//! The tracking page: what the holder of a tracking link can see and do.

use domain::audit::TimelineKind;
use domain::events::EventType;
use domain::ids::{AttachmentId, OfferId, RequestId};
use domain::jobs::targets::TargetStatus;
use domain::network::Network;
use domain::problems::Cause;
use domain::public::{CalendarEntry, PublicAppointment};
use domain::public_language::PublicVisit;
use domain::requests::RequestStatus;
use serde_json::json;

use crate::addresses;
use crate::audit::NewTimelineEntry;
use crate::commit::finish;
use crate::db::TenantTx;
use crate::events::NewEvent;
use crate::files::Upload;
use crate::identity::actors::TrackingRequester;
use crate::intake::model::FileSummary;
use crate::intake::{self, FileSender, PreparedFiles, Submitted};
use crate::portal_access::calendar;
use crate::requests::conversation;
use crate::requests::model::{PublicMessage, SlotOption, TrackedView};
use crate::visits::report_review;
use crate::visits::report_review::Download;
use crate::{Core, CoreError, CoreResult};

/// The content of the tracking page.
#[derive(Debug, Clone)]
pub struct Tracking {
    pub request: TrackedView,
    /// The appointment of its job that the requester may see: the one ahead, or else the latest one.
    pub visit: Option<PublicAppointment>,
    pub messages: Vec<PublicMessage>,
    pub files: Vec<FileSummary>,
    /// Offered time slots.
    pub slots: Vec<SlotOption>,
    /// Whether the requester can withdraw the request.
    pub may_withdraw: bool,
    /// Whether the requester can ask dispatch to cancel the job.
    pub can_request_cancellation: bool,
    /// Whether the requester can ask for another time.
    pub can_request_reschedule: bool,
}

/// Returns the request of a tracking link.
pub async fn page(core: &Core, by: &TrackingRequester) -> CoreResult<Tracking> {
    let mut tx = core.store.read(by).await?;
    let request = tx.tracked_view().await?.ok_or_else(CoreError::not_found)?;
    let id = request.id;
    let visit = tx.tracked_visit().await?.map(|visit| visit.appointment);
    let has_not_started = matches!(
        request.target_status,
        Some(TargetStatus::Open | TargetStatus::Scheduled | TargetStatus::Dispatched)
    );
    let is_ahead = visit.as_ref().is_some_and(|visit| visit.status == PublicVisit::Planned);
    Ok(Tracking {
        can_request_cancellation: request.cancellation_requested_at.is_none()
            && request.status.may_request_cancellation(has_not_started),
        can_request_reschedule: request.reschedule_requested_at.is_none() && is_ahead && !request.status.has_ended(),
        visit,
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
) -> CoreResult<Submitted<()>> {
    let mut tx = core.store.read(by).await?;
    let request = tx.tracked_view().await?.ok_or_else(CoreError::not_found)?;
    let (answer, nonce) = conversation::read_answer(request.status, answer, nonce, &uploads)?;
    drop(tx);
    let (origin, reserved) = (request.id.uuid(), conversation::upload_nonce(request.id, &nonce));
    let sender = FileSender::Visitor(Some(network));
    let Some(files) = intake::prepare_files(core, by, sender, origin, &reserved, uploads).await? else {
        return Ok(Submitted::whole(()));
    };
    let sent = send_answer(core, by, &answer, &nonce, &files).await;
    if !matches!(sent, Ok(true)) {
        files.release(core, by).await;
    }
    sent.map(|_| files.submitted(()))
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
    conversation::read_answer(request.status, answer, nonce, &[])?;
    let Some(message) = tx.insert_answer(by.request(), answer, nonce).await? else {
        return Ok(false);
    };
    intake::attach(&mut tx, by.request(), Some(message), files).await?;
    tx.audit("request.answered", by.request(), json!({}));
    finish(core, tx).await?;
    Ok(true)
}

/// Asks dispatch to cancel the job of the request. Dispatch decides; until then nothing changes. Submitting the same form again has
/// no effect. Returns `false` if only the message was sent, because a technician is on the way or it was asked before.
///
/// # Errors
/// Field `answer`.
pub async fn request_cancellation(core: &Core, by: &TrackingRequester, reason: &str, nonce: &str) -> CoreResult<bool> {
    let mut tx = core.store.begin(by).await?;
    if !write_wish(&mut tx, reason, nonce).await? {
        return Ok(true);
    }
    let is_asked = tx.ask_to_cancel_tracked().await?;
    if is_asked {
        tx.audit("request.cancellation_asked", by.request(), json!({}));
    }
    finish(core, tx).await?;
    Ok(is_asked)
}

/// Asks dispatch for another time. The appointment stays until dispatch has rescheduled it. Submitting the same form again has no
/// effect. Returns `false` if only the message was sent, because there is no appointment ahead or it was asked before.
///
/// # Errors
/// Field `answer`.
pub async fn request_reschedule(core: &Core, by: &TrackingRequester, wish: &str, nonce: &str) -> CoreResult<bool> {
    let mut tx = core.store.begin(by).await?;
    if !write_wish(&mut tx, wish, nonce).await? {
        return Ok(true);
    }
    let is_asked = tx.ask_to_reschedule_tracked().await?;
    if is_asked {
        tx.audit("request.reschedule_asked", by.request(), json!({}));
    }
    finish(core, tx).await?;
    Ok(is_asked)
}

/// Declines all offered times and says which would suit. The message is sent also about an offer that has ended meanwhile.
/// Submitting the same form again has no effect. Returns whether the offer was declined.
///
/// # Errors
/// Field `answer`.
pub async fn decline_slots(
    core: &Core,
    by: &TrackingRequester,
    offer: &str,
    wish: &str,
    nonce: &str,
) -> CoreResult<bool> {
    let mut tx = core.store.begin(by).await?;
    if !write_wish(&mut tx, wish, nonce).await? {
        return Ok(true);
    }
    let is_declined = match offer.parse::<OfferId>() {
        Ok(offer) => tx.decline_tracked_offer(offer).await?,
        Err(_) => false,
    };
    if is_declined {
        tx.audit("slots.declined", by.request(), json!({ "offer": offer }));
    }
    finish(core, tx).await?;
    Ok(is_declined)
}

/// Writes what the requester wants as a message to dispatch; false if the same form was submitted before.
async fn write_wish(tx: &mut TenantTx<'_, TrackingRequester>, wish: &str, nonce: &str) -> CoreResult<bool> {
    let request = tx.tracked_view().await?.ok_or_else(CoreError::not_found)?;
    let (wish, nonce) = conversation::read_answer(request.status, wish, nonce, &[])?;
    Ok(tx.insert_answer(request.id, &wish, &nonce).await?.is_some())
}

/// Returns the appointment for a calendar.
///
/// # Errors
/// `not_found` unless the requester sees an appointment.
pub async fn calendar_entry(core: &Core, by: &TrackingRequester, token: &str) -> CoreResult<CalendarEntry> {
    let found = core.store.read(by).await?.tracked_visit().await?;
    let visit = found.ok_or_else(CoreError::not_found)?;
    Ok(CalendarEntry {
        uid: calendar::uid(by, visit.target),
        sequence: visit.sequence,
        changed_at: visit.changed_at,
        url: addresses::tracking(&core.settings, token),
        appointment: visit.appointment,
    })
}

/// Downloads a file that was sent with the request.
///
/// # Errors
/// `not_found`.
pub async fn file(core: &Core, by: &TrackingRequester, id: AttachmentId) -> CoreResult<Download> {
    let row = core.store.read(by).await?.tracked_file(id).await?;
    report_review::fetch(core, by, row).await
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
