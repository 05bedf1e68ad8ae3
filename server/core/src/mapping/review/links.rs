//! Undoing a wrong link: what it affects, and reverting it.

use domain::events::EventType;
use domain::identity::permissions::{ResolveMappings, ViewImports};
use domain::ids::TargetId;
use domain::jobs::targets::TargetStatus;
use domain::mapping::MappingType;
use serde_json::json;

use crate::commit::finish;
use crate::db::TenantTx;
use crate::events::NewEvent;
use crate::identity::actors::{Permit, Staff};
use crate::jobs::TargetRecord;
use crate::mapping::model::{AffectedTarget, CreatedRecord, LinkSummary};
use crate::{Core, CoreError, CoreResult};

/// A link with the records that were imported through it.
#[derive(Debug, Clone)]
pub struct LinkPage {
    pub link: LinkSummary,
    /// Targets of the source that are linked to this record and were sent with this external ID.
    pub affected: Vec<AffectedTarget>,
    /// Locations that imports created under the customer of the link.
    pub locations: Vec<CreatedRecord>,
    /// Contacts that imports created under the customer of the link.
    pub contacts: Vec<CreatedRecord>,
    /// Whether the viewer can remove the link.
    pub can_undo: bool,
}

/// Returns a link with everything that undoing it would affect.
///
/// # Errors
/// `not_found`.
pub async fn link(
    core: &Core,
    by: Permit<'_, ViewImports>,
    kind: MappingType,
    source_key: &str,
    external_id: &str,
) -> CoreResult<LinkPage> {
    let mut tx = core.store.read(by.staff()).await?;
    let link = tx
        .link(kind, source_key, external_id)
        .await?
        .ok_or_else(CoreError::not_found)?;
    let affected = tx.list_affected_targets(kind, &link, external_id).await?;
    let (locations, contacts) = created_records(&mut tx, kind, &link, external_id).await?;
    Ok(LinkPage {
        link,
        affected,
        locations,
        contacts,
        can_undo: by.staff().has::<ResolveMappings>(),
    })
}

/// Returns the locations and contacts that imports created under the customer of a link; none for links of other
/// kinds.
async fn created_records(
    tx: &mut TenantTx<'_, Staff>,
    kind: MappingType,
    link: &LinkSummary,
    external_id: &str,
) -> CoreResult<(Vec<CreatedRecord>, Vec<CreatedRecord>)> {
    if kind != MappingType::Customer {
        return Ok((Vec::new(), Vec::new()));
    }
    Ok((
        tx.list_created_records(MappingType::Location, link, external_id)
            .await?,
        tx.list_created_records(MappingType::Contact, link, external_id).await?,
    ))
}

/// The result of undoing a link.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UndoLinkResult {
    /// Targets that were unlinked; those of a customer or location need a mapping review again.
    pub unlinked: usize,
    /// Targets on which work has begun or ended. They stay linked and must be checked manually.
    pub in_progress: usize,
    /// Locations and contacts that were created through the link and deleted, because nothing else refers to them.
    pub deleted: usize,
    /// Locations and contacts that were created through the link and stay without their external ID, because something
    /// else refers to them.
    pub retained: usize,
}

/// Undoes a wrong link. Deletes the reference and unlinks every affected target on which work has not begun. Locations
/// and contacts that imports created under a wrong customer lose their external IDs and, if nothing else refers to
/// them, are deleted, so that the next import creates them under the right customer.
///
/// # Errors
/// `not_found`.
pub async fn undo_link(
    core: &Core,
    by: Permit<'_, ResolveMappings>,
    kind: MappingType,
    source_key: &str,
    external_id: &str,
) -> CoreResult<UndoLinkResult> {
    let mut tx = core.store.begin(by.staff()).await?;
    let link = tx
        .link(kind, source_key, external_id)
        .await?
        .ok_or_else(CoreError::not_found)?;
    let source = link.source_system_id;
    let affected_count = tx.count_affected_targets(kind, &link, external_id).await?;
    tx.delete_reference_in(source, kind, external_id).await?;
    let mut unlinked = Vec::new();
    loop {
        let unstarted = tx.list_unstarted_affected_targets(kind, &link, external_id).await?;
        let before = unlinked.len();
        for target in unstarted {
            if unlink_target(&mut tx, kind, &link, target.id).await? {
                unlinked.push(target.id.to_string());
            }
        }
        // Unlinked targets drop out of the next query, so each round finds others.
        if unlinked.len() == before {
            break;
        }
    }
    let (mut deleted, mut retained) = (Vec::new(), Vec::new());
    // Records without their external ID drop out of the next query, so each round finds others.
    loop {
        let (locations, contacts) = created_records(&mut tx, kind, &link, external_id).await?;
        if locations.is_empty() && contacts.is_empty() {
            break;
        }
        // Contacts first, since a contact may refer to a location.
        for (kind, records) in [(MappingType::Contact, contacts), (MappingType::Location, locations)] {
            for record in records {
                tx.delete_reference_in(source, kind, &record.external_id).await?;
                let entry =
                    json!({ "type": kind.name(), "externalId": record.external_id, "id": kind.public_id(record.id) });
                if tx.delete_if_unused(kind, record.id).await? {
                    deleted.push(entry);
                } else {
                    retained.push(entry);
                }
            }
        }
    }
    let undone = UndoLinkResult {
        unlinked: unlinked.len(),
        in_progress: usize::try_from(affected_count)
            .unwrap_or_default()
            .saturating_sub(unlinked.len()),
        deleted: deleted.len(),
        retained: retained.len(),
    };
    tx.audit(
        "mapping.undone",
        kind.public_id(link.entity_id),
        json!({ "type": kind.name(), "source": source_key, "externalId": external_id, "takenBack": unlinked, "left": undone.in_progress, "removed": deleted, "kept": retained }),
    );
    finish(core, tx).await?;
    Ok(undone)
}

/// Unlinks a target from the record of a wrong link if work on it has not begun.
async fn unlink_target(
    tx: &mut TenantTx<'_, Staff>,
    kind: MappingType,
    link: &LinkSummary,
    id: TargetId,
) -> CoreResult<bool> {
    tx.lock_target(id).await?;
    let Some(record) = tx.target_record(id).await? else {
        return Ok(false);
    };
    let linked = match kind {
        MappingType::Customer => record.customer_id.map(|key| key.0.uuid()),
        MappingType::Location => record.location_id.map(|key| key.0.uuid()),
        MappingType::Contact => record.contact_id.map(|key| key.0.uuid()),
    };
    let is_unstarted = matches!(
        record.status,
        TargetStatus::Open | TargetStatus::Scheduled | TargetStatus::Dispatched
    );
    if !is_unstarted || linked != Some(link.entity_id) {
        return Ok(false);
    }
    let mut cleared = record.clone();
    match kind {
        MappingType::Customer => {
            (cleared.customer_id, cleared.location_id, cleared.contact_id) = (None, None, None);
            cleared.needs_mapping = true;
        }
        MappingType::Location => {
            cleared.location_id = None;
            cleared.needs_mapping = true;
        }
        // A job without a contact can still be scheduled, so it needs no review.
        MappingType::Contact => cleared.contact_id = None,
    }
    if !tx.relink_target(&cleared, record.status).await? {
        return Ok(false);
    }
    tx.detach_timeline(kind, id).await?;
    if cleared.needs_mapping {
        emit_review_required(tx, link, &cleared, id);
    }
    Ok(true)
}

fn emit_review_required(tx: &mut TenantTx<'_, Staff>, link: &LinkSummary, target: &TargetRecord, id: TargetId) {
    tx.emit(
        NewEvent::for_target(EventType::MappingReviewRequired, id)
            .with_source(Some(link.source_system_id))
            .with_customer(target.customer_id)
            .with_details(json!({ "status": target.status.name() })),
    );
}
