//! Deliveries as workers handle them: claimed in batches with a lease, sent outside any transaction, recorded in batches with
//! compare-and-swap on the claim. Every statement here is about many deliveries at once.

use chrono::{DateTime, Utc};
use domain::webhooks::DeliveryQueue;
use serde_json::json;
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::SystemTx;
use crate::db::bulk::hex;
use crate::db::{StoreError, all, maybe, run};
use crate::events::{EventContext, event_columns, event_joins};

/// An endpoint of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, sqlx::FromRow)]
pub(crate) struct EndpointPlace {
    pub tenant_id: Uuid,
    pub endpoint_id: Uuid,
}

/// An endpoint for which something is due.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct DueEndpoint {
    #[sqlx(flatten)]
    pub place: EndpointPlace,
    pub is_failing: bool,
    pub has_first: bool,
    pub has_retry: bool,
}

/// A delivery that may be claimed, with what rendering and sending need to know.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct DueDelivery {
    #[sqlx(flatten)]
    pub place: EndpointPlace,
    pub id: Uuid,
    /// The replay that asks for it; `None` for the schedule.
    pub replay_id: Option<Uuid>,
    pub attempts: i64,
    pub body: Option<String>,
    pub body_options: Option<Json<Vec<String>>>,
    pub url: String,
    pub api_version: String,
    pub data_options: Json<Vec<String>>,
    /// What the endpoint's client may do now; an option whose scope is gone tells nothing.
    pub scopes: Json<Vec<String>>,
    #[sqlx(flatten)]
    pub event: EventContext,
}

/// A secret that signs now.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct SigningSecret {
    #[sqlx(flatten)]
    pub place: EndpointPlace,
    pub id: Uuid,
    pub secret: Vec<u8>,
    pub signing_key: Option<Vec<u8>>,
}

/// What is written when a delivery is claimed: its body if it is new or was reduced.
pub(crate) struct Claim<'a> {
    pub delivery: &'a DueDelivery,
    pub body: Option<(&'a str, Vec<&'static str>)>,
}

/// Endpoints that may be sent to and have something due, with the lanes in which it is.
const DUE_ENDPOINTS: &str = "SELECT * FROM (SELECT e.tenant_id, e.id AS endpoint_id, (e.status = 'failing') AS is_failing, \
    EXISTS (SELECT 1 FROM webhook_delivery d WHERE d.tenant_id = e.tenant_id AND d.endpoint_id = e.id AND d.lane = 'first' AND d.status = 'pending' AND d.next_attempt_at <= $1) AS has_first, \
    EXISTS (SELECT 1 FROM webhook_delivery d WHERE d.tenant_id = e.tenant_id AND d.endpoint_id = e.id AND d.lane = 'retry' AND d.status = 'pending' AND d.next_attempt_at <= $1) AS has_retry \
    FROM webhook_endpoint e WHERE e.status <> 'disabled') x WHERE has_first OR has_retry ORDER BY tenant_id, endpoint_id";
const REPLAY_WAITS: &str = "SELECT r.tenant_id, r.endpoint_id FROM webhook_replay r JOIN webhook_endpoint e ON e.tenant_id = r.tenant_id AND e.id = r.endpoint_id AND e.status <> 'disabled' \
    WHERE r.done_at IS NULL AND (r.claimed_until IS NULL OR r.claimed_until <= $1) LIMIT 1";

macro_rules! due_columns {
    ($replay:literal) => {
        concat!(
            "SELECT d.tenant_id, d.endpoint_id, d.id, ",
            $replay,
            " AS replay_id, d.attempts, d.body, d.body_options, e.url, e.api_version, e.data_options, c.scopes, ",
            event_columns!("e.source_system_id")
        )
    };
}
macro_rules! due_joins {
    () => {
        concat!(
            "JOIN integration_client c ON c.tenant_id = e.tenant_id AND c.id = e.client_id AND c.revoked_at IS NULL \
             JOIN event v ON v.tenant_id = d.tenant_id AND v.id = d.event_id ",
            event_joins!("e.source_system_id")
        )
    };
}
/// What may be claimed of an endpoint `e` in a lane, the longest due first. An endpoint that asked for an order gets the
/// next one of a key only when the one before has arrived or failed; a failing one gets one at a time.
macro_rules! due_of_endpoint {
    () => {
        "FROM webhook_delivery x WHERE x.tenant_id = e.tenant_id AND x.endpoint_id = e.id AND x.lane = $2 AND x.status = 'pending' AND x.next_attempt_at <= $3 \
         AND (x.ordering_key IS NULL OR NOT EXISTS (SELECT 1 FROM webhook_delivery o WHERE o.tenant_id = x.tenant_id AND o.endpoint_id = x.endpoint_id \
           AND o.ordering_key = x.ordering_key AND o.sequence < x.sequence AND o.ordering_key IS NOT NULL AND o.status IN ('pending', 'in_flight'))) \
         AND (e.status <> 'failing' OR NOT EXISTS (SELECT 1 FROM webhook_delivery y WHERE y.tenant_id = e.tenant_id AND y.endpoint_id = e.id AND y.status = 'in_flight')) \
         ORDER BY x.next_attempt_at, x.id LIMIT $4"
    };
}
const DUE_SQLITE: &str = concat!(
    due_columns!("NULL"),
    "FROM json_each($1) j JOIN webhook_endpoint e ON e.tenant_id = unhex(j.value->>'t') AND e.id = unhex(j.value->>'e') AND e.status <> 'disabled' \
     JOIN webhook_delivery d ON d.tenant_id = e.tenant_id AND d.id IN (SELECT x.id ",
    due_of_endpoint!(),
    ") ",
    due_joins!(),
    "LIMIT $5"
);
const DUE_POSTGRES: &str = concat!(
    due_columns!("NULL::uuid"),
    "FROM jsonb_to_recordset($1) AS j (t UUID, e UUID) JOIN webhook_endpoint e ON e.tenant_id = j.t AND e.id = j.e AND e.status <> 'disabled' \
     JOIN LATERAL (SELECT x.* ",
    due_of_endpoint!(),
    " FOR UPDATE OF x SKIP LOCKED) d ON true ",
    due_joins!(),
    "LIMIT $5"
);
/// On PostgreSQL a failing endpoint's row is locked first, so that two workers never probe it at once.
const LOCK_FAILING: &str = "SELECT e.tenant_id, e.id AS endpoint_id FROM webhook_endpoint e JOIN jsonb_to_recordset($1) AS j (t UUID, e UUID) ON e.tenant_id = j.t AND e.id = j.e \
    WHERE e.status = 'failing' FOR NO KEY UPDATE OF e SKIP LOCKED";

macro_rules! replays {
    ($lock:literal) => {
        concat!(
            due_columns!("q.id"),
            "FROM (SELECT w.* FROM webhook_replay w WHERE w.done_at IS NULL AND (w.claimed_until IS NULL OR w.claimed_until <= $1) \
               AND EXISTS (SELECT 1 FROM webhook_endpoint z WHERE z.tenant_id = w.tenant_id AND z.id = w.endpoint_id AND z.status <> 'disabled') \
               ORDER BY w.requested_at, w.id LIMIT $2", $lock, ") q \
             JOIN webhook_delivery d ON d.tenant_id = q.tenant_id AND d.id = q.delivery_id JOIN webhook_endpoint e ON e.tenant_id = q.tenant_id AND e.id = q.endpoint_id ",
            due_joins!(),
            "ORDER BY q.requested_at, q.id"
        )
    };
}
const REPLAYS_SQLITE: &str = replays!("");
const REPLAYS_POSTGRES: &str = replays!(" FOR UPDATE OF w SKIP LOCKED");

const SECRETS_SQLITE: &str = "SELECT s.tenant_id, s.endpoint_id, s.id, s.secret, s.signing_key FROM json_each($1) j JOIN webhook_secret s ON s.tenant_id = unhex(j.value->>'t') AND s.endpoint_id = unhex(j.value->>'e') \
    WHERE s.expires_at IS NULL OR s.expires_at > $2 ORDER BY s.created_at DESC, s.id DESC";
const SECRETS_POSTGRES: &str = "SELECT s.tenant_id, s.endpoint_id, s.id, s.secret, s.signing_key FROM jsonb_to_recordset($1) AS j (t UUID, e UUID) JOIN webhook_secret s ON s.tenant_id = j.t AND s.endpoint_id = j.e \
    WHERE s.expires_at IS NULL OR s.expires_at > $2 ORDER BY s.created_at DESC, s.id DESC";

const CLAIM_SQLITE: &str = "WITH n AS MATERIALIZED (SELECT unhex(value->>'t') AS t, unhex(value->>'d') AS d, value->>'body' AS body, value->>'options' AS options FROM json_each($3)) \
    UPDATE webhook_delivery SET status = 'in_flight', claim = $1, claimed_until = $2, body = COALESCE(n.body, webhook_delivery.body), body_options = COALESCE(n.options, webhook_delivery.body_options) \
    FROM n \
    WHERE webhook_delivery.tenant_id = n.t AND webhook_delivery.id = n.d AND webhook_delivery.status = 'pending' RETURNING webhook_delivery.id";
const CLAIM_POSTGRES: &str = "UPDATE webhook_delivery SET status = 'in_flight', claim = $1, claimed_until = $2, body = COALESCE(n.body, webhook_delivery.body), body_options = COALESCE(n.options, webhook_delivery.body_options) \
    FROM jsonb_to_recordset($3) AS n (t UUID, d UUID, body TEXT, options JSONB) \
    WHERE webhook_delivery.tenant_id = n.t AND webhook_delivery.id = n.d AND webhook_delivery.status = 'pending' RETURNING webhook_delivery.id";
const CLAIM_REPLAYS_SQLITE: &str = "WITH n AS MATERIALIZED (SELECT unhex(value->>'t') AS t, unhex(value->>'r') AS r FROM json_each($3)) \
    UPDATE webhook_replay SET claim = $1, claimed_until = $2 FROM n \
    WHERE webhook_replay.tenant_id = n.t AND webhook_replay.id = n.r";
const CLAIM_REPLAYS_POSTGRES: &str = "UPDATE webhook_replay SET claim = $1, claimed_until = $2 FROM jsonb_to_recordset($3) AS n (t UUID, r UUID) WHERE webhook_replay.tenant_id = n.t AND webhook_replay.id = n.r";
/// The body of a delivery that is sent by a replay, frozen or reduced.
const FREEZE_SQLITE: &str = "WITH n AS MATERIALIZED (SELECT unhex(value->>'t') AS t, unhex(value->>'d') AS d, value->>'body' AS body, value->>'options' AS options FROM json_each($1)) \
    UPDATE webhook_delivery SET body = n.body, body_options = n.options \
    FROM n \
    WHERE webhook_delivery.tenant_id = n.t AND webhook_delivery.id = n.d AND n.body IS NOT NULL";
const FREEZE_POSTGRES: &str = "UPDATE webhook_delivery SET body = n.body, body_options = n.options FROM jsonb_to_recordset($1) AS n (t UUID, d UUID, body TEXT, options JSONB) \
    WHERE webhook_delivery.tenant_id = n.t AND webhook_delivery.id = n.d AND n.body IS NOT NULL";

/// Endpoints in the form that both databases read back from JSON.
pub(crate) fn places(places: &[EndpointPlace]) -> Json<Vec<serde_json::Value>> {
    Json(
        places
            .iter()
            .map(|place| json!({ "t": hex(place.tenant_id), "e": hex(place.endpoint_id) }))
            .collect(),
    )
}

impl SystemTx<'_> {
    /// Endpoints with something due; a look that takes no locks.
    pub(crate) async fn due_endpoints(&mut self) -> Result<Vec<DueEndpoint>, StoreError> {
        all!(&mut self.tx, DueEndpoint, DUE_ENDPOINTS, self.now)
    }

    /// Whether somebody waits for a replay.
    pub(crate) async fn is_replay_waiting(&mut self) -> Result<bool, StoreError> {
        Ok(maybe!(&mut self.tx, EndpointPlace, REPLAY_WAITS, self.now)?.is_some())
    }

    /// Deliveries of these endpoints that may be claimed: at most `each` of an endpoint and `most` in all.
    pub(crate) async fn due_deliveries(
        &mut self,
        endpoints: &[EndpointPlace],
        lane: DeliveryQueue,
        each: i64,
        most: i64,
    ) -> Result<Vec<DueDelivery>, StoreError> {
        let sql = self.tx.dialect(DUE_SQLITE, DUE_POSTGRES);
        all!(
            &mut self.tx,
            DueDelivery,
            sql,
            places(endpoints),
            lane.name(),
            self.now,
            each,
            most
        )
    }

    /// Those of some failing endpoints that no other worker probes at this moment.
    pub(crate) async fn lock_failing(
        &mut self,
        endpoints: Vec<EndpointPlace>,
    ) -> Result<Vec<EndpointPlace>, StoreError> {
        if self.store.engine() == crate::db::Engine::Sqlite {
            return Ok(endpoints);
        }
        all!(&mut self.tx, EndpointPlace, LOCK_FAILING, places(&endpoints))
    }

    /// Replays that wait, oldest first.
    pub(crate) async fn due_replays(&mut self, most: i64) -> Result<Vec<DueDelivery>, StoreError> {
        let sql = self.tx.dialect(REPLAYS_SQLITE, REPLAYS_POSTGRES);
        all!(&mut self.tx, DueDelivery, sql, self.now, most)
    }

    /// The secrets that sign for some endpoints now, the newest of each first.
    pub(crate) async fn signing_secrets(
        &mut self,
        endpoints: &[EndpointPlace],
    ) -> Result<Vec<SigningSecret>, StoreError> {
        let sql = self.tx.dialect(SECRETS_SQLITE, SECRETS_POSTGRES);
        all!(&mut self.tx, SigningSecret, sql, places(endpoints), self.now)
    }

    /// Claims deliveries and keeps their rendered bytes, so that every attempt sends the same; the answer is which.
    pub(crate) async fn claim_deliveries(
        &mut self,
        claims: &[Claim<'_>],
        claim: Uuid,
        until: DateTime<Utc>,
    ) -> Result<Vec<Uuid>, StoreError> {
        let rows: Vec<_> = claims
            .iter()
            .map(|one| {
                let (body, options) = one.body.as_ref().map_or((None, None), |(body, options)| (Some(body), Some(options)));
                json!({ "t": hex(one.delivery.place.tenant_id), "d": hex(one.delivery.id), "r": one.delivery.replay_id.map(hex), "body": body, "options": options })
            })
            .collect();
        let (replays, plain): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row["r"].is_string());
        let mut claimed = Vec::new();
        if !plain.is_empty() {
            let sql = self.tx.dialect(CLAIM_SQLITE, CLAIM_POSTGRES);
            let rows: Vec<(Uuid,)> = all!(&mut self.tx, (Uuid,), sql, claim, until, Json(&plain))?;
            claimed.extend(rows.into_iter().map(|(id,)| id));
        }
        if !replays.is_empty() {
            let sql = self.tx.dialect(CLAIM_REPLAYS_SQLITE, CLAIM_REPLAYS_POSTGRES);
            run!(&mut self.tx, sql, claim, until, Json(&replays))?;
            let sql = self.tx.dialect(FREEZE_SQLITE, FREEZE_POSTGRES);
            run!(&mut self.tx, sql, Json(&replays))?;
            claimed.extend(claims.iter().filter_map(|one| one.delivery.replay_id));
        }
        Ok(claimed)
    }
}
