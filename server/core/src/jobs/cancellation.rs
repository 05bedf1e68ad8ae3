//! Cancelling a job, its appointment and its request.

use domain::audit::TimelineKind;
use domain::events::EventType;
use domain::identity::permissions::PlanTargets;
use domain::ids::TargetId;
use domain::intake::MAX_MESSAGE_CHARS;
use domain::intake::mails::MailKind;
use domain::jobs::targets::{AppointmentStatus, TargetStatus};
use domain::lifecycle::Lifecycle as _;
use domain::problems::Record;
use domain::requests::RequestStatus;
use domain::text;
use serde_json::json;

use crate::audit::NewTimelineEntry;
use crate::commit::finish;
use crate::db::TenantTx;
use crate::events::NewEvent;
use crate::form::Form;
use crate::identity::actors::{Permit, Staff};
use crate::jobs::store::targets::TargetRecord;
use crate::notifications;
use crate::notifications::NotificationTrigger;
use crate::requests;
use crate::requests::conversation;
use crate::requests::model::RequestView;
use crate::scheduling::model::AppointmentSummary;
use crate::{Core, CoreError, CoreResult};

/// Why a job is cancelled, in two fields that never mix.
#[derive(Debug, Clone, Default)]
pub struct CancellationForm {
    /// For the team and the audit log; the customer never reads it.
    pub reason: String,
    /// What the customer reads; may be empty.
    pub message: String,
}

/// Cancels a job before the technician starts travel. If it was created from a request, the request is cancelled too,
/// and its author is told with the message unless it came through the API.
///
/// # Errors
/// Fields `reason` and `message`; `not_found`; `illegal_transition` once the technician is on the way.
pub async fn cancel(
    core: &Core,
    by: Permit<'_, PlanTargets>,
    id: TargetId,
    input: &CancellationForm,
) -> CoreResult<()> {
    let mut form = Form::default();
    let reason = form.text(
        "reason",
        MAX_MESSAGE_CHARS,
        text::paragraphs(&input.reason, MAX_MESSAGE_CHARS),
    );
    let message = form.text(
        "message",
        MAX_MESSAGE_CHARS,
        text::optional_paragraphs(&input.message, MAX_MESSAGE_CHARS),
    );
    form.finish()?;
    let (reason, message) = (reason.unwrap_or_default(), message.flatten());
    let mut tx = core.store.begin(by.staff()).await?;
    tx.lock_target(id).await?;
    let target = tx.target_record(id).await?.ok_or_else(CoreError::not_found)?;
    let to = target.status.step(TargetStatus::Cancelled)?;
    let shared = tx
        .appointments_of(id)
        .await?
        .into_iter()
        .find(|appointment| appointment.status == AppointmentStatus::Planned && appointment.is_shared);
    if !tx.set_target_status(id, target.status, to).await? {
        return Err(CoreError::conflict(Record::Other));
    }
    tx.clear_follow_up_target(id).await?;
    tx.withdraw_offer(id).await?;
    let request = tx.request_of_target(id).await?;
    let timeline_entry = |kind| {
        NewTimelineEntry::for_target(kind, id)
            .with_request(request.as_ref().map(|request| request.id))
            .with_customer(target.customer_id)
            .with_location(target.location_id)
    };
    tx.add_timeline_entry(timeline_entry(TimelineKind::TargetCancelled))
        .await?;
    if tx.close_planned_appointment(id, AppointmentStatus::Cancelled).await? && shared.is_some() {
        tx.add_timeline_entry(timeline_entry(TimelineKind::AppointmentCancelled))
            .await?;
    }
    tx.audit("target.cancelled", id, json!({ "by": "staff", "reason": reason }));
    emit(&mut tx, &target);
    if let Some(request) = &request {
        cancel_request(core, &mut tx, request, message.as_deref(), shared.as_ref()).await?;
    }
    finish(core, tx).await
}

fn emit(tx: &mut TenantTx<'_, Staff>, target: &TargetRecord) {
    tx.emit(
        NewEvent::for_target(EventType::TargetCancelled, target.id)
            .with_customer(target.customer_id)
            .with_location(target.location_id)
            .with_contact(target.contact_id)
            .with_details(json!({ "status": TargetStatus::Cancelled.name() })),
    );
}

/// Cancels the request of the job and tells its author, with the message if there is one.
async fn cancel_request(
    core: &Core,
    tx: &mut TenantTx<'_, Staff>,
    request: &RequestView,
    message: Option<&str>,
    shared: Option<&AppointmentSummary>,
) -> CoreResult<()> {
    if request.status.step(RequestStatus::Cancelled).is_ok() {
        requests::change_status(tx, request, RequestStatus::Cancelled, None).await?;
        requests::note(tx, request, TimelineKind::RequestCancelled).await?;
    }
    if !request.channel.notifies_requester() {
        return Ok(());
    }
    let trigger = match shared {
        Some(appointment) => NotificationTrigger::with_windows(
            MailKind::AppointmentCancelled,
            vec![(appointment.starts_at, appointment.ends_at)],
            &appointment.zone,
        ),
        None => NotificationTrigger::new(MailKind::RequestCancelled),
    };
    match message {
        Some(message) => conversation::write_with(core, tx, request.id, message, trigger).await,
        None => notifications::enqueue(core, tx, request.id, trigger).await.map(drop),
    }
}
