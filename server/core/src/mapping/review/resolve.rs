//! A person decides about a target that waits: whose it is, where, and which external ids stand for that from now on.

use domain::events::EventType;
use domain::ids::{ContactId, CustomerId, LocationId, SourceSystemId, TargetId};
use domain::import_jobs::{ImportChannel, ImportMode, TargetBatch};
use domain::permissions::ResolveMappings;
use domain::problems::Problem;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::audit::NewEntry;
use crate::commit::finish;
use crate::db::{Key, TenantTx};
use crate::events::NewEvent;
use crate::identity::actors::{Permit, Staff};
use crate::imports::ReferenceKind;
use crate::imports::model::ImportItemView;
use crate::imports::{is_zone, jobs, settings_of};
use crate::mapping::review::SentIds;
use crate::{Core, CoreError, CoreResult};

/// A record that a person chose.
#[derive(Debug, Clone, Copy)]
pub struct Choice<T> {
    /// The record.
    pub id: T,
    /// Whether the external id that was sent stands for it from now on.
    pub pin: bool,
}

/// What a person decided about a target.
#[derive(Debug, Clone, Copy)]
pub struct Resolution {
    /// The customer.
    pub customer: Choice<CustomerId>,
    /// The location, if it is known.
    pub location: Option<Choice<LocationId>>,
    /// The contact, if it is known.
    pub contact: Option<Choice<ContactId>>,
    /// Whether everything else that was held with the same external id of the customer is imported again.
    pub again: bool,
}

/// Links a target to the customer, location and contact that a person chose, and pins the references that were asked for.
/// The answer says how many items are imported again.
///
/// # Errors
/// `not_found`; `mapping_exists` or `mapping_conflict` if a reference cannot be pinned; field `location` or `contact` if
/// it belongs to somebody else.
pub async fn resolve(
    core: &Core,
    by: Permit<'_, ResolveMappings>,
    id: TargetId,
    resolution: Resolution,
) -> CoreResult<usize> {
    let mut tx = core.store.begin(by.staff()).await?;
    tx.lock_target(id).await?;
    let target = tx
        .target_record(id)
        .await?
        .filter(|target| target.needs_mapping)
        .ok_or_else(CoreError::not_found)?;
    let source = target.source_system_id.map(|key| key.0);
    let customer = resolution.customer.id;
    check(&mut tx, &resolution).await?;
    let item = tx.applied_item_of_target(id).await?;
    let payload = match &item {
        Some(item) => tx.payload_of_item(item.id.0).await?.unwrap_or(Value::Null),
        None => Value::Null,
    };
    let sent = SentIds::of(&payload);
    let mut pinned = Vec::new();
    for (kind, external_id, record) in pins(&sent, &resolution) {
        if let Some(source) = source {
            pin(&mut tx, source, kind, external_id, record).await?;
            pinned.push(json!({ "type": kind.name(), "externalId": external_id }));
        }
    }
    let (location, contact) = known_parts(&mut tx, source, &sent, &resolution).await?;
    let mut linked = target.clone();
    linked.customer_id = Some(Key(customer));
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
        customer: Some(customer),
        location,
        target: Some(id),
        request: None,
    })
    .await?;
    tx.audit(
        "mapping.resolved",
        id,
        json!({ "customer": customer, "location": location, "contact": contact, "pinned": pinned }),
    );
    tx.emit(NewEvent {
        endpoint: None,
        source,
        kind: EventType::MappingResolved,
        ordering_key: id.to_string(),
        target: Some(id),
        customer: Some(customer),
        location,
        contact,
        details: json!({ "status": target.status.name() }),
    });
    let mut repeated = 0;
    if resolution.again
        && resolution.customer.pin
        && let (Some(source), Some(external_id), Some(item)) = (source, sent.customer.as_deref(), &item)
    {
        repeated = run_again(&mut tx, by.staff(), source, external_id, id, item).await?;
    }
    finish(core, tx).await?;
    core.wake_importer.notify_one();
    Ok(repeated)
}

/// Whether everything that was chosen exists and belongs together.
async fn check(tx: &mut TenantTx<'_, Staff>, resolution: &Resolution) -> CoreResult<()> {
    let customer = resolution.customer.id;
    if !tx.is_active_customer(customer).await? {
        return Err(CoreError::not_found());
    }
    if let Some(location) = resolution.location
        && !tx.is_location_of(location.id, customer).await?
    {
        return Err(CoreError::field(
            "location",
            "validation_failed",
            "This location belongs to another customer.",
        ));
    }
    if let Some(contact) = resolution.contact
        && !tx.is_contact_of(contact.id, customer).await?
    {
        return Err(CoreError::field(
            "contact",
            "validation_failed",
            "This contact belongs to another customer.",
        ));
    }
    Ok(())
}

/// The references to pin: those that were asked for, where an external id was sent that can stand for a record.
fn pins<'a>(sent: &'a SentIds, resolution: &Resolution) -> Vec<(ReferenceKind, &'a str, Uuid)> {
    let customer = Some(resolution.customer).filter(|choice| choice.pin);
    let location = resolution.location.filter(|choice| choice.pin);
    let contact = resolution.contact.filter(|choice| choice.pin);
    [
        (
            ReferenceKind::Customer,
            &sent.customer,
            customer.map(|choice| choice.id.uuid()),
        ),
        (
            ReferenceKind::Location,
            &sent.location,
            location.map(|choice| choice.id.uuid()),
        ),
        (
            ReferenceKind::Contact,
            &sent.contact,
            contact.map(|choice| choice.id.uuid()),
        ),
    ]
    .into_iter()
    .filter_map(|(kind, external_id, record)| Some((kind, external_id.as_deref()?, record?)))
    .collect()
}

/// The location and contact that a person chose, or else those whose external ids were sent, if they are known and belong
/// to the chosen customer.
async fn known_parts(
    tx: &mut TenantTx<'_, Staff>,
    source: Option<SourceSystemId>,
    sent: &SentIds,
    resolution: &Resolution,
) -> CoreResult<(Option<LocationId>, Option<ContactId>)> {
    let customer = resolution.customer.id;
    let mut location = resolution.location.map(|choice| choice.id);
    let mut contact = resolution.contact.map(|choice| choice.id);
    let Some(source) = source else {
        return Ok((location, contact));
    };
    if location.is_none()
        && let Some(external_id) = &sent.location
        && let Some(id) = tx
            .reference_in(source, ReferenceKind::Location, external_id)
            .await?
            .map(LocationId::from_uuid)
        && tx.is_location_of(id, customer).await?
    {
        location = Some(id);
    }
    if contact.is_none()
        && let Some(external_id) = &sent.contact
        && let Some(id) = tx
            .reference_in(source, ReferenceKind::Contact, external_id)
            .await?
            .map(ContactId::from_uuid)
        && tx.is_contact_of(id, customer).await?
    {
        contact = Some(id);
    }
    Ok((location, contact))
}

/// Makes an external id stand for a record, as a person decided.
async fn pin(
    tx: &mut TenantTx<'_, Staff>,
    source: SourceSystemId,
    kind: ReferenceKind,
    external_id: &str,
    record: Uuid,
) -> CoreResult<()> {
    if kind == ReferenceKind::Customer {
        // An import may be about to give this customer an external id of its own.
        tx.lock_customer(record).await?;
    }
    match tx.reference_in(source, kind, external_id).await? {
        Some(known) if known == record => return Ok(()),
        Some(_) => {
            return Err(CoreError::new(
                Problem::MappingExists,
                "The external id already stands for another record; undo that link first.",
            ));
        }
        None => {}
    }
    if tx.is_linked_in(source, kind, record).await? {
        return Err(CoreError::new(
            Problem::MappingConflict,
            "The record already has another external id in this source.",
        ));
    }
    tx.insert_reference_in(source, kind, external_id, record).await?;
    tx.audit(
        "mapping.created",
        kind.public_id(record),
        json!({ "type": kind.name(), "externalId": external_id, "by": "desk" }),
    );
    Ok(())
}

/// Imports everything again that was held with the same external id.
async fn run_again(
    tx: &mut TenantTx<'_, Staff>,
    staff: &Staff,
    source: SourceSystemId,
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
    let label = crate::identity::actors::Actor::label(staff);
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
