//! Statements for events: writing them with their deliveries (transactional outbox) and reading them for clients.

mod live;

use chrono::{DateTime, Utc};
use domain::events::EventType;
use domain::ids::{DeliveryId, EventId, EventKind, Id};
use serde_json::{Value, json};
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::EngineSql;
use crate::db::Key;
use crate::db::TenantTx;
use crate::db::bulk::{hex, hex_id};
use crate::db::transaction::allocate_numbers;
use crate::db::{Store, StoreError, Tx, WORK_CHANNEL};
use crate::events::NewEvent;
use crate::identity::actors::{Actor as _, ApiClient, TenantId};

/// An event with the data of its body. External IDs are those of the receiving source system.
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

/// The columns of [`EventContext`] of the event `v`, with the external IDs of the source system in `$source`.
macro_rules! event_columns {
    ($source:literal) => {
        concat!(
            r"
                v.id AS event_id, v.type, v.sequence, v.ordering_key AS event_key,
                v.details, v.occurred_at, v.target_id, v.customer_id, v.location_id,
                v.contact_id, t.external_id AS target_external_id,
                (
                    SELECT min(reference.external_id)
                    FROM external_reference AS reference
                    WHERE reference.tenant_id = v.tenant_id
                      AND reference.source_system_id = ",
            $source,
            r"
                      AND reference.entity_type = 'customer'
                      AND reference.entity_id = v.customer_id
                ) AS customer_external_id,
                (
                    SELECT min(reference.external_id)
                    FROM external_reference AS reference
                    WHERE reference.tenant_id = v.tenant_id
                      AND reference.source_system_id = ",
            $source,
            r"
                      AND reference.entity_type = 'location'
                      AND reference.entity_id = v.location_id
                ) AS location_external_id,
                (
                    SELECT min(reference.external_id)
                    FROM external_reference AS reference
                    WHERE reference.tenant_id = v.tenant_id
                      AND reference.source_system_id = ",
            $source,
            r"
                      AND reference.entity_type = 'contact'
                      AND reference.entity_id = v.contact_id
                ) AS contact_external_id,
                k.display_name AS contact_name, k.email AS contact_email,
                k.phone AS contact_phone
            "
        )
    };
}
/// The joins that `event_columns` needs.
macro_rules! event_joins {
    ($source:literal) => {
        concat!(
            r"
                LEFT JOIN target AS t ON t.tenant_id = v.tenant_id
                    AND t.id = v.target_id
                    AND t.source_system_id = ",
            $source,
            r"
                LEFT JOIN contact AS k ON k.tenant_id = v.tenant_id AND k.id = v.contact_id
            "
        )
    };
}
pub(crate) use {event_columns, event_joins};

static INSERT_EVENTS: EngineSql = EngineSql::new(
    r"
    INSERT INTO event (
        tenant_id, id, sequence, type, ordering_key, target_id, customer_id, location_id, contact_id,
        endpoint_id, source_system_id, details, occurred_at
    )
    SELECT
        $1, input.id, input.sequence, input.type, input.ordering_key, input.target_id, input.customer_id,
        input.location_id, input.contact_id, input.endpoint_id,
        COALESCE(
            input.source_system_id,
            (
                SELECT target.source_system_id
                FROM target
                WHERE target.tenant_id = $1
                  AND target.id = input.target_id
            )
        ),
        input.details, $3
    FROM jsonb_to_recordset($2) AS input (
        id UUID, sequence BIGINT, type TEXT, ordering_key TEXT, target_id UUID, customer_id UUID,
        location_id UUID, contact_id UUID, endpoint_id UUID, source_system_id UUID, details JSONB
    )
",
);

/// Each event with the endpoints of its source system that have subscribed to its type. Endpoints of other source
/// systems do not even receive its ID, because they cannot read it.
static SELECT_SUBSCRIPTIONS: EngineSql = EngineSql::new(
    r"
        SELECT
            event.id, event.sequence, endpoint.id, endpoint.status,
            CASE WHEN endpoint.ordering = 'per_target' THEN event.ordering_key END
        FROM event
        JOIN webhook_endpoint AS endpoint ON endpoint.tenant_id = event.tenant_id
            AND endpoint.deleted_at IS NULL
        JOIN integration_client AS client ON client.tenant_id = endpoint.tenant_id
            AND client.id = endpoint.client_id AND client.revoked_at IS NULL
        WHERE event.tenant_id = $1
          AND event.sequence > $2
          AND event.sequence <= $3
          AND (
              (event.type = 'webhook.test' AND endpoint.id = event.endpoint_id)
              OR (
                  event.type <> 'webhook.test'
                  AND (event.endpoint_id IS NULL OR endpoint.id <> event.endpoint_id)
                  AND EXISTS (
                      SELECT 1
                      FROM jsonb_array_elements_text(endpoint.event_types) AS subscribed (value)
                      WHERE subscribed.value = event.type
                  )
                  AND endpoint.source_system_id = event.source_system_id
              )
          )
        ORDER BY event.sequence, endpoint.id
    ",
);
static INSERT_DELIVERIES: EngineSql = EngineSql::new(
    r"
    INSERT INTO webhook_delivery (
        tenant_id, id, endpoint_id, event_id, sequence, ordering_key, status, lane, attempts,
        next_attempt_at, created_at
    )
    SELECT
        $1, input.id, input.endpoint_id, input.event_id, input.sequence, input.ordering_key, input.status,
        'first', 0, $3, $3
    FROM jsonb_to_recordset($2) AS input (
        id UUID, endpoint_id UUID, event_id UUID, sequence BIGINT, ordering_key TEXT, status TEXT
    )
",
);

const SELECT_EVENTS_OF_SOURCE: &str = concat!(
    "SELECT ",
    event_columns!("$2"),
    "FROM event AS v ",
    event_joins!("$2"),
    r"
        WHERE v.tenant_id = $1
          AND v.source_system_id = $2
          AND v.sequence > $3
          AND v.occurred_at >= $4
          AND ($5 IS NULL OR v.type = $5)
          AND v.type <> 'webhook.test'
        ORDER BY v.sequence
        LIMIT $6
    "
);
const SELECT_FIRST_SEQUENCE_SINCE: &str = r"
    SELECT min(sequence)
    FROM event
    WHERE tenant_id = $1
      AND occurred_at >= $2
";
const SELECT_EVENT_OF_SOURCE: &str = concat!(
    "SELECT ",
    event_columns!("$2"),
    "FROM event AS v ",
    event_joins!("$2"),
    r"
        WHERE v.tenant_id = $1
          AND v.id = $3
          AND v.occurred_at >= $4
          AND v.type <> 'webhook.test'
          AND v.source_system_id = $2
    "
);

/// Inserts events and their deliveries. Returns whether there are deliveries. Deliveries to disabled endpoints are
/// held.
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
                "id": hex_id(*id), "sequence": sequence, "type": event.kind.name(),
                "ordering_key": event.ordering_key, "target_id": event.target.map(hex_id),
                "customer_id": event.customer.map(hex_id), "location_id": event.location.map(hex_id),
                "contact_id": event.contact.map(hex_id), "endpoint_id": event.endpoint.map(hex_id),
                "source_system_id": event.source.map(hex_id), "details": event.details,
            })
        })
        .collect();
    let sql = &INSERT_EVENTS;
    tx.execute(sql, (tenant.uuid(), Json(&rows), now)).await?;
    let sql = &SELECT_SUBSCRIPTIONS;
    type Subscription = (Uuid, i64, Uuid, String, Option<String>);
    let subscriptions: Vec<Subscription> = tx
        .fetch_all::<Subscription>(sql, (tenant.uuid(), last - count, last))
        .await?;
    if subscriptions.is_empty() {
        return Ok(false);
    }
    let deliveries: Vec<_> = subscriptions
        .into_iter()
        .map(|(event, sequence, endpoint, status, ordering_key)| {
            let id: DeliveryId = Id::from_uuid(store.randomness.uuid_v7(now));
            let status = if status == "disabled" { "held" } else { "pending" };
            json!({ "id": hex_id(id), "event_id": hex(event), "sequence": sequence, "endpoint_id": hex(endpoint), "ordering_key": ordering_key, "status": status })
        })
        .collect();
    let sql = &INSERT_DELIVERIES;
    tx.execute(sql, (tenant.uuid(), Json(&deliveries), now)).await?;
    tx.notify(WORK_CHANNEL).await?;
    Ok(true)
}

impl TenantTx<'_, ApiClient> {
    /// Returns events after a sequence, oldest first. Sequences are assigned and committed in the same order within a
    /// tenant, so a late commit cannot add an event before a cursor that a client has already passed.
    pub(crate) async fn list_events_of_source(
        &mut self,
        after: i64,
        since: DateTime<Utc>,
        kind: Option<EventType>,
        limit: i64,
    ) -> Result<Vec<EventContext>, StoreError> {
        let (tenant, source) = (self.tenant(), self.actor.source_system().uuid());
        let first_sequence: Option<(Option<i64>,)> = self
            .tx
            .fetch_optional::<(Option<i64>,)>(SELECT_FIRST_SEQUENCE_SINCE, (tenant, since))
            .await?;
        let Some((Some(first_sequence),)) = first_sequence else {
            return Ok(Vec::new());
        };
        let after = after.max(first_sequence - 1);
        self.tx
            .fetch_all::<EventContext>(
                SELECT_EVENTS_OF_SOURCE,
                (tenant, source, after, since, kind.map(EventType::name), limit),
            )
            .await
    }

    pub(crate) async fn find_event_of_source(
        &mut self,
        id: EventId,
        since: DateTime<Utc>,
    ) -> Result<Option<EventContext>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system().uuid());
        self.tx
            .fetch_optional::<EventContext>(SELECT_EVENT_OF_SOURCE, (tenant, source, id.uuid(), since))
            .await
    }
}
