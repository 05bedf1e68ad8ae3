//! Requests: review, conversion to a target, and the resulting notifications and events.

pub mod client_requests;
pub mod conversation;
pub mod customer_assignment;
pub mod inbox;
pub mod model;
pub mod review;
pub mod slot_offers;
#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;
pub mod tracking;
pub use self::store::requests::RequestFilter;
pub(crate) use self::store::slot_offers::select_slot_options;

use domain::customers::Place as TypedPlace;
use domain::events::EventType;
use domain::ids::{RequestId, TargetId, UndoId};
use domain::intake::mails::MailKind;
use domain::lifecycle::Lifecycle as _;
use domain::permissions::ReviewRequests;
use domain::problems::Problem;
use domain::requests::{Channel, RequestStatus};
use domain::targets::TargetStatus;
use serde_json::json;
use sqlx::types::Json;

use crate::audit::NewTimelineEntry;
use crate::commit::finish;
use crate::db::TenantTx;
use crate::events::NewEvent;
use crate::identity::actors::{MayAnnotate, Operator, Permit, Staff};
use crate::jobs::TargetRecord;
use crate::notifications;
use crate::notifications::NotificationTrigger;
use crate::requests::model::RequestView;
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
    note(tx, &request, "request_accepted").await?;
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
    note(tx, request, "request_rejected").await?;
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
    if request.channel != Channel::Api {
        notifications::enqueue(core, tx, request.id.0, trigger).await?;
    }
    Ok(())
}

/// Converts an accepted request to a target with the same customer, location, contact and description. A second
/// conversion returns the existing target.
///
/// # Errors
/// Field `customer` if no customer is assigned; `illegal_transition` unless the request is accepted.
pub async fn convert(core: &Core, by: Permit<'_, ReviewRequests>, id: RequestId) -> CoreResult<TargetId> {
    let mut tx = core.store.begin(by.staff()).await?;
    let request = load(&mut tx, id).await?;
    if let Some(target) = request.target_id {
        return Ok(target.0);
    }
    if request.status != RequestStatus::Accepted {
        // The transition table gives the more specific error.
        request.status.step(RequestStatus::Planned)?;
        return Err(CoreError::new(
            Problem::IllegalTransition,
            "Only an accepted request can be converted.",
        ));
    }
    let Some(customer) = request.customer_id else {
        return Err(CoreError::field(
            "customer",
            "customer_unknown",
            "Assign a customer before you create a job.",
        ));
    };
    let target_id: TargetId = tx.new_id();
    let number = tx.next_number("target").await?;
    let target = TargetRecord {
        source_system_id: request.source_system_id,
        customer_id: Some(customer),
        location_id: request.location_id,
        contact_id: request.contact_id,
        service_type: Some(request.service_type.name().to_owned()),
        priority: request.priority,
        notes: Some(request.description.clone()),
        // Without a location, the technician needs the address that the requester entered.
        place: Json(TypedPlace {
            address: request
                .place
                .as_ref()
                .filter(|_| request.location_id.is_none())
                .map(|place| place.0.clone())
                .unwrap_or_default(),
            coordinates: None,
        }),
        ..TargetRecord::open(target_id, number)
    };
    if !tx.insert_target(&target).await? || !tx.set_request_target(id, target_id, request.updated_at).await? {
        return Err(CoreError::new(
            Problem::ConcurrentModification,
            "The request was changed by another user in the meantime.",
        ));
    }
    tx.audit("request.converted", id, json!({ "target": target_id }));
    tx.add_timeline_entry(NewTimelineEntry {
        kind: "target_created",
        customer: request.customer_id.map(|key| key.0),
        location: request.location_id.map(|key| key.0),
        target: Some(target_id),
        request: Some(id),
    })
    .await?;
    tx.emit(NewEvent {
        endpoint: None,
        source: request.source_system_id.map(|key| key.0),
        kind: EventType::TargetCreated,
        ordering_key: target_id.to_string(),
        target: Some(target_id),
        customer: request.customer_id.map(|key| key.0),
        location: request.location_id.map(|key| key.0),
        contact: request.contact_id.map(|key| key.0),
        details: json!({ "status": TargetStatus::Open.name() }),
    });
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
    if !tx.set_request_status(request.id.0, request.status, to, reason).await? {
        return Err(CoreError::new(
            Problem::ConcurrentModification,
            "The request was changed by another user in the meantime.",
        ));
    }
    tx.audit(
        "request.status_changed",
        request.id,
        json!({ "from": request.status.name(), "to": to.name() }),
    );
    tx.emit(NewEvent {
        endpoint: None,
        source: request.source_system_id.map(|key| key.0),
        kind: EventType::RequestStatusChanged,
        ordering_key: request.id.to_string(),
        target: request.target_id.map(|key| key.0),
        customer: request.customer_id.map(|key| key.0),
        location: request.location_id.map(|key| key.0),
        contact: request.contact_id.map(|key| key.0),
        details: json!({ "request": { "id": request.id.0, "status": to.name() } }),
    });
    Ok(())
}

pub(crate) async fn note<A: MayAnnotate>(
    tx: &mut TenantTx<'_, A>,
    request: &RequestView,
    kind: &'static str,
) -> CoreResult<()> {
    let entry = NewTimelineEntry {
        kind,
        customer: request.customer_id.map(|key| key.0),
        location: request.location_id.map(|key| key.0),
        target: request.target_id.map(|key| key.0),
        request: Some(request.id.0),
    };
    Ok(tx.add_timeline_entry(entry).await?)
}
