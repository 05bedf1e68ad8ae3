//! Cancelling a job, its appointment and its request.

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

use crate::audit::{NewTimelineEntry, TimelineKind};
use crate::commit::finish;
use crate::db::TenantTx;
use crate::events::NewEvent;
use crate::form::Form;
use crate::identity::actors::{Permit, Staff};
use crate::jobs::store::targets::TargetRecord;
use crate::requests;
use crate::requests::conversation;
use crate::requests::model::RequestView;
use crate::{Core, CoreError, CoreResult};

/// Cancels a job before the technician starts travel. If it was created from a request, the request is cancelled too,
/// and its author receives the reason unless it came through the API.
///
/// # Errors
/// Field `reason`; `not_found`; `illegal_transition` once the technician is on the way.
pub async fn cancel(core: &Core, by: Permit<'_, PlanTargets>, id: TargetId, reason: &str) -> CoreResult<()> {
    let mut form = Form::default();
    let reason = form.text("reason", MAX_MESSAGE_CHARS, text::paragraphs(reason, MAX_MESSAGE_CHARS));
    form.finish()?;
    let reason = reason.unwrap_or_default();
    let mut tx = core.store.begin(by.staff()).await?;
    tx.lock_target(id).await?;
    let target = tx.target_record(id).await?.ok_or_else(CoreError::not_found)?;
    let to = target.status.step(TargetStatus::Cancelled)?;
    let was_shared = tx
        .appointments_of(id)
        .await?
        .iter()
        .any(|appointment| appointment.status == AppointmentStatus::Planned && appointment.is_shared);
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
    if tx.close_planned_appointment(id, AppointmentStatus::Cancelled).await? && was_shared {
        tx.add_timeline_entry(timeline_entry(TimelineKind::AppointmentCancelled))
            .await?;
    }
    tx.audit("target.cancelled", id, json!({ "by": "staff", "reason": reason }));
    emit(&mut tx, &target);
    if let Some(request) = &request {
        cancel_request(core, &mut tx, request, &reason, was_shared).await?;
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

/// Cancels the request of the job and sends the reason to its author.
async fn cancel_request(
    core: &Core,
    tx: &mut TenantTx<'_, Staff>,
    request: &RequestView,
    reason: &str,
    was_shared: bool,
) -> CoreResult<()> {
    if request.status.step(RequestStatus::Cancelled).is_ok() {
        requests::change_status(tx, request, RequestStatus::Cancelled, None).await?;
        requests::note(tx, request, TimelineKind::RequestCancelled).await?;
    }
    if !request.channel.notifies_requester() {
        return Ok(());
    }
    let kind = if was_shared {
        MailKind::AppointmentCancelled
    } else {
        MailKind::Message
    };
    conversation::write(core, tx, request.id, reason, kind).await
}
