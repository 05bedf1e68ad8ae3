//! Changes of a scheduled target that its source proposes and a dispatcher accepts or dismisses.

use domain::events::EventType;
use domain::identity::permissions::PlanTargets;
use domain::ids::ProposalId;
use domain::problems::{Cause, Record};
use serde_json::json;

use crate::audit::{NewTimelineEntry, TimelineKind};
use crate::commit::finish;
use crate::db::Key;
use crate::events::NewEvent;
use crate::identity::actors::Permit;
use crate::imports::ReferenceKind;
use crate::{Core, CoreError, CoreResult};

fn concurrent_modification() -> CoreError {
    CoreError::conflict(Record::Other)
}

/// Applies a proposal. A scheduled appointment stays until it is rescheduled.
///
/// # Errors
/// `not_found`; `target_locked` once the technician is on the way; `concurrent_modification`.
pub async fn accept(core: &Core, by: Permit<'_, PlanTargets>, id: ProposalId) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    let proposal = tx.proposal(id).await?.ok_or_else(CoreError::not_found)?;
    let target_id = proposal.target_id;
    tx.lock_target(target_id).await?;
    let target = tx.target_record(target_id).await?.ok_or_else(CoreError::not_found)?;
    if target.status.is_locked_for_imports() {
        return Err(CoreError::new(Cause::WorkStarted));
    }
    let proposed = &proposal.proposed;
    let mut record = target.clone();
    if let Some(window) = &proposed.window {
        record.window_start = window.as_ref().map(|window| window.start);
        record.window_end = window.as_ref().map(|window| window.end);
        record.window_zone = window.as_ref().map(|window| window.zone.clone());
    }
    record.duration_minutes = proposed.duration_minutes.unwrap_or(record.duration_minutes);
    if let Some(place) = &proposed.place {
        record.place.0 = place.clone();
    }
    if let Some(customer) = proposed.customer {
        if !tx.is_active_customer(customer).await? {
            return Err(CoreError::not_found());
        }
        // Location and contact belong to the previous customer.
        (record.customer_id, record.location_id, record.contact_id) = (Some(Key(customer)), None, None);
        record.needs_mapping = false;
    }
    if let Some(location) = proposed.location {
        if let (Some(location), Some(customer)) = (location, record.customer_id)
            && !tx.is_location_of(location, customer.0).await?
        {
            return Err(concurrent_modification());
        }
        record.location_id = location.map(Key);
    }
    if !tx.apply_proposal(&record, target.status).await? || !tx.decide_proposal(id, "accepted").await? {
        return Err(concurrent_modification());
    }
    if proposed.customer.is_some() {
        tx.detach_timeline(ReferenceKind::Customer, target_id).await?;
    }
    tx.audit(
        "change_proposal.accepted",
        id,
        json!({ "target": target_id, "proposed": proposed }),
    );
    tx.add_timeline_entry(
        NewTimelineEntry::for_target(TimelineKind::TargetUpdated, target_id)
            .with_customer(record.customer_id)
            .with_location(record.location_id),
    )
    .await?;
    tx.emit(
        NewEvent::for_target(EventType::TargetUpdated, target_id)
            .with_customer(record.customer_id)
            .with_location(record.location_id)
            .with_contact(record.contact_id)
            .with_details(json!({ "status": record.status.name() })),
    );
    finish(core, tx).await
}

/// Dismisses a proposal without changing the target.
///
/// # Errors
/// `not_found`, `concurrent_modification`.
pub async fn dismiss(core: &Core, by: Permit<'_, PlanTargets>, id: ProposalId) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    let proposal = tx.proposal(id).await?.ok_or_else(CoreError::not_found)?;
    if !tx.decide_proposal(id, "dismissed").await? {
        return Err(concurrent_modification());
    }
    tx.audit("change_proposal.dismissed", id, json!({ "target": proposal.target_id }));
    finish(core, tx).await
}
