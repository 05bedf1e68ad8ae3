//! Events and their deliveries: the outbox.

use chrono::{DateTime, Utc};
use domain::events::EventType;
use domain::ids::{ContactId, CustomerId, DeliveryId, EventId, Id, LocationId, SourceSystemId, TargetId};
use serde_json::{Value, json};
use sqlx::types::Json;
use uuid::Uuid;

use super::bulk::{hex, hex_id};
use super::engine::{Store, StoreError, Tx, all, run};
use super::transaction::take_numbers;
use crate::actors::TenantId;

/// An event to write.
#[derive(Debug, Clone)]
pub(crate) struct NewEvent {
    pub kind: EventType,
    /// What must stay in order among itself: the id of the target or request.
    pub ordering_key: String,
    /// The source system that it concerns, where that is known; else the target's own.
    pub source: Option<SourceSystemId>,
    pub target: Option<TargetId>,
    pub customer: Option<CustomerId>,
    pub location: Option<LocationId>,
    pub contact: Option<ContactId>,
    /// What the type adds to the body: members that everybody may see at the top level, and those of a data option under
    /// the option's name.
    pub details: Value,
}

const INSERT_SQLITE: &str = "INSERT INTO event (tenant_id, id, sequence, type, ordering_key, target_id, customer_id, location_id, contact_id, source_system_id, details, occurred_at) \
    SELECT $1, unhex(value->>'id'), value->>'sequence', value->>'type', value->>'ordering_key', unhex(value->>'target_id'), unhex(value->>'customer_id'), unhex(value->>'location_id'), unhex(value->>'contact_id'), \
    COALESCE(unhex(value->>'source_system_id'), (SELECT t.source_system_id FROM target t WHERE t.tenant_id = $1 AND t.id = unhex(value->>'target_id'))), value->'details', $3 FROM json_each($2)";
const INSERT_POSTGRES: &str = "INSERT INTO event (tenant_id, id, sequence, type, ordering_key, target_id, customer_id, location_id, contact_id, source_system_id, details, occurred_at) \
    SELECT $1, x.id, x.sequence, x.type, x.ordering_key, x.target_id, x.customer_id, x.location_id, x.contact_id, \
    COALESCE(x.source_system_id, (SELECT t.source_system_id FROM target t WHERE t.tenant_id = $1 AND t.id = x.target_id)), x.details, $3 \
    FROM jsonb_to_recordset($2) AS x (id UUID, sequence BIGINT, type TEXT, ordering_key TEXT, target_id UUID, customer_id UUID, location_id UUID, contact_id UUID, source_system_id UUID, details JSONB)";

/// Each event with the endpoints that asked for its type and whose source system it concerns: the event's own, or, if it
/// has none, any in which its customer has a reference. Another partner's targets are never told of.
const SUBSCRIBED_SQLITE: &str = "SELECT v.id, e.id, e.status FROM event v JOIN webhook_endpoint e ON e.tenant_id = v.tenant_id \
    JOIN integration_client c ON c.tenant_id = e.tenant_id AND c.id = e.client_id AND c.revoked_at IS NULL \
    WHERE v.tenant_id = $1 AND v.sequence > $2 AND v.sequence <= $3 AND EXISTS (SELECT 1 FROM json_each(e.event_types) WHERE value = v.type) \
    AND (e.source_system_id = v.source_system_id OR (v.source_system_id IS NULL \
      AND EXISTS (SELECT 1 FROM external_reference r WHERE r.tenant_id = v.tenant_id AND r.source_system_id = e.source_system_id AND r.entity_type = 'customer' AND r.entity_id = v.customer_id))) \
    ORDER BY v.sequence, e.id";
const SUBSCRIBED_POSTGRES: &str = "SELECT v.id, e.id, e.status FROM event v JOIN webhook_endpoint e ON e.tenant_id = v.tenant_id \
    JOIN integration_client c ON c.tenant_id = e.tenant_id AND c.id = e.client_id AND c.revoked_at IS NULL \
    WHERE v.tenant_id = $1 AND v.sequence > $2 AND v.sequence <= $3 AND e.event_types ? v.type \
    AND (e.source_system_id = v.source_system_id OR (v.source_system_id IS NULL \
      AND EXISTS (SELECT 1 FROM external_reference r WHERE r.tenant_id = v.tenant_id AND r.source_system_id = e.source_system_id AND r.entity_type = 'customer' AND r.entity_id = v.customer_id))) \
    ORDER BY v.sequence, e.id";
const DELIVER_SQLITE: &str = "INSERT INTO webhook_delivery (tenant_id, id, endpoint_id, event_id, status, attempts, next_attempt_at, created_at) \
    SELECT $1, unhex(value->>'id'), unhex(value->>'endpoint_id'), unhex(value->>'event_id'), value->>'status', 0, $3, $3 FROM json_each($2)";
const DELIVER_POSTGRES: &str = "INSERT INTO webhook_delivery (tenant_id, id, endpoint_id, event_id, status, attempts, next_attempt_at, created_at) \
    SELECT $1, x.id, x.endpoint_id, x.event_id, x.status, 0, $3, $3 FROM jsonb_to_recordset($2) AS x (id UUID, endpoint_id UUID, event_id UUID, status TEXT)";

/// Writes events and deliveries; the answer says whether there is a delivery to make. A disabled endpoint's deliveries
/// are held.
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
    let last = take_numbers(tx, tenant, "event", count).await?;
    let rows: Vec<_> = (last - count + 1..)
        .zip(&events)
        .map(|(sequence, event)| {
            let id: EventId = Id::from_uuid(store.randomness.uuid_v7(now));
            json!({
                "id": hex_id(id), "sequence": sequence, "type": event.kind.name(), "ordering_key": event.ordering_key, "target_id": event.target.map(hex_id),
                "customer_id": event.customer.map(hex_id), "location_id": event.location.map(hex_id), "contact_id": event.contact.map(hex_id),
                "source_system_id": event.source.map(hex_id), "details": event.details,
            })
        })
        .collect();
    let sql = tx.dialect(INSERT_SQLITE, INSERT_POSTGRES);
    run!(&mut *tx, sql, tenant.uuid(), Json(&rows), now)?;
    let subscribed = tx.dialect(SUBSCRIBED_SQLITE, SUBSCRIBED_POSTGRES);
    let pairs: Vec<(Uuid, Uuid, String)> = all!(
        &mut *tx,
        (Uuid, Uuid, String),
        subscribed,
        tenant.uuid(),
        last - count,
        last
    )?;
    if pairs.is_empty() {
        return Ok(false);
    }
    let deliveries: Vec<_> = pairs
        .into_iter()
        .map(|(event, endpoint, status)| {
            let id: DeliveryId = Id::from_uuid(store.randomness.uuid_v7(now));
            let status = if status == "disabled" { "held" } else { "pending" };
            json!({ "id": hex_id(id), "event_id": hex(event), "endpoint_id": hex(endpoint), "status": status })
        })
        .collect();
    let sql = tx.dialect(DELIVER_SQLITE, DELIVER_POSTGRES);
    run!(&mut *tx, sql, tenant.uuid(), Json(&deliveries), now)?;
    Ok(true)
}
