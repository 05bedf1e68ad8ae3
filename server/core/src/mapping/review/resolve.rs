//! Resolves the mapping of a target: its customer, location and contact, and which external IDs to link to them.

use domain::audit::TimelineKind;
use domain::events::EventType;
use domain::fields::FieldCode;
use domain::identity::permissions::ResolveMappings;
use domain::ids::{ContactId, CustomerId, LocationId, SourceSystemId, TargetId};
use domain::imports::jobs::{ImportChannel, ImportMode, TargetBatch};
use domain::mapping::MappingType;
use domain::problems::{Cause, Record};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::audit::NewTimelineEntry;
use crate::commit::finish;
use crate::customers::by_staff;
use crate::customers::by_staff::NewCustomerForm;
use crate::db::{Key, TenantTx};
use crate::events::NewEvent;
use crate::form::Form;
use crate::identity::actors::{Permit, Staff};
use crate::imports::model::ImportItemView;
use crate::imports::{is_zone, jobs, settings_of};
use crate::jobs::TargetRecord;
use crate::mapping::review::SentExternalIds;
use crate::{Core, CoreError, CoreResult};

/// A record that was chosen in the review.
#[derive(Debug, Clone, Copy)]
pub struct Choice<T> {
    pub id: T,
    /// Whether to link the sent external ID to the record for future imports.
    pub pin: bool,
}

/// The decision about a target.
#[derive(Debug, Clone, Copy)]
pub struct Resolution {
    pub customer: Choice<CustomerId>,
    pub location: Option<Choice<LocationId>>,
    pub contact: Option<Choice<ContactId>>,
    /// Whether to import the other waiting targets with the same external ID of the customer again.
    pub reimport: bool,
}

/// Links a target to the chosen customer, location and contact, and stores the requested references. Returns how many
/// items are imported again.
///
/// # Errors
/// `not_found`; `mapping_exists` or `mapping_conflict` if a reference cannot be stored; field `location` or `contact`
/// if it belongs to another customer; `concurrent_modification`.
pub async fn resolve(
    core: &Core,
    by: Permit<'_, ResolveMappings>,
    id: TargetId,
    resolution: Resolution,
) -> CoreResult<usize> {
    let mut tx = core.store.begin(by.staff()).await?;
    let reimported = resolve_in(&mut tx, by.staff(), id, resolution).await?;
    finish(core, tx).await?;
    core.wake_importer.notify_one();
    Ok(reimported)
}

/// A customer that is created for a target.
#[derive(Debug, Clone, Default)]
pub struct NewCustomerCase {
    pub customer: NewCustomerForm,
    /// Whether to link the sent external IDs to the new records for future imports.
    pub pin: bool,
    /// Whether to import the other waiting targets with the same external ID of the customer again.
    pub reimport: bool,
}

/// Creates the customer of a target, with its location and contact, and links the target to them. Returns how many items are
/// imported again.
///
/// # Errors
/// Fields of the new customer; as [`resolve`].
pub async fn resolve_with_new_customer(
    core: &Core,
    by: Permit<'_, ResolveMappings>,
    id: TargetId,
    case: &NewCustomerCase,
) -> CoreResult<usize> {
    let mut form = Form::default();
    let new = case.customer.check(&mut form);
    form.finish()?;
    let new = new.ok_or_else(|| CoreError::new(Cause::InvalidFields))?;
    let mut tx = core.store.begin(by.staff()).await?;
    let created = by_staff::create(&mut tx, &new).await?;
    let pin = case.pin;
    let resolution = Resolution {
        customer: Choice {
            id: created.customer,
            pin,
        },
        location: created.location.map(|id| Choice { id, pin }),
        contact: created.contact.map(|id| Choice { id, pin }),
        reimport: case.reimport,
    };
    let reimported = resolve_in(&mut tx, by.staff(), id, resolution).await?;
    finish(core, tx).await?;
    core.wake_importer.notify_one();
    Ok(reimported)
}

async fn resolve_in(
    tx: &mut TenantTx<'_, Staff>,
    by: &Staff,
    id: TargetId,
    resolution: Resolution,
) -> CoreResult<usize> {
    tx.lock_target(id).await?;
    let target = tx
        .target_record(id)
        .await?
        .filter(|target| target.needs_mapping)
        .ok_or_else(CoreError::not_found)?;
    let source = target.source_system_id.map(|key| key.0);
    let customer = resolution.customer.id;
    check_resolution(tx, &resolution).await?;
    let item = tx.applied_item_of_target(id).await?;
    let payload = match &item {
        Some(item) => tx.find_payload_of_item(item.id).await?.unwrap_or(Value::Null),
        None => Value::Null,
    };
    let sent = SentExternalIds::of(&payload);
    let pinned = match source {
        Some(source) => pin_requested(tx, source, &sent, &resolution).await?,
        None => Vec::new(),
    };
    let (location, contact) = known_parts(tx, source, &sent, &resolution).await?;
    relink(tx, &target, customer, location, contact).await?;
    if let Some(item) = &item {
        tx.mark_item_resolved(item.id).await?;
    }
    tx.add_timeline_entry(
        NewTimelineEntry::for_target(TimelineKind::MappingResolved, id)
            .with_customer(Some(customer))
            .with_location(location),
    )
    .await?;
    tx.audit(
        "mapping.resolved",
        id,
        json!({ "customer": customer, "location": location, "contact": contact, "pinned": pinned }),
    );
    tx.emit(
        NewEvent::for_target(EventType::MappingResolved, id)
            .with_source(source)
            .with_customer(Some(customer))
            .with_location(location)
            .with_contact(contact)
            .with_details(json!({ "status": target.status.name() })),
    );
    let mut reimported = 0;
    if resolution.reimport
        && resolution.customer.pin
        && let (Some(source), Some(external_id), Some(item)) = (source, sent.customer.as_deref(), &item)
    {
        reimported = reimport_waiting(tx, by, source, external_id, id, item).await?;
    }
    Ok(reimported)
}

/// Links the target to the customer. If the customer is unchanged, parts without a new value keep their link.
async fn relink(
    tx: &mut TenantTx<'_, Staff>,
    target: &TargetRecord,
    customer: CustomerId,
    location: Option<LocationId>,
    contact: Option<ContactId>,
) -> CoreResult<()> {
    let mut linked = target.clone();
    linked.customer_id = Some(Key(customer));
    let same_customer = target.customer_id == linked.customer_id;
    linked.location_id = location.map(Key).or(target.location_id.filter(|_| same_customer));
    linked.contact_id = contact.map(Key).or(target.contact_id.filter(|_| same_customer));
    linked.needs_mapping = false;
    if !tx.relink_target(&linked, target.status).await? {
        return Err(CoreError::conflict(Record::Other));
    }
    Ok(())
}

/// Checks that the chosen records exist and belong together.
async fn check_resolution(tx: &mut TenantTx<'_, Staff>, resolution: &Resolution) -> CoreResult<()> {
    let customer = resolution.customer.id;
    if !tx.is_active_customer(customer).await? {
        return Err(CoreError::not_found());
    }
    if let Some(location) = resolution.location
        && !tx.is_location_of(location.id, customer).await?
    {
        return Err(CoreError::field("location", FieldCode::LocationOfOtherCustomer));
    }
    if let Some(contact) = resolution.contact
        && !tx.is_contact_of(contact.id, customer).await?
    {
        return Err(CoreError::field("contact", FieldCode::ContactOfOtherCustomer));
    }
    Ok(())
}

/// Returns the references to store: those that were requested and for which a usable external ID was sent.
fn requested_references<'a>(sent: &'a SentExternalIds, resolution: &Resolution) -> Vec<(MappingType, &'a str, Uuid)> {
    let customer = Some(resolution.customer).filter(|choice| choice.pin);
    let location = resolution.location.filter(|choice| choice.pin);
    let contact = resolution.contact.filter(|choice| choice.pin);
    [
        (
            MappingType::Customer,
            &sent.customer,
            customer.map(|choice| choice.id.uuid()),
        ),
        (
            MappingType::Location,
            &sent.location,
            location.map(|choice| choice.id.uuid()),
        ),
        (
            MappingType::Contact,
            &sent.contact,
            contact.map(|choice| choice.id.uuid()),
        ),
    ]
    .into_iter()
    .filter_map(|(kind, external_id, record)| Some((kind, external_id.as_deref()?, record?)))
    .collect()
}

/// Returns the chosen location and contact, or else those of the sent external IDs, if they are known and belong to
/// the chosen customer.
async fn known_parts(
    tx: &mut TenantTx<'_, Staff>,
    source: Option<SourceSystemId>,
    sent: &SentExternalIds,
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
            .find_reference_in(source, MappingType::Location, external_id)
            .await?
            .map(LocationId::from_uuid)
        && tx.is_location_of(id, customer).await?
    {
        location = Some(id);
    }
    if contact.is_none()
        && let Some(external_id) = &sent.contact
        && let Some(id) = tx
            .find_reference_in(source, MappingType::Contact, external_id)
            .await?
            .map(ContactId::from_uuid)
        && tx.is_contact_of(id, customer).await?
    {
        contact = Some(id);
    }
    Ok((location, contact))
}

/// Stores the requested references. Returns them for the audit log.
async fn pin_requested(
    tx: &mut TenantTx<'_, Staff>,
    source: SourceSystemId,
    sent: &SentExternalIds,
    resolution: &Resolution,
) -> CoreResult<Vec<Value>> {
    let mut pinned = Vec::new();
    for (kind, external_id, record) in requested_references(sent, resolution) {
        pin(tx, source, kind, external_id, record).await?;
        pinned.push(json!({ "type": kind.name(), "externalId": external_id }));
    }
    Ok(pinned)
}

/// Links an external ID to a record.
async fn pin(
    tx: &mut TenantTx<'_, Staff>,
    source: SourceSystemId,
    kind: MappingType,
    external_id: &str,
    record: Uuid,
) -> CoreResult<()> {
    if kind == MappingType::Customer {
        // A concurrent import may be about to link this customer to another external ID.
        tx.lock_customer(record).await?;
    }
    match tx.find_reference_in(source, kind, external_id).await? {
        Some(known) if known == record => return Ok(()),
        Some(_) => {
            return Err(CoreError::new(Cause::ExternalIdMapped));
        }
        None => {}
    }
    if tx.is_linked_in(source, kind, record).await? {
        return Err(CoreError::new(Cause::RecordMapped));
    }
    tx.insert_reference_in(source, kind, external_id, record).await?;
    tx.audit(
        "mapping.created",
        kind.public_id(record),
        json!({ "type": kind.name(), "externalId": external_id, "by": "mapping_review" }),
    );
    Ok(())
}

/// Enqueues the waiting imports with the same external ID of the customer again.
async fn reimport_waiting(
    tx: &mut TenantTx<'_, Staff>,
    staff: &Staff,
    source: SourceSystemId,
    external_id: &str,
    except: TargetId,
    item: &ImportItemView,
) -> CoreResult<usize> {
    let payloads = tx.list_waiting_payloads(source, external_id, except).await?;
    if payloads.is_empty() {
        return Ok(0);
    }
    let job = tx.import_job(item.job_id).await?.ok_or_else(CoreError::not_found)?;
    let client = tx.client(job.client_id).await?.ok_or_else(CoreError::not_found)?;
    if client.revoked_at.is_some() {
        return Ok(0);
    }
    let has_scope = |scope: &str| client.scopes.iter().any(|granted| granted == scope);
    let settings = settings_of(
        &tx.settings_of_source(source).await?,
        &tx.gates().await?,
        has_scope("customers.map"),
        has_scope("customers.write"),
    );
    let count = payloads.len();
    let batch = TargetBatch::lenient(ImportMode::Partial, false, payloads, is_zone);
    let label = crate::identity::actors::Actor::label(staff);
    let new_job = jobs::NewImportJob {
        client: job.client_id,
        source_system: source,
        mode: ImportMode::Partial,
        dry_run: false,
        channel: ImportChannel::MappingReview,
        settings: &settings,
        created_by: &label,
        retried_from: None,
    };
    jobs::enqueue(tx, &new_job, &batch).await.map_err(CoreError::from)?;
    Ok(count)
}
