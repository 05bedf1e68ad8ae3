//! Events and their deliveries: the outbox, and what clients read of it.

use chrono::{DateTime, Utc};
use domain::events::EventType;
use domain::ids::{
    ContactId, CustomerId, DeliveryId, EventId, EventKind, Id, LocationId, SourceSystemId, TargetId, WebhookEndpointId,
};
use serde_json::{Value, json};
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::Key;
use crate::db::TenantTx;
use crate::db::bulk::{hex, hex_id};
use crate::db::transaction::allocate_numbers;
use crate::db::{Engine, Store, StoreError, Tx, all, maybe, run};
use crate::identity::actors::{Actor as _, ApiClient, TenantId};

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
    /// The endpoint that it is about. A test goes to that endpoint only, everything else to the others.
    pub endpoint: Option<WebhookEndpointId>,
    /// What the type adds to the body: members that everybody may see at the top level, and those of a data option under
    /// the option's name.
    pub details: Value,
}

/// An event with what a body tells of it, as one source system knows it: external ids are those of that source.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct EventContext {
    pub event_id: Key<EventKind>,
    #[sqlx(rename = "type")]
    pub event_type: String,
    pub sequence: i64,
    pub event_key: String,
    pub details: Json<Value>,
    pub occurred_at: DateTime<Utc>,
    pub target_id: Option<Uuid>,
    pub customer_id: Option<Uuid>,
    pub location_id: Option<Uuid>,
    pub contact_id: Option<Uuid>,
    pub target_external_id: Option<String>,
    pub customer_external_id: Option<String>,
    pub location_external_id: Option<String>,
    pub contact_external_id: Option<String>,
    pub contact_name: Option<String>,
    pub contact_email: Option<String>,
    pub contact_phone: Option<String>,
}

/// The columns of [`EventContext`] of event `v` as the source system in `$source` knows it, and the tables behind them.
macro_rules! event_columns {
    ($source:literal) => {
        concat!(
            "v.id AS event_id, v.type, v.sequence, v.ordering_key AS event_key, v.details, v.occurred_at, v.target_id, v.customer_id, v.location_id, v.contact_id, t.external_id AS target_external_id, \
             (SELECT min(r.external_id) FROM external_reference r WHERE r.tenant_id = v.tenant_id AND r.source_system_id = ", $source, " AND r.entity_type = 'customer' AND r.entity_id = v.customer_id) AS customer_external_id, \
             (SELECT min(r.external_id) FROM external_reference r WHERE r.tenant_id = v.tenant_id AND r.source_system_id = ", $source, " AND r.entity_type = 'location' AND r.entity_id = v.location_id) AS location_external_id, \
             (SELECT min(r.external_id) FROM external_reference r WHERE r.tenant_id = v.tenant_id AND r.source_system_id = ", $source, " AND r.entity_type = 'contact' AND r.entity_id = v.contact_id) AS contact_external_id, \
             k.display_name AS contact_name, k.email AS contact_email, k.phone AS contact_phone "
        )
    };
}
macro_rules! event_joins {
    ($source:literal) => {
        concat!(
            "LEFT JOIN target t ON t.tenant_id = v.tenant_id AND t.id = v.target_id AND t.source_system_id = ",
            $source,
            " LEFT JOIN contact k ON k.tenant_id = v.tenant_id AND k.id = v.contact_id "
        )
    };
}
pub(crate) use {event_columns, event_joins};

const INSERT_SQLITE: &str = "INSERT INTO event (tenant_id, id, sequence, type, ordering_key, target_id, customer_id, location_id, contact_id, endpoint_id, source_system_id, details, occurred_at) \
    SELECT $1, unhex(value->>'id'), value->>'sequence', value->>'type', value->>'ordering_key', unhex(value->>'target_id'), unhex(value->>'customer_id'), unhex(value->>'location_id'), unhex(value->>'contact_id'), unhex(value->>'endpoint_id'), \
    COALESCE(unhex(value->>'source_system_id'), (SELECT t.source_system_id FROM target t WHERE t.tenant_id = $1 AND t.id = unhex(value->>'target_id'))), value->'details', $3 FROM json_each($2)";
const INSERT_POSTGRES: &str = "INSERT INTO event (tenant_id, id, sequence, type, ordering_key, target_id, customer_id, location_id, contact_id, endpoint_id, source_system_id, details, occurred_at) \
    SELECT $1, x.id, x.sequence, x.type, x.ordering_key, x.target_id, x.customer_id, x.location_id, x.contact_id, x.endpoint_id, \
    COALESCE(x.source_system_id, (SELECT t.source_system_id FROM target t WHERE t.tenant_id = $1 AND t.id = x.target_id)), x.details, $3 \
    FROM jsonb_to_recordset($2) AS x (id UUID, sequence BIGINT, type TEXT, ordering_key TEXT, target_id UUID, customer_id UUID, location_id UUID, contact_id UUID, endpoint_id UUID, source_system_id UUID, details JSONB)";

/// Each event with the endpoints that asked for its type and whose source system it is of. What came from elsewhere is told
/// to nobody, not even by its id: who cannot read a thing is not told of it.
macro_rules! subscribed {
    ($asked_for:literal) => {
        concat!(
            "SELECT v.id, v.sequence, e.id, e.status, CASE WHEN e.ordering = 'per_target' THEN v.ordering_key END FROM event v JOIN webhook_endpoint e ON e.tenant_id = v.tenant_id AND e.deleted_at IS NULL \
             JOIN integration_client c ON c.tenant_id = e.tenant_id AND c.id = e.client_id AND c.revoked_at IS NULL \
             WHERE v.tenant_id = $1 AND v.sequence > $2 AND v.sequence <= $3 \
             AND ((v.type = 'webhook.test' AND e.id = v.endpoint_id) OR (v.type <> 'webhook.test' AND (v.endpoint_id IS NULL OR e.id <> v.endpoint_id) AND ", $asked_for, " \
               AND e.source_system_id = v.source_system_id)) \
             ORDER BY v.sequence, e.id"
        )
    };
}
const SUBSCRIBED_SQLITE: &str = subscribed!("EXISTS (SELECT 1 FROM json_each(e.event_types) WHERE value = v.type)");
const SUBSCRIBED_POSTGRES: &str = subscribed!("e.event_types ? v.type");
const DELIVER_SQLITE: &str = "INSERT INTO webhook_delivery (tenant_id, id, endpoint_id, event_id, sequence, ordering_key, status, lane, attempts, next_attempt_at, created_at) \
    SELECT $1, unhex(value->>'id'), unhex(value->>'endpoint_id'), unhex(value->>'event_id'), value->>'sequence', value->>'ordering_key', value->>'status', 'first', 0, $3, $3 FROM json_each($2)";
const DELIVER_POSTGRES: &str = "INSERT INTO webhook_delivery (tenant_id, id, endpoint_id, event_id, sequence, ordering_key, status, lane, attempts, next_attempt_at, created_at) \
    SELECT $1, x.id, x.endpoint_id, x.event_id, x.sequence, x.ordering_key, x.status, 'first', 0, $3, $3 FROM jsonb_to_recordset($2) AS x (id UUID, endpoint_id UUID, event_id UUID, sequence BIGINT, ordering_key TEXT, status TEXT)";
const NOTIFY: &str = "SELECT pg_notify('ordinavo_work', '')";

/// Events that a client may read: those of its source system.
const READABLE: &str = concat!(
    "SELECT ",
    event_columns!("$2"),
    "FROM event v ",
    event_joins!("$2"),
    "WHERE v.tenant_id = $1 AND v.source_system_id = $2 AND v.sequence > $3 AND v.occurred_at >= $4 AND ($5 IS NULL OR v.type = $5) AND v.type <> 'webhook.test' ORDER BY v.sequence LIMIT $6"
);
const FIRST_SINCE: &str = "SELECT min(sequence) FROM event WHERE tenant_id = $1 AND occurred_at >= $2";
const EVENT: &str = concat!(
    "SELECT ",
    event_columns!("$2"),
    "FROM event v ",
    event_joins!("$2"),
    "WHERE v.tenant_id = $1 AND v.id = $3 AND v.occurred_at >= $4 AND v.type <> 'webhook.test' AND v.source_system_id = $2"
);

/// Writes events and deliveries; the answer says whether there is a delivery to make. A disabled endpoint's deliveries
/// are held.
pub(crate) async fn write(
    tx: &mut Tx,
    store: &Store,
    tenant: TenantId,
    now: DateTime<Utc>,
    events: Vec<(EventId, NewEvent)>,
) -> Result<bool, StoreError> {
    if events.is_empty() {
        return Ok(false);
    }
    let count = i64::try_from(events.len()).unwrap_or(i64::MAX);
    let last = allocate_numbers(tx, tenant, "event", count).await?;
    let rows: Vec<_> = (last - count + 1..)
        .zip(&events)
        .map(|(sequence, (id, event))| {
            json!({
                "id": hex_id(*id), "sequence": sequence, "type": event.kind.name(), "ordering_key": event.ordering_key, "target_id": event.target.map(hex_id),
                "customer_id": event.customer.map(hex_id), "location_id": event.location.map(hex_id), "contact_id": event.contact.map(hex_id),
                "endpoint_id": event.endpoint.map(hex_id), "source_system_id": event.source.map(hex_id), "details": event.details,
            })
        })
        .collect();
    let sql = tx.dialect(INSERT_SQLITE, INSERT_POSTGRES);
    run!(&mut *tx, sql, tenant.uuid(), Json(&rows), now)?;
    let subscribed = tx.dialect(SUBSCRIBED_SQLITE, SUBSCRIBED_POSTGRES);
    type Pair = (Uuid, i64, Uuid, String, Option<String>);
    let pairs: Vec<Pair> = all!(&mut *tx, Pair, subscribed, tenant.uuid(), last - count, last)?;
    if pairs.is_empty() {
        return Ok(false);
    }
    let deliveries: Vec<_> = pairs
        .into_iter()
        .map(|(event, sequence, endpoint, status, ordering_key)| {
            let id: DeliveryId = Id::from_uuid(store.randomness.uuid_v7(now));
            let status = if status == "disabled" { "held" } else { "pending" };
            json!({ "id": hex_id(id), "event_id": hex(event), "sequence": sequence, "endpoint_id": hex(endpoint), "ordering_key": ordering_key, "status": status })
        })
        .collect();
    let sql = tx.dialect(DELIVER_SQLITE, DELIVER_POSTGRES);
    run!(&mut *tx, sql, tenant.uuid(), Json(&deliveries), now)?;
    wake(tx, store).await?;
    Ok(true)
}

/// Tells workers in other processes, at commit, that there is something to do.
pub(crate) async fn wake(tx: &mut Tx, store: &Store) -> Result<(), StoreError> {
    if store.engine() == Engine::Postgres {
        run!(&mut *tx, NOTIFY)?;
    }
    Ok(())
}

impl TenantTx<'_, ApiClient> {
    /// Events after a place, oldest first. Sequences are given out and committed in one order for each tenant, so an event
    /// that commits late never comes to stand before a place that was already read.
    pub(crate) async fn own_events(
        &mut self,
        after: i64,
        since: DateTime<Utc>,
        kind: Option<EventType>,
        limit: i64,
    ) -> Result<Vec<EventContext>, StoreError> {
        let (tenant, source) = (self.tenant(), self.actor.source_system.uuid());
        let first: Option<(Option<i64>,)> = maybe!(&mut self.tx, (Option<i64>,), FIRST_SINCE, tenant, since)?;
        let Some((Some(first),)) = first else {
            return Ok(Vec::new());
        };
        let after = after.max(first - 1);
        all!(
            &mut self.tx,
            EventContext,
            READABLE,
            tenant,
            source,
            after,
            since,
            kind.map(EventType::name),
            limit
        )
    }

    pub(crate) async fn own_event(
        &mut self,
        id: EventId,
        since: DateTime<Utc>,
    ) -> Result<Option<EventContext>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system.uuid());
        maybe!(&mut self.tx, EventContext, EVENT, tenant, source, id.uuid(), since)
    }
}
