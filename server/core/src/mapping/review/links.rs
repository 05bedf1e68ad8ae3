//! The way back from a link that was wrong: what it touched, and undoing it.

use domain::events::EventType;
use domain::ids::TargetId;
use domain::permissions::{ResolveMappings, ViewImports};
use domain::targets::TargetStatus;
use serde_json::json;

use crate::commit::finish;
use crate::db::TenantTx;
use crate::events::NewEvent;
use crate::identity::actors::{Permit, Staff};
use crate::imports::ReferenceKind;
use crate::jobs::TargetRecord;
use crate::mapping::model::{LinkLine, MadeRecord, TouchedTarget};
use crate::mapping::references::MappingKind;
use crate::{Core, CoreError, CoreResult};

/// A link with everything that was imported through it.
#[derive(Debug, Clone)]
pub struct LinkPage {
    /// The link.
    pub link: LinkLine,
    /// Targets of that source that are linked to this record and were sent with this external id.
    pub touched: Vec<TouchedTarget>,
    /// Locations that imports made under the customer of the link.
    pub locations: Vec<MadeRecord>,
    /// Contacts that imports made under the customer of the link.
    pub contacts: Vec<MadeRecord>,
}

/// What a link has touched, before it is undone.
///
/// # Errors
/// `not_found`.
pub async fn link(
    core: &Core,
    by: Permit<'_, ViewImports>,
    kind: MappingKind,
    source_key: &str,
    external_id: &str,
) -> CoreResult<LinkPage> {
    let mut tx = core.store.read(by.staff()).await?;
    let link = tx
        .link(kind.0, source_key, external_id)
        .await?
        .ok_or_else(CoreError::not_found)?;
    let touched = tx.touched_by_link(kind.0, &link, external_id).await?;
    let (locations, contacts) = made(&mut tx, kind.0, &link, external_id).await?;
    Ok(LinkPage {
        link,
        touched,
        locations,
        contacts,
    })
}

/// The locations and contacts that imports made under the customer of a link. Other links made nothing.
async fn made(
    tx: &mut TenantTx<'_, Staff>,
    kind: ReferenceKind,
    link: &LinkLine,
    external_id: &str,
) -> CoreResult<(Vec<MadeRecord>, Vec<MadeRecord>)> {
    if kind != ReferenceKind::Customer {
        return Ok((Vec::new(), Vec::new()));
    }
    Ok((
        tx.made_through_link(ReferenceKind::Location, link, external_id).await?,
        tx.made_through_link(ReferenceKind::Contact, link, external_id).await?,
    ))
}

/// What undoing a link did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Undone {
    /// Targets that were taken back and, for a customer or location, wait for a person again.
    pub taken_back: usize,
    /// Targets on which work has begun or ended: they stay, and a person must look at them.
    pub left: usize,
    /// Locations and contacts that the link made and nothing else uses: they are gone.
    pub removed: usize,
    /// Locations and contacts that the link made and something else uses: they stay, without their external id.
    pub kept: usize,
}

/// Undoes a wrong link. The reference is removed; every touched target on which work has not begun is taken from the
/// record; locations and contacts that imports made under a wrong customer lose their external ids and, if nothing else
/// uses them, are removed, so that the next import makes them where they belong. What was already done stays and is told.
///
/// # Errors
/// `not_found`.
pub async fn undo_link(
    core: &Core,
    by: Permit<'_, ResolveMappings>,
    kind: MappingKind,
    source_key: &str,
    external_id: &str,
) -> CoreResult<Undone> {
    let kind = kind.0;
    let mut tx = core.store.begin(by.staff()).await?;
    let link = tx
        .link(kind, source_key, external_id)
        .await?
        .ok_or_else(CoreError::not_found)?;
    let source = link.source_system_id.0;
    let all = tx.count_touched(kind, &link, external_id).await?;
    tx.delete_reference_in(source, kind, external_id).await?;
    let mut taken = Vec::new();
    loop {
        let open = tx.touched_and_open(kind, &link, external_id).await?;
        let before = taken.len();
        for target in open {
            if take_back(&mut tx, kind, &link, target.id.0).await? {
                taken.push(target.id.to_string());
            }
        }
        // What was taken back is the record's no longer, so the next round finds others.
        if taken.len() == before {
            break;
        }
    }
    let (mut removed, mut kept) = (Vec::new(), Vec::new());
    // What has lost its external id came through the link no longer, so each round finds others.
    loop {
        let (locations, contacts) = made(&mut tx, kind, &link, external_id).await?;
        if locations.is_empty() && contacts.is_empty() {
            break;
        }
        // Contacts first: a contact may be bound to a location.
        for (kind, records) in [(ReferenceKind::Contact, contacts), (ReferenceKind::Location, locations)] {
            for record in records {
                tx.delete_reference_in(source, kind, &record.external_id).await?;
                let told =
                    json!({ "type": kind.name(), "externalId": record.external_id, "id": kind.public_id(record.id) });
                if tx.delete_unused(kind, record.id).await? {
                    removed.push(told);
                } else {
                    kept.push(told);
                }
            }
        }
    }
    let undone = Undone {
        taken_back: taken.len(),
        left: usize::try_from(all).unwrap_or_default().saturating_sub(taken.len()),
        removed: removed.len(),
        kept: kept.len(),
    };
    tx.audit(
        "mapping.undone",
        kind.public_id(link.entity_id),
        json!({ "type": kind.name(), "source": source_key, "externalId": external_id, "takenBack": taken, "left": undone.left, "removed": removed, "kept": kept }),
    );
    finish(core, tx).await?;
    Ok(undone)
}

/// Takes a target from the record of a wrong link, if work on it has not begun.
async fn take_back(
    tx: &mut TenantTx<'_, Staff>,
    kind: ReferenceKind,
    link: &LinkLine,
    id: TargetId,
) -> CoreResult<bool> {
    tx.lock_target(id).await?;
    let Some(record) = tx.target_record(id).await? else {
        return Ok(false);
    };
    let linked = match kind {
        ReferenceKind::Customer => record.customer_id.map(|key| key.0.uuid()),
        ReferenceKind::Location => record.location_id.map(|key| key.0.uuid()),
        ReferenceKind::Contact => record.contact_id.map(|key| key.0.uuid()),
    };
    let is_open = matches!(
        record.status,
        TargetStatus::Open | TargetStatus::Scheduled | TargetStatus::Dispatched
    );
    if !is_open || linked != Some(link.entity_id) {
        return Ok(false);
    }
    let mut cleared = record.clone();
    match kind {
        ReferenceKind::Customer => {
            (cleared.customer_id, cleared.location_id, cleared.contact_id) = (None, None, None);
            cleared.needs_mapping = true;
        }
        ReferenceKind::Location => {
            cleared.location_id = None;
            cleared.needs_mapping = true;
        }
        // Whom to call can be found out by phone; the job can still be planned.
        ReferenceKind::Contact => cleared.contact_id = None,
    }
    if !tx.relink_target(&cleared, record.status).await? {
        return Ok(false);
    }
    tx.take_history(kind, id).await?;
    if cleared.needs_mapping {
        review_required(tx, link, &cleared, id);
    }
    Ok(true)
}

fn review_required(tx: &mut TenantTx<'_, Staff>, link: &LinkLine, target: &TargetRecord, id: TargetId) {
    tx.emit(NewEvent {
        endpoint: None,
        source: Some(link.source_system_id.0),
        kind: EventType::MappingReviewRequired,
        ordering_key: id.to_string(),
        target: Some(id),
        customer: target.customer_id.map(|key| key.0),
        location: None,
        contact: None,
        details: json!({ "status": target.status.name() }),
    });
}
