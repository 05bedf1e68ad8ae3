//! Events and their deliveries: the outbox.

use chrono::{DateTime, Utc};
use domain::events::EventType;
use domain::ids::{ContactId, CustomerId, DeliveryId, EventId, Id, LocationId, TargetId};
use serde_json::Value;
use sqlx::types::Json;

use super::engine::{Store, StoreError, Tx, run};
use super::transaction::take_numbers;
use crate::actors::TenantId;

/// An event to write.
#[derive(Debug, Clone)]
pub(crate) struct NewEvent {
    pub kind: EventType,
    /// What must stay in order among itself: the id of the target or request.
    pub ordering_key: String,
    pub target: Option<TargetId>,
    pub customer: Option<CustomerId>,
    pub location: Option<LocationId>,
    pub contact: Option<ContactId>,
    /// What the type adds to the body: members that everybody may see at the top level, and those of a data option under
    /// the option's name.
    pub details: Value,
}

const INSERT: &str = "INSERT INTO event (tenant_id, id, sequence, type, ordering_key, target_id, customer_id, location_id, contact_id, details, occurred_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

/// One delivery for each endpoint that asked for the type and whose source system the event concerns: the target came
/// from it, or the target came from no source and its customer has a reference there. Another partner's targets are
/// never told of. A disabled endpoint's deliveries are held.
const DELIVER: &str = "INSERT INTO webhook_delivery (tenant_id, id, endpoint_id, event_id, status, attempts, next_attempt_at, created_at) \
    SELECT e.tenant_id, $3, e.id, $2, CASE e.status WHEN 'disabled' THEN 'held' ELSE 'pending' END, 0, $4, $4 \
    FROM webhook_endpoint e WHERE e.tenant_id = $1 AND e.id = $5";
const SUBSCRIBED_SQLITE: &str = "SELECT e.id FROM webhook_endpoint e WHERE e.tenant_id = $1 \
    AND EXISTS (SELECT 1 FROM json_each(e.event_types) WHERE value = $2) \
    AND (EXISTS (SELECT 1 FROM target t WHERE t.tenant_id = $1 AND t.id = $3 AND t.source_system_id = e.source_system_id) \
      OR (NOT EXISTS (SELECT 1 FROM target t WHERE t.tenant_id = $1 AND t.id = $3 AND t.source_system_id IS NOT NULL) \
        AND EXISTS (SELECT 1 FROM external_reference r WHERE r.tenant_id = $1 AND r.source_system_id = e.source_system_id AND r.entity_type = 'customer' AND r.entity_id = $4)))";
const SUBSCRIBED_POSTGRES: &str = "SELECT e.id FROM webhook_endpoint e WHERE e.tenant_id = $1 \
    AND e.event_types ? $2 \
    AND (EXISTS (SELECT 1 FROM target t WHERE t.tenant_id = $1 AND t.id = $3 AND t.source_system_id = e.source_system_id) \
      OR (NOT EXISTS (SELECT 1 FROM target t WHERE t.tenant_id = $1 AND t.id = $3 AND t.source_system_id IS NOT NULL) \
        AND EXISTS (SELECT 1 FROM external_reference r WHERE r.tenant_id = $1 AND r.source_system_id = e.source_system_id AND r.entity_type = 'customer' AND r.entity_id = $4)))";

/// Writes events and deliveries; the answer says whether there is a delivery to make.
pub(super) async fn write(
    tx: &mut Tx,
    store: &Store,
    tenant: TenantId,
    now: DateTime<Utc>,
    events: Vec<NewEvent>,
) -> Result<bool, StoreError> {
    if events.is_empty() {
        return Ok(false);
    }
    let count = i64::try_from(events.len()).unwrap_or(i64::MAX);
    let mut sequence = take_numbers(tx, tenant, "event", count).await? - count;
    let mut deliveries = 0;
    for event in events {
        sequence += 1;
        let id: EventId = Id::from_uuid(store.randomness.uuid_v7(now));
        let target = event.target.map(Id::uuid);
        let customer = event.customer.map(Id::uuid);
        run!(
            &mut *tx,
            INSERT,
            tenant.uuid(),
            id.uuid(),
            sequence,
            event.kind.name(),
            &event.ordering_key,
            target,
            customer,
            event.location.map(Id::uuid),
            event.contact.map(Id::uuid),
            Json(&event.details),
            now
        )?;
        let subscribed = tx.dialect(SUBSCRIBED_SQLITE, SUBSCRIBED_POSTGRES);
        let endpoints = super::engine::all!(
            &mut *tx,
            (uuid::Uuid,),
            subscribed,
            tenant.uuid(),
            event.kind.name(),
            target,
            customer
        )?;
        for (endpoint,) in endpoints {
            let delivery: DeliveryId = Id::from_uuid(store.randomness.uuid_v7(now));
            deliveries += run!(
                &mut *tx,
                DELIVER,
                tenant.uuid(),
                id.uuid(),
                delivery.uuid(),
                now,
                endpoint
            )?;
        }
    }
    Ok(deliveries > 0)
}
