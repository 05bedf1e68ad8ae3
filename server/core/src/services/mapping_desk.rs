//! The warning desk: what could not be mapped, decided by a person once; and the way back from a link that was wrong.

use chrono::{DateTime, Utc};
use domain::events::EventType;
use domain::ids::{ContactId, CustomerId, LocationId, TargetId};
use domain::import_jobs::{ImportChannel, ImportMode, TargetBatch};
use domain::permissions::{ResolveMappings, ViewImports};
use domain::problems::Problem;
use domain::targets::TargetStatus;
use domain::text::{ExternalId, name_for_comparison};
use serde_json::{Value, json};

use super::imports::{is_zone, jobs, settings_of};
use super::{PAGE, Page, finish};
use crate::actors::{Permit, Staff};
use crate::store::{Key, NewEntry, NewEvent, ReferenceKind, TargetRecord, TenantTx};
use crate::views::{CandidateLine, ImportItemView, LinkLine, TargetLine, TargetView, TouchedTarget};
use crate::{Core, CoreError, CoreResult};

/// How many targets wait for a person.
///
/// # Errors
/// The database does not answer.
pub async fn count(core: &Core, by: Permit<'_, ViewImports>) -> CoreResult<i64> {
    Ok(core.store.read(by.staff()).await?.count_needing_mapping().await?)
}

/// A page of targets that wait for a person, oldest first.
///
/// # Errors
/// The database does not answer.
pub async fn list(
    core: &Core,
    by: Permit<'_, ViewImports>,
    after: Option<(DateTime<Utc>, TargetId)>,
) -> CoreResult<Page<TargetLine>> {
    let mut tx = core.store.read(by.staff()).await?;
    Ok(Page::cut(tx.needing_mapping(after, PAGE + 1).await?, PAGE))
}

/// What a person needs to decide about one target.
#[derive(Debug, Clone)]
pub struct DeskPage {
    /// The target.
    pub target: TargetView,
    /// The latest import of it, with its decision.
    pub item: Option<ImportItemView>,
    /// What the source sent last.
    pub payload: Value,
    /// The external id of the customer that was sent, if it can stand for one.
    pub external_id: Option<String>,
    /// Whom it may belong to: what the rules found, customers of the same name (only a hint), and what was searched for.
    pub candidates: Vec<CandidateLine>,
    /// How many other targets wait with the same external id of the customer.
    pub held_alike: i64,
}

/// Reads the ids of the customers that a decision looked at.
fn looked_at(decision: &Value) -> Vec<CustomerId> {
    let candidates = &decision["customer"]["candidates"];
    std::iter::once(&candidates["byReference"])
        .chain(candidates["byNumber"].as_array().into_iter().flatten())
        .filter_map(|candidate| candidate["id"].as_str()?.parse().ok())
        .collect()
}

/// One target with its candidates.
///
/// # Errors
/// `not_found` if the target is not there or waits for nobody.
pub async fn page(core: &Core, by: Permit<'_, ViewImports>, id: TargetId, search: &str) -> CoreResult<DeskPage> {
    let mut tx = core.store.read(by.staff()).await?;
    let target = tx
        .target_view(id)
        .await?
        .filter(|target| target.needs_mapping)
        .ok_or_else(CoreError::not_found)?;
    let item = tx.applied_item_of_target(id).await?;
    let payload = match &item {
        Some(item) => tx.payload_of_item(item.id.0).await?.unwrap_or(Value::Null),
        None => Value::Null,
    };
    let name = payload["customer"]["name"].as_str().map(name_for_comparison);
    let ids = item
        .as_ref()
        .map(|item| looked_at(&item.decision.0))
        .unwrap_or_default();
    let source = tx.source_of_target(id).await?;
    let candidates = tx
        .mapping_candidates(source, &ids, name.as_deref(), search.trim())
        .await?;
    let external_id = sent_id(&payload["customer"]);
    let held_alike = match (source, &external_id) {
        (Some(source), Some(external_id)) => tx.held_alike(source, external_id.as_str(), id).await?,
        _ => 0,
    };
    Ok(DeskPage {
        target,
        item,
        payload,
        external_id: external_id.map(|id| id.as_str().to_owned()),
        candidates,
        held_alike,
    })
}

/// The external id of a part of what was sent, in the form in which references are kept; `None` for a text that only says
/// that there is no id, which must never stand for anybody.
fn sent_id(part: &Value) -> Option<ExternalId> {
    let id = ExternalId::parse(part["externalId"].as_str()?).ok()?;
    (!id.is_blank_like()).then_some(id)
}

/// What a person decided about a target.
#[derive(Debug, Clone, Copy)]
pub struct Resolution {
    /// The customer.
    pub customer: CustomerId,
    /// The location, if it is known.
    pub location: Option<LocationId>,
    /// The contact, if it is known.
    pub contact: Option<ContactId>,
    /// Whether the external id that was sent stands for this customer from now on.
    pub pin: bool,
}

/// Links a target to the customer that a person chose, and pins the reference if asked to. With `again`, everything else
/// that was held with the same external id is imported again.
///
/// # Errors
/// `not_found`; `mapping_exists` or `mapping_conflict` if the reference cannot be pinned; field `location` or `contact` if
/// it belongs to somebody else. The answer says how many items are imported again.
pub async fn resolve(
    core: &Core,
    by: Permit<'_, ResolveMappings>,
    id: TargetId,
    resolution: Resolution,
    again: bool,
) -> CoreResult<usize> {
    let mut tx = core.store.begin(by.staff()).await?;
    tx.lock_target(id).await?;
    let target = tx
        .target_record(id)
        .await?
        .filter(|target| target.needs_mapping)
        .ok_or_else(CoreError::not_found)?;
    let source = target.source_system_id.map(|key| key.0);
    if !tx.is_active_customer(resolution.customer).await? {
        return Err(CoreError::not_found());
    }
    if let Some(location) = resolution.location
        && !tx.is_location_of(location, resolution.customer).await?
    {
        return Err(CoreError::field(
            "location",
            "validation_failed",
            "This location belongs to another customer.",
        ));
    }
    if let Some(contact) = resolution.contact
        && !tx.is_contact_of(contact, resolution.customer).await?
    {
        return Err(CoreError::field(
            "contact",
            "validation_failed",
            "This contact belongs to another customer.",
        ));
    }
    let item = tx.applied_item_of_target(id).await?;
    let payload = match &item {
        Some(item) => tx.payload_of_item(item.id.0).await?.unwrap_or(Value::Null),
        None => Value::Null,
    };
    let external_id = sent_id(&payload["customer"]).map(|id| id.as_str().to_owned());
    if resolution.pin
        && let (Some(source), Some(external_id)) = (source, external_id.as_deref())
    {
        pin(&mut tx, source, external_id, resolution.customer).await?;
    }
    let (location, contact) = known_parts(&mut tx, source, &payload, &resolution).await?;
    let mut linked = target.clone();
    linked.customer_id = Some(Key(resolution.customer));
    // Of the same customer, what was linked before stays where nothing else is known.
    let stays = target.customer_id == linked.customer_id;
    linked.location_id = location.map(Key).or(target.location_id.filter(|_| stays));
    linked.contact_id = contact.map(Key).or(target.contact_id.filter(|_| stays));
    linked.needs_mapping = false;
    if !tx.relink_target(&linked, target.status).await? {
        return Err(CoreError::new(
            Problem::ConcurrentModification,
            "Somebody else changed this at the same time.",
        ));
    }
    if let Some(item) = &item {
        tx.resolve_item(item.id.0).await?;
    }
    tx.note(NewEntry {
        kind: "mapping_resolved",
        customer: Some(resolution.customer),
        location,
        target: Some(id),
        request: None,
    })
    .await?;
    tx.audit(
        "mapping.resolved",
        id,
        json!({ "customer": resolution.customer, "pinned": resolution.pin, "externalId": external_id }),
    );
    tx.emit(NewEvent {
        endpoint: None,
        source,
        kind: EventType::MappingResolved,
        ordering_key: id.to_string(),
        target: Some(id),
        customer: Some(resolution.customer),
        location,
        contact,
        details: json!({ "status": target.status.name() }),
    });
    let mut repeated = 0;
    if again
        && resolution.pin
        && let (Some(source), Some(external_id), Some(item)) = (source, external_id.as_deref(), &item)
    {
        repeated = run_again(&mut tx, by.staff(), source, external_id, id, item).await?;
    }
    finish(core, tx).await?;
    core.wake_importer.notify_one();
    Ok(repeated)
}

/// The location and contact that a person chose, or else those whose external ids were sent, if they are known and belong
/// to the chosen customer.
async fn known_parts(
    tx: &mut TenantTx<'_, Staff>,
    source: Option<domain::ids::SourceSystemId>,
    payload: &Value,
    resolution: &Resolution,
) -> CoreResult<(Option<LocationId>, Option<ContactId>)> {
    let (mut location, mut contact) = (resolution.location, resolution.contact);
    let Some(source) = source else {
        return Ok((location, contact));
    };
    if location.is_none()
        && let Some(external_id) = sent_id(&payload["location"])
        && let Some(id) = tx
            .reference_in(source, ReferenceKind::Location, external_id.as_str())
            .await?
        && tx
            .is_location_of(LocationId::from_uuid(id), resolution.customer)
            .await?
    {
        location = Some(LocationId::from_uuid(id));
    }
    if contact.is_none()
        && let Some(external_id) = sent_id(&payload["contact"])
        && let Some(id) = tx
            .reference_in(source, ReferenceKind::Contact, external_id.as_str())
            .await?
        && tx.is_contact_of(ContactId::from_uuid(id), resolution.customer).await?
    {
        contact = Some(ContactId::from_uuid(id));
    }
    Ok((location, contact))
}

/// Makes an external id stand for a customer, as a person decided.
async fn pin(
    tx: &mut TenantTx<'_, Staff>,
    source: domain::ids::SourceSystemId,
    external_id: &str,
    customer: CustomerId,
) -> CoreResult<()> {
    // An import may be about to give this customer an external id of its own.
    tx.lock_customer(customer.uuid()).await?;
    match tx.reference_in(source, ReferenceKind::Customer, external_id).await? {
        Some(known) if known == customer.uuid() => return Ok(()),
        Some(_) => {
            return Err(CoreError::new(
                Problem::MappingExists,
                "The external id already stands for another customer; undo that link first.",
            ));
        }
        None => {}
    }
    if tx
        .is_linked_in(source, ReferenceKind::Customer, customer.uuid())
        .await?
    {
        return Err(CoreError::new(
            Problem::MappingConflict,
            "The customer already has another external id in this source.",
        ));
    }
    tx.insert_reference_in(source, ReferenceKind::Customer, external_id, customer.uuid())
        .await?;
    tx.audit(
        "mapping.created",
        customer,
        json!({ "type": "customer", "externalId": external_id, "by": "desk" }),
    );
    Ok(())
}

/// Imports everything again that was held with the same external id.
async fn run_again(
    tx: &mut TenantTx<'_, Staff>,
    staff: &Staff,
    source: domain::ids::SourceSystemId,
    external_id: &str,
    except: TargetId,
    item: &ImportItemView,
) -> CoreResult<usize> {
    let payloads = tx.held_payloads(source, external_id, except).await?;
    if payloads.is_empty() {
        return Ok(0);
    }
    let job = tx.import_job(item.job_id.0).await?.ok_or_else(CoreError::not_found)?;
    let client = tx.client(job.client_id.0).await?.ok_or_else(CoreError::not_found)?;
    if client.revoked_at.is_some() {
        return Ok(0);
    }
    let holds = |scope: &str| client.scopes.0.iter().any(|held| held == scope);
    let settings = settings_of(
        &tx.settings_of_source(source).await?,
        &tx.gates().await?,
        holds("customers.map"),
        holds("customers.write"),
    );
    let count = payloads.len();
    let batch = TargetBatch::lenient(ImportMode::Partial, false, payloads, is_zone);
    let label = crate::actors::Actor::label(staff);
    let taking = jobs::Taking {
        client: job.client_id.0,
        source_system: source,
        mode: ImportMode::Partial,
        dry_run: false,
        channel: ImportChannel::Desk,
        settings: &settings,
        created_by: &label,
        retried_from: None,
    };
    jobs::take_in(tx, &taking, &batch).await.map_err(CoreError::from)?;
    Ok(count)
}

/// A link with everything that was imported through it.
#[derive(Debug, Clone)]
pub struct LinkPage {
    /// The link.
    pub link: LinkLine,
    /// Targets of that source that belong to this customer and were sent with this external id.
    pub touched: Vec<TouchedTarget>,
}

/// What a link has touched, before it is undone.
///
/// # Errors
/// `not_found`.
pub async fn link(
    core: &Core,
    by: Permit<'_, ViewImports>,
    source_key: &str,
    external_id: &str,
) -> CoreResult<LinkPage> {
    let mut tx = core.store.read(by.staff()).await?;
    let link = tx
        .customer_link(source_key, external_id)
        .await?
        .ok_or_else(CoreError::not_found)?;
    let touched = tx.touched_by_link(&link, external_id).await?;
    Ok(LinkPage { link, touched })
}

/// Undoes a wrong link: the reference is removed, and every touched target on which work has not begun is taken from the
/// customer and waits for a person again. What was already done stays and is told, so that a person can look at it.
///
/// # Errors
/// `not_found`. The answer has the numbers of targets taken back and left.
pub async fn undo_link(
    core: &Core,
    by: Permit<'_, ResolveMappings>,
    source_key: &str,
    external_id: &str,
) -> CoreResult<(usize, usize)> {
    let mut tx = core.store.begin(by.staff()).await?;
    let link = tx
        .customer_link(source_key, external_id)
        .await?
        .ok_or_else(CoreError::not_found)?;
    let all = tx.count_touched(&link, external_id).await?;
    tx.delete_reference_in(link.source_system_id.0, ReferenceKind::Customer, external_id)
        .await?;
    let mut taken = Vec::new();
    loop {
        let open = tx.touched_and_open(&link, external_id).await?;
        let before = taken.len();
        for target in open {
            if take_back(&mut tx, &link, target.id.0).await? {
                taken.push(target.id.to_string());
            }
        }
        // What was taken back is the customer's no longer, so the next round finds others.
        if taken.len() == before {
            break;
        }
    }
    let left = usize::try_from(all).unwrap_or_default().saturating_sub(taken.len());
    let count = taken.len();
    tx.audit(
        "mapping.undone",
        link.customer_id,
        json!({ "source": source_key, "externalId": external_id, "takenBack": taken, "left": left }),
    );
    finish(core, tx).await?;
    Ok((count, left))
}

/// Takes a target from the customer of a wrong link, if work on it has not begun.
async fn take_back(tx: &mut TenantTx<'_, Staff>, link: &LinkLine, id: TargetId) -> CoreResult<bool> {
    tx.lock_target(id).await?;
    let Some(record) = tx.target_record(id).await? else {
        return Ok(false);
    };
    let is_open = matches!(
        record.status,
        TargetStatus::Open | TargetStatus::Scheduled | TargetStatus::Dispatched
    );
    if !is_open || record.customer_id != Some(link.customer_id) {
        return Ok(false);
    }
    let cleared = TargetRecord {
        customer_id: None,
        location_id: None,
        contact_id: None,
        needs_mapping: true,
        ..record.clone()
    };
    if !tx.relink_target(&cleared, record.status).await? {
        return Ok(false);
    }
    tx.take_history_from_customer(id).await?;
    tx.emit(NewEvent {
        endpoint: None,
        source: Some(link.source_system_id.0),
        kind: EventType::MappingReviewRequired,
        ordering_key: id.to_string(),
        target: Some(id),
        customer: None,
        location: None,
        contact: None,
        details: json!({ "status": record.status.name() }),
    });
    Ok(true)
}
