//! Changes of a scheduled target that its source proposes and a dispatcher accepts or dismisses.

use domain::audit::TimelineKind;
use domain::events::EventType;
use domain::identity::permissions::PlanTargets;
use domain::ids::{ProposalId, TargetId};
use domain::jobs::change_proposals::{CustomerName, Proposal};
use domain::mapping::MappingType;
use domain::problems::{Cause, Record};
use serde_json::json;

use crate::audit::NewTimelineEntry;
use crate::commit::finish;
use crate::db::{Key, TenantTx};
use crate::events::NewEvent;
use crate::identity::actors::{Permit, Staff};
use crate::jobs::TargetRecord;
use crate::jobs::model::ProposalView;
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
    let (proposal, target) = lock(&mut tx, id).await?;
    if target.status.is_locked_for_imports() {
        return Err(CoreError::new(Cause::WorkStarted));
    }
    let proposed = &proposal.proposed;
    let record = applied(&mut tx, &target, proposed).await?;
    if !tx.apply_proposal(&record, target.status).await? || !tx.decide_proposal(id, "accepted").await? {
        return Err(concurrent_modification());
    }
    if proposed.customer.is_some() {
        tx.detach_timeline(MappingType::Customer, proposal.target_id).await?;
    }
    if let Some(name) = &proposed.customer_name {
        rename_customer(&mut tx, &target, name).await?;
    }
    tx.audit(
        "change_proposal.accepted",
        id,
        json!({ "target": proposal.target_id, "proposed": proposed }),
    );
    tx.add_timeline_entry(
        NewTimelineEntry::for_target(TimelineKind::TargetUpdated, proposal.target_id)
            .with_customer(record.customer_id)
            .with_location(record.location_id),
    )
    .await?;
    emit(&mut tx, EventType::TargetUpdated, &record);
    emit(&mut tx, EventType::TargetChangeAccepted, &record);
    finish(core, tx).await
}

/// Locks the target of an open proposal, and returns both as they are then.
async fn lock(tx: &mut TenantTx<'_, Staff>, id: ProposalId) -> CoreResult<(ProposalView, TargetRecord)> {
    let proposal = tx.proposal(id).await?.ok_or_else(CoreError::not_found)?;
    tx.lock_target(proposal.target_id).await?;
    let proposal = tx.proposal(id).await?.ok_or_else(concurrent_modification)?;
    let target = tx
        .target_record(proposal.target_id)
        .await?
        .ok_or_else(CoreError::not_found)?;
    Ok((proposal, target))
}

/// Returns the target with a proposal applied, after checking that the proposed records exist and belong together.
async fn applied(tx: &mut TenantTx<'_, Staff>, target: &TargetRecord, proposed: &Proposal) -> CoreResult<TargetRecord> {
    let mut record = target.clone();
    record.set_reviewed(target.reviewed().with(proposed));
    if let Some(customer) = proposed.customer {
        if !tx.is_active_customer(customer).await? {
            return Err(CoreError::not_found());
        }
        // Location and contact of the previous customer never stay, even if an older proposal does not name them.
        record.location_id = proposed.location.flatten().map(Key);
        record.contact_id = proposed.contact.flatten().map(Key);
        record.needs_mapping = false;
    }
    if let Some(customer) = record.customer_id {
        if let Some(location) = proposed.location.flatten()
            && !tx.is_location_of(location, customer.0).await?
        {
            return Err(concurrent_modification());
        }
        if let Some(contact) = proposed.contact.flatten()
            && !tx.is_contact_of(contact, customer.0).await?
        {
            return Err(concurrent_modification());
        }
    }
    let declined = &target.declined_changes.0;
    let still_declined = Proposal {
        location: None,
        contact: None,
        place: None,
        customer: None,
        customer_name: None,
        ..declined.clone()
    };
    let declined = if proposed.customer.is_some() {
        &still_declined
    } else {
        declined
    };
    let stored = record.reviewed();
    record.declined_changes.0 = stored.difference(&stored.with(declined));
    Ok(record)
}

/// Gives the customer's record the accepted name. From then on the external IDs of the source vouch for the customer, and
/// proposals of other jobs with the same name are settled.
async fn rename_customer(tx: &mut TenantTx<'_, Staff>, target: &TargetRecord, name: &CustomerName) -> CoreResult<()> {
    if !tx.is_active_customer(name.customer).await? {
        return Err(concurrent_modification());
    }
    tx.rename_customer(name.customer, &name.name).await?;
    if let Some(source) = target.source_system_id {
        tx.confirm_customer_references(source.0, name.customer).await?;
    }
    tx.audit("customer.updated", name.customer, json!({ "by": "change_proposal" }));
    settle_name_proposals(tx, name, Some(target.id.0)).await
}

/// Settles the proposals of a name that a customer has now, apart from that of one job.
pub(crate) async fn settle_name_proposals(
    tx: &mut TenantTx<'_, Staff>,
    name: &CustomerName,
    except: Option<TargetId>,
) -> CoreResult<()> {
    for other in tx.open_name_proposals(name.customer).await? {
        let settled = other.proposed.customer_name.as_ref() == Some(name);
        if settled && Some(other.target_id) != except {
            let rest = Proposal {
                customer_name: None,
                ..other.proposed
            };
            tx.replace_proposal(other.id, other.target_id, &rest).await?;
        }
    }
    Ok(())
}

fn emit(tx: &mut TenantTx<'_, Staff>, kind: EventType, record: &TargetRecord) {
    tx.emit(
        NewEvent::for_target(kind, record.id)
            .with_customer(record.customer_id)
            .with_location(record.location_id)
            .with_contact(record.contact_id)
            .with_details(json!({ "status": record.status.name() })),
    );
}

/// Declines a proposal without changing the target. The same values are not proposed again; the source is told.
///
/// # Errors
/// `not_found`, `concurrent_modification`.
pub async fn dismiss(core: &Core, by: Permit<'_, PlanTargets>, id: ProposalId) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    let (proposal, target) = lock(&mut tx, id).await?;
    let stored = target.reviewed();
    let declined = stored.with(&target.declined_changes.0).with(&proposal.proposed);
    let declined = stored.difference(&declined);
    if !tx.decline_changes(proposal.target_id, &declined).await? || !tx.decide_proposal(id, "dismissed").await? {
        return Err(concurrent_modification());
    }
    tx.audit(
        "change_proposal.dismissed",
        id,
        json!({ "target": proposal.target_id, "proposed": proposal.proposed }),
    );
    emit(&mut tx, EventType::TargetChangeDeclined, &target);
    finish(core, tx).await
}
