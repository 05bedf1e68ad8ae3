//! What a decision does to a request: its state, its target, what the customer and partners are told.

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

use crate::audit::NewEntry;
use crate::commit::finish;
use crate::db::TenantTx;
use crate::events::NewEvent;
use crate::identity::actors::{Actor, Operator, Permit, Staff};
use crate::jobs::TargetRecord;
use crate::notifications;
use crate::notifications::Occasion;
use crate::requests::model::RequestView;
use crate::{Core, CoreError, CoreResult};

/// The longest reason of a rejection, in characters.
pub const MOST_REASON: usize = 1_000;

/// Starts the review of a submitted request.
///
/// # Errors
/// `not_found`, `illegal_transition`.
pub async fn start_review(core: &Core, by: Permit<'_, ReviewRequests>, id: RequestId) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    let request = load(&mut tx, id).await?;
    move_on(&mut tx, &request, RequestStatus::InReview, None).await?;
    finish(core, tx).await
}

/// Accepts in a transaction; one that nobody had looked at passes through review on the way.
pub(crate) async fn accept(
    core: &Core,
    tx: &mut TenantTx<'_, Staff>,
    request: &RequestView,
    undo: UndoId,
) -> CoreResult<()> {
    let mut request = request.clone();
    if request.status == RequestStatus::Submitted {
        move_on(tx, &request, RequestStatus::InReview, None).await?;
        request.status = RequestStatus::InReview;
    }
    move_on(tx, &request, RequestStatus::Accepted, None).await?;
    note(tx, &request, "request_accepted").await?;
    tell(
        core,
        tx,
        &request,
        Occasion {
            undo: Some(undo),
            ..Occasion::plain(MailKind::Accepted)
        },
    )
    .await
}

/// Rejects in a transaction, with a reason that the customer reads.
pub(crate) async fn reject(
    core: &Core,
    tx: &mut TenantTx<'_, Staff>,
    request: &RequestView,
    reason: &str,
    undo: UndoId,
) -> CoreResult<()> {
    move_on(tx, request, RequestStatus::Rejected, Some(reason)).await?;
    note(tx, request, "request_rejected").await?;
    tell(
        core,
        tx,
        request,
        Occasion {
            undo: Some(undo),
            ..Occasion::with_text(MailKind::Rejected, reason)
        },
    )
    .await
}

/// A partner's system tells its own people.
async fn tell(
    core: &Core,
    tx: &mut TenantTx<'_, Staff>,
    request: &RequestView,
    occasion: Occasion<'_>,
) -> CoreResult<()> {
    if request.channel != Channel::Api {
        notifications::write(core, tx, request.id.0, occasion).await?;
    }
    Ok(())
}

/// Converts an accepted request to a target, which carries over who, where, whom and what. A second conversion answers
/// with the first one's target.
///
/// # Errors
/// `not_found`; `illegal_transition` if it is not accepted.
pub async fn convert(core: &Core, by: Permit<'_, ReviewRequests>, id: RequestId) -> CoreResult<TargetId> {
    let mut tx = core.store.begin(by.staff()).await?;
    let request = load(&mut tx, id).await?;
    if let Some(target) = request.target_id {
        return Ok(target.0);
    }
    if request.status != RequestStatus::Accepted {
        // The table knows what is allowed instead.
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
            "Say whose request it is before it becomes a job.",
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
        // What was typed leads the technician where no record of the place exists.
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
            "Somebody else changed or converted this request at the same time.",
        ));
    }
    tx.audit("request.converted", id, json!({ "target": target_id }));
    tx.note(NewEntry {
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

/// Moves a request on, with audit row and event.
pub(crate) async fn move_on<A: Operator>(
    tx: &mut TenantTx<'_, A>,
    request: &RequestView,
    to: RequestStatus,
    reason: Option<&str>,
) -> CoreResult<()> {
    let to = request.status.step(to)?;
    if !tx.set_request_status(request.id.0, request.status, to, reason).await? {
        return Err(CoreError::new(
            Problem::ConcurrentModification,
            "Somebody else decided about this request at the same time.",
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

pub(crate) async fn note<A: Actor>(
    tx: &mut TenantTx<'_, A>,
    request: &RequestView,
    kind: &'static str,
) -> CoreResult<()> {
    let entry = NewEntry {
        kind,
        customer: request.customer_id.map(|key| key.0),
        location: request.location_id.map(|key| key.0),
        target: request.target_id.map(|key| key.0),
        request: Some(request.id.0),
    };
    Ok(tx.note(entry).await?)
}
