//! Requests: review, conversion to a target, and the resulting notifications and events.

mod actions;
pub mod client_requests;
pub mod conversation;
pub mod customer_assignment;
pub mod hand_over;
pub mod inbox;
pub mod model;
pub mod of_job;
mod page;
pub mod review;
pub mod slot_offers;
pub mod source_changes;
#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;
pub mod tracking;
pub use self::page::{CustomerSearch, RequestPage, page};
pub use self::store::inbox::RequestFilter;
pub(crate) use self::store::slot_offers::{is_gone_option, select_slot_options};
pub(crate) use self::store::tracking::public_status;

use domain::audit::TimelineKind;
use domain::customers::Place as TypedPlace;
use domain::events::EventType;
use domain::fields::FieldCode;
use domain::identity::permissions::ReviewRequests;
use domain::ids::{RequestId, TargetId, UndoId};
use domain::intake::mails::MailKind;
use domain::jobs::targets::TargetStatus;
use domain::lifecycle::Lifecycle as _;
use domain::problems::{Cause, Record};
use domain::requests::RequestStatus;
use serde_json::json;
use sqlx::types::Json;

use crate::audit::NewTimelineEntry;
use crate::commit::finish;
use crate::db::{Key, TenantTx};
use crate::events::NewEvent;
use crate::identity::actors::{MayAnnotate, Operator, Permit, Staff};
use crate::jobs::TargetRecord;
use crate::notifications;
use crate::notifications::NotificationTrigger;
use crate::requests::actions::RequestState;
use crate::requests::model::{Conversion, RequestView};
use crate::{Core, CoreError, CoreResult};

/// The longest reason of a rejection, in characters.
pub const MAX_REASON_CHARS: usize = 1_000;

/// Starts the review of a submitted request.
///
/// # Errors
/// `illegal_transition` unless the request is submitted.
pub async fn start_review(core: &Core, by: Permit<'_, ReviewRequests>, id: RequestId) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    let request = load(&mut tx, id).await?;
    change_status(&mut tx, &request, RequestStatus::InReview, None).await?;
    finish(core, tx).await
}

/// Accepts a request within a transaction. A submitted request passes through `in_review`.
pub(crate) async fn accept(
    core: &Core,
    tx: &mut TenantTx<'_, Staff>,
    request: &RequestView,
    undo: UndoId,
) -> CoreResult<()> {
    let mut request = request.clone();
    if request.status == RequestStatus::Submitted {
        change_status(tx, &request, RequestStatus::InReview, None).await?;
        request.status = RequestStatus::InReview;
    }
    change_status(tx, &request, RequestStatus::Accepted, None).await?;
    note(tx, &request, TimelineKind::RequestAccepted).await?;
    notify_requester(
        core,
        tx,
        &request,
        NotificationTrigger {
            undo: Some(undo),
            ..NotificationTrigger::new(MailKind::Accepted)
        },
    )
    .await
}

/// Rejects a request within a transaction, with a reason that the customer can read.
pub(crate) async fn reject(
    core: &Core,
    tx: &mut TenantTx<'_, Staff>,
    request: &RequestView,
    reason: &str,
    undo: UndoId,
) -> CoreResult<()> {
    change_status(tx, request, RequestStatus::Rejected, Some(reason)).await?;
    note(tx, request, TimelineKind::RequestRejected).await?;
    notify_requester(
        core,
        tx,
        request,
        NotificationTrigger {
            undo: Some(undo),
            ..NotificationTrigger::with_text(MailKind::Rejected, reason)
        },
    )
    .await
}

/// Notifies the requester. Requests from the API are skipped: the partner's system notifies its own users.
async fn notify_requester(
    core: &Core,
    tx: &mut TenantTx<'_, Staff>,
    request: &RequestView,
    trigger: NotificationTrigger<'_>,
) -> CoreResult<()> {
    if request.channel.notifies_requester() {
        notifications::enqueue(core, tx, request.id, trigger).await?;
    }
    Ok(())
}

/// Returns what the technician reads about a request: the customer's words, then the notes of the team.
pub(crate) fn job_notes(request: &RequestView) -> String {
    match &request.internal_notes {
        Some(notes) => format!("{}\n\n{notes}", request.description),
        None => request.description.clone(),
    }
}

/// Converts an accepted request to a target with the same customer, location, contact and description. A second
/// conversion returns the existing target.
///
/// # Errors
/// Field `customer` if no customer is assigned; `illegal_transition` unless the request is accepted; `concurrent_modification` if it
/// is no longer the `shown` version.
pub async fn convert(
    core: &Core,
    by: Permit<'_, ReviewRequests>,
    id: RequestId,
    shown: Option<&str>,
) -> CoreResult<TargetId> {
    let mut tx = core.store.begin(by.staff()).await?;
    let request = load(&mut tx, id).await?;
    if let Some(target) = request.target_id {
        return Ok(target);
    }
    request.version().ensure_shown(shown, Record::Request)?;
    if RequestState::from(&request).conversion() == Conversion::Unavailable {
        // The transition table gives the more specific error.
        request.status.step(RequestStatus::Planned)?;
        return Err(CoreError::new(Cause::RequestNotAccepted));
    }
    let Some(customer) = request.customer_id else {
        return Err(CoreError::field("customer", FieldCode::CustomerUnknown));
    };
    let target_id: TargetId = tx.new_id();
    let number = tx.next_number("target").await?;
    let target = TargetRecord {
        source_system_id: request.source_system_id.map(Key),
        customer_id: Some(Key(customer)),
        location_id: request.location_id.map(Key),
        contact_id: request.contact_id.map(Key),
        service_type: Some(request.service_type.name().to_owned()),
        priority: request.priority,
        notes: Some(job_notes(&request)),
        // Without a location, the technician needs the address that the requester entered.
        place: Json(TypedPlace {
            address: request
                .place
                .as_ref()
                .filter(|_| request.location_id.is_none())
                .cloned()
                .unwrap_or_default(),
            coordinates: None,
        }),
        ..TargetRecord::open(target_id, number)
    };
    if !tx.insert_target(&target).await? || !tx.set_request_target(id, target_id, request.updated_at).await? {
        return Err(CoreError::conflict(Record::Request));
    }
    tx.audit("request.converted", id, json!({ "target": target_id }));
    tx.add_timeline_entry(
        NewTimelineEntry::for_target(TimelineKind::TargetCreated, target_id)
            .with_request(Some(id))
            .with_customer(request.customer_id)
            .with_location(request.location_id),
    )
    .await?;
    tx.emit(
        NewEvent::for_target(EventType::TargetCreated, target_id)
            .with_source(request.source_system_id)
            .with_customer(request.customer_id)
            .with_location(request.location_id)
            .with_contact(request.contact_id)
            .with_details(json!({ "status": TargetStatus::Open.name() })),
    );
    finish(core, tx).await?;
    Ok(target_id)
}

pub(crate) async fn load(tx: &mut TenantTx<'_, Staff>, id: RequestId) -> CoreResult<RequestView> {
    tx.request_view(id).await?.ok_or_else(CoreError::not_found)
}

/// Changes the status of a request, with audit entry and event.
pub(crate) async fn change_status<A: Operator>(
    tx: &mut TenantTx<'_, A>,
    request: &RequestView,
    to: RequestStatus,
    reason: Option<&str>,
) -> CoreResult<()> {
    let to = request.status.step(to)?;
    if !tx.set_request_status(request.id, request.status, to, reason).await? {
        return Err(CoreError::conflict(Record::Request));
    }
    tx.audit(
        "request.status_changed",
        request.id,
        json!({ "from": request.status.name(), "to": to.name() }),
    );
    tx.emit(
        NewEvent::for_request(EventType::RequestStatusChanged, request.id)
            .with_target(request.target_id)
            .with_source(request.source_system_id)
            .with_customer(request.customer_id)
            .with_location(request.location_id)
            .with_contact(request.contact_id)
            .with_details(json!({ "request": { "id": request.id, "status": to.name() } })),
    );
    Ok(())
}

pub(crate) async fn note<A: MayAnnotate>(
    tx: &mut TenantTx<'_, A>,
    request: &RequestView,
    kind: TimelineKind,
) -> CoreResult<()> {
    let entry = NewTimelineEntry::for_request(kind, request.id)
        .with_target(request.target_id)
        .with_customer(request.customer_id)
        .with_location(request.location_id);
    Ok(tx.add_timeline_entry(entry).await?)
}
