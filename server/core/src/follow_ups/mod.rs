//! Follow-ups: work that remains after a visit. It gets its own target and is planned and completed with it.

pub mod model;
#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;

use domain::audit::TimelineKind;
use domain::events::EventType;
use domain::follow_ups::FollowUpStatus;
use domain::identity::permissions::PlanTargets;
use domain::ids::{AppointmentId, FollowUpId, TargetId};
use domain::jobs::targets::TargetStatus;
use domain::lifecycle::Lifecycle as _;
use domain::problems::Record;
use serde_json::{Value, json};

use crate::audit::NewTimelineEntry;
use crate::commit::finish;
use crate::db::TenantTx;
use crate::events::NewEvent;
use crate::identity::actors::{Operator, Permit};
use crate::jobs::TargetRecord;
use crate::{Core, CoreError, CoreResult};

fn concurrent_modification() -> CoreError {
    CoreError::conflict(Record::FollowUp)
}

/// Creates a target for a follow-up with the customer, location and contact of the visited target.
///
/// # Errors
/// `illegal_transition` unless the follow-up is required; `concurrent_modification` if it already has a target.
pub async fn create_target(core: &Core, by: Permit<'_, PlanTargets>, id: FollowUpId) -> CoreResult<TargetId> {
    let mut tx = core.store.begin(by.staff()).await?;
    let follow_up = tx.follow_up(id).await?.ok_or_else(CoreError::not_found)?;
    follow_up.status.step(FollowUpStatus::Planned)?;
    if !follow_up.is_undecided() {
        return Err(concurrent_modification());
    }
    let visited = tx
        .target_record(follow_up.target_id)
        .await?
        .ok_or_else(CoreError::not_found)?;
    let target: TargetId = tx.new_id();
    let number = tx.next_number("target").await?;
    let record = TargetRecord {
        source_system_id: visited.source_system_id,
        customer_id: visited.customer_id,
        location_id: visited.location_id,
        contact_id: visited.contact_id,
        service_type: visited.service_type,
        priority: visited.priority,
        required_skills: visited.required_skills,
        place: visited.place,
        notes: Some(follow_up.title),
        ..TargetRecord::open(target, number)
    };
    if !tx.insert_target(&record).await? || !tx.set_follow_up_target(id, target).await? {
        return Err(concurrent_modification());
    }
    tx.audit("follow_up.target_made", id, json!({ "target": target }));
    tx.add_timeline_entry(
        NewTimelineEntry::for_target(TimelineKind::TargetCreated, target)
            .with_customer(record.customer_id)
            .with_location(record.location_id),
    )
    .await?;
    tx.emit(target_event(
        EventType::TargetCreated,
        &record,
        json!({ "status": TargetStatus::Open.name() }),
    ));
    finish(core, tx).await?;
    Ok(target)
}

/// Dismisses a follow-up that is not needed.
///
/// # Errors
/// `illegal_transition` unless the follow-up is required; `concurrent_modification` if it already has a target.
pub async fn dismiss(core: &Core, by: Permit<'_, PlanTargets>, id: FollowUpId) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    let follow_up = tx.follow_up(id).await?.ok_or_else(CoreError::not_found)?;
    let to = follow_up.status.step(FollowUpStatus::Dismissed)?;
    if !follow_up.is_undecided() || !tx.set_follow_up_status(id, follow_up.status, to).await? {
        return Err(concurrent_modification());
    }
    tx.audit("follow_up.dismissed", id, json!({}));
    finish(core, tx).await
}

fn target_event(kind: EventType, target: &TargetRecord, details: Value) -> NewEvent {
    NewEvent::for_target(kind, target.id)
        .with_source(target.source_system_id)
        .with_customer(target.customer_id)
        .with_location(target.location_id)
        .with_contact(target.contact_id)
        .with_details(details)
}

/// Marks the follow-up of a target as planned when the target gets its first appointment.
pub(crate) async fn mark_planned<A: Operator>(
    tx: &mut TenantTx<'_, A>,
    target: &TargetRecord,
    appointment: AppointmentId,
    window: &Value,
) -> CoreResult<()> {
    let Some(follow_up) = tx.follow_up_of_target(target.id.0).await? else {
        return Ok(());
    };
    if follow_up.status != FollowUpStatus::Required {
        return Ok(());
    }
    let to = follow_up.status.step(FollowUpStatus::Planned)?;
    if !tx.set_follow_up_status(follow_up.id, follow_up.status, to).await? {
        return Err(concurrent_modification());
    }
    tx.audit(
        "follow_up.planned",
        follow_up.id,
        json!({ "target": target.id.0, "appointment": appointment }),
    );
    // In the portal, the follow-up belongs to the visit that requires it.
    tx.add_timeline_entry(
        NewTimelineEntry::for_target(TimelineKind::FollowUpPlanned, follow_up.target_id)
            .with_customer(target.customer_id)
            .with_location(target.location_id),
    )
    .await?;
    tx.emit(target_event(
        EventType::FollowUpPlanned,
        target,
        json!({ "followUp": { "id": follow_up.id, "status": to.name() }, "appointment": window }),
    ));
    Ok(())
}

/// Marks the follow-up of a completed target as done.
pub(crate) async fn mark_done<A: Operator>(tx: &mut TenantTx<'_, A>, target: TargetId) -> CoreResult<()> {
    let Some(follow_up) = tx.follow_up_of_target(target).await? else {
        return Ok(());
    };
    if follow_up.status != FollowUpStatus::Planned {
        return Ok(());
    }
    let to = follow_up.status.step(FollowUpStatus::Done)?;
    if !tx.set_follow_up_status(follow_up.id, follow_up.status, to).await? {
        return Err(concurrent_modification());
    }
    tx.audit("follow_up.done", follow_up.id, json!({ "target": target }));
    Ok(())
}
