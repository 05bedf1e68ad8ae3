//! The review queue: requests from outside and the decision about them.

use chrono::{DateTime, Utc};
use domain::events::EventType;
use domain::ids::{RequestId, TargetId};
use domain::lifecycle::Lifecycle as _;
use domain::permissions::{ReviewRequests, ViewOperations};
use domain::problems::Problem;
use domain::requests::RequestStatus;
use domain::targets::TargetStatus;
use domain::text;
use serde_json::json;

use super::{Form, PAGE, Page, finish};
use crate::actors::{Actor, Operator, Permit, Staff};
use crate::store::{NewEntry, NewEvent, TargetRecord, TenantTx};
use crate::views::{RequestLine, RequestView, TargetLine};
use crate::{Core, CoreError, CoreResult};

/// The longest reason of a rejection, in characters.
pub const MOST_REASON: usize = 1_000;

/// What waits for dispatch.
#[derive(Debug, Clone)]
pub struct Inbox {
    /// Requests that wait for a decision or a conversion.
    pub requests: Page<RequestLine>,
    /// Targets that wait for an appointment.
    pub targets: Page<TargetLine>,
    /// How many requests wait in all.
    pub waiting_requests: i64,
    /// How many targets wait in all.
    pub waiting_targets: i64,
}

/// The inbox, oldest first; a page of each list from its own place.
///
/// # Errors
/// The database does not answer.
pub async fn inbox(
    core: &Core,
    by: Permit<'_, ViewOperations>,
    requests_after: Option<(DateTime<Utc>, RequestId)>,
    targets_after: Option<(DateTime<Utc>, TargetId)>,
) -> CoreResult<Inbox> {
    let mut tx = core.store.read(by.staff()).await?;
    Ok(Inbox {
        requests: Page::cut(tx.waiting_requests(requests_after, PAGE + 1).await?, PAGE),
        targets: Page::cut(tx.open_targets(targets_after, PAGE + 1).await?, PAGE),
        waiting_requests: tx.count_waiting_requests().await?,
        waiting_targets: tx.count_open_targets().await?,
    })
}

/// A request with what is already open at the same place.
#[derive(Debug, Clone)]
pub struct RequestPage {
    /// The request.
    pub request: RequestView,
    /// Open targets at the same location.
    pub already_here: Vec<TargetLine>,
}

/// One request.
///
/// # Errors
/// `not_found`.
pub async fn page(core: &Core, by: Permit<'_, ViewOperations>, id: RequestId) -> CoreResult<RequestPage> {
    let mut tx = core.store.read(by.staff()).await?;
    let request = tx.request_view(id).await?.ok_or_else(CoreError::not_found)?;
    let already_here = match request.location_id {
        Some(location) => tx.active_targets_at(location.0).await?,
        None => Vec::new(),
    };
    Ok(RequestPage { request, already_here })
}

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

/// Accepts a request; one that nobody had looked at passes through review on the way.
///
/// # Errors
/// `not_found`, `illegal_transition`.
pub async fn accept(core: &Core, by: Permit<'_, ReviewRequests>, id: RequestId) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    let mut request = load(&mut tx, id).await?;
    if request.status == RequestStatus::Submitted {
        move_on(&mut tx, &request, RequestStatus::InReview, None).await?;
        request.status = RequestStatus::InReview;
    }
    move_on(&mut tx, &request, RequestStatus::Accepted, None).await?;
    note(&mut tx, &request, "request_accepted").await?;
    finish(core, tx).await
}

/// Rejects a request with a reason that the customer reads.
///
/// # Errors
/// Field `reason`; `not_found`, `illegal_transition`.
pub async fn reject(core: &Core, by: Permit<'_, ReviewRequests>, id: RequestId, reason: &str) -> CoreResult<()> {
    let mut form = Form::default();
    let reason = form.text("reason", MOST_REASON, text::paragraphs(reason, MOST_REASON));
    form.finish()?;
    let mut tx = core.store.begin(by.staff()).await?;
    let request = load(&mut tx, id).await?;
    move_on(&mut tx, &request, RequestStatus::Rejected, reason.as_deref()).await?;
    note(&mut tx, &request, "request_rejected").await?;
    finish(core, tx).await
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
    let target_id: TargetId = tx.new_id();
    let number = tx.next_number("target").await?;
    let target = TargetRecord {
        source_system_id: request.source_system_id,
        customer_id: Some(request.customer_id),
        location_id: request.location_id,
        contact_id: request.contact_id,
        service_type: Some(request.service_type.name().to_owned()),
        priority: request.priority,
        notes: Some(request.description.clone()),
        ..TargetRecord::open(target_id, number)
    };
    if !tx.insert_target(&target).await? || !tx.set_request_target(id, target_id).await? {
        return Err(CoreError::new(
            Problem::ConcurrentModification,
            "Somebody else converted this request at the same time.",
        ));
    }
    tx.audit("request.converted", id, json!({ "target": target_id }));
    tx.note(NewEntry {
        kind: "target_created",
        customer: Some(request.customer_id.0),
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
        customer: Some(request.customer_id.0),
        location: request.location_id.map(|key| key.0),
        contact: request.contact_id.map(|key| key.0),
        details: json!({ "status": TargetStatus::Open.name() }),
    });
    finish(core, tx).await?;
    Ok(target_id)
}

async fn load(tx: &mut TenantTx<'_, Staff>, id: RequestId) -> CoreResult<RequestView> {
    tx.request_view(id).await?.ok_or_else(CoreError::not_found)
}

/// Moves a request on, with audit row and event.
pub(super) async fn move_on<A: Operator>(
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
        customer: Some(request.customer_id.0),
        location: request.location_id.map(|key| key.0),
        contact: request.contact_id.map(|key| key.0),
        details: json!({ "request": { "id": request.id.0, "status": to.name() } }),
    });
    Ok(())
}

async fn note<A: Actor>(tx: &mut TenantTx<'_, A>, request: &RequestView, kind: &'static str) -> CoreResult<()> {
    let entry = NewEntry {
        kind,
        customer: Some(request.customer_id.0),
        location: request.location_id.map(|key| key.0),
        target: request.target_id.map(|key| key.0),
        request: Some(request.id.0),
    };
    Ok(tx.note(entry).await?)
}
