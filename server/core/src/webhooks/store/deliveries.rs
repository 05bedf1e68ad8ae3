//! Delivery queue of the workers: deliveries are claimed in batches with a lease, sent outside any transaction and
//! recorded in batches with compare-and-swap on the claim. Every statement handles many deliveries.

use chrono::{DateTime, Utc};
use domain::webhooks::DeliveryQueue;
use serde_json::json;
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::EngineSql;
use crate::db::StoreError;
use crate::db::SystemTx;
use crate::db::bulk::hex;
use crate::db::purpose::WebhookQueue;
use crate::events::{EventContext, event_columns, event_joins};

/// Key of an endpoint: tenant and id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, sqlx::FromRow)]
pub(crate) struct EndpointKey {
    pub tenant_id: Uuid,
    pub endpoint_id: Uuid,
}

/// An endpoint with due deliveries.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct DueEndpoint {
    #[sqlx(flatten)]
    pub place: EndpointKey,
    pub is_failing: bool,
    pub has_first: bool,
    pub has_retry: bool,
}

/// A delivery that can be claimed, with the data required for rendering and sending.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct DueDelivery {
    #[sqlx(flatten)]
    pub place: EndpointKey,
    pub id: Uuid,
    /// Replay that requested the attempt; `None` for scheduled attempts.
    pub replay_id: Option<Uuid>,
    pub attempts: i64,
    pub body: Option<String>,
    pub body_options: Option<Json<Vec<String>>>,
    pub url: String,
    pub api_version: String,
    pub data_options: Json<Vec<String>>,
    /// Current scopes of the endpoint's client; data options without their scope are left out of the body.
    pub scopes: Json<Vec<String>>,
    #[sqlx(flatten)]
    pub event: EventContext,
}

/// A valid signing secret, encrypted.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct SigningSecret {
    #[sqlx(flatten)]
    pub place: EndpointKey,
    pub id: Uuid,
    pub secret: Vec<u8>,
    pub signing_key: Option<Vec<u8>>,
}

/// Claim of a delivery, with the body to store if it is new or was reduced.
pub(crate) struct Claim<'a> {
    pub delivery: &'a DueDelivery,
    pub body: Option<(&'a str, Vec<&'static str>)>,
}

/// Enabled endpoints with due deliveries, and the lanes of those deliveries.
const SELECT_DUE_ENDPOINTS: &str = r"
    SELECT *
    FROM (
        SELECT endpoint.tenant_id, endpoint.id AS endpoint_id, (endpoint.status = 'failing') AS is_failing,
            EXISTS (
                SELECT 1
                FROM webhook_delivery AS delivery
                WHERE delivery.tenant_id = endpoint.tenant_id
                  AND delivery.endpoint_id = endpoint.id
                  AND delivery.lane = 'first'
                  AND delivery.status = 'pending'
                  AND delivery.next_attempt_at <= $1
            ) AS has_first,
            EXISTS (
                SELECT 1
                FROM webhook_delivery AS delivery
                WHERE delivery.tenant_id = endpoint.tenant_id
                  AND delivery.endpoint_id = endpoint.id
                  AND delivery.lane = 'retry'
                  AND delivery.status = 'pending'
                  AND delivery.next_attempt_at <= $1
            ) AS has_retry
        FROM webhook_endpoint AS endpoint
        WHERE endpoint.status <> 'disabled'
    ) x
    WHERE has_first OR has_retry
    ORDER BY tenant_id, endpoint_id
";
const SELECT_WAITING_REPLAY: &str = r"
    SELECT replay.tenant_id, replay.endpoint_id
    FROM webhook_replay AS replay
    JOIN webhook_endpoint AS endpoint ON endpoint.tenant_id = replay.tenant_id
        AND endpoint.id = replay.endpoint_id AND endpoint.status <> 'disabled'
    WHERE replay.done_at IS NULL
      AND (replay.claimed_until IS NULL OR replay.claimed_until <= $1)
    LIMIT 1
";

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
            r"
    JOIN integration_client AS c ON c.tenant_id = e.tenant_id AND c.id = e.client_id
        AND c.revoked_at IS NULL
    JOIN event AS v ON v.tenant_id = d.tenant_id AND v.id = d.event_id
",
            event_joins!("e.source_system_id")
        )
    };
}
/// Claimable deliveries of an endpoint `e` in a lane, longest due first. An endpoint with ordering receives the next
/// delivery of a key only after the previous one was delivered or failed; a failing endpoint receives one delivery at a
/// time.
macro_rules! due_of_endpoint {
    () => {
        r"
    FROM webhook_delivery AS candidate
    WHERE candidate.tenant_id = e.tenant_id
      AND candidate.endpoint_id = e.id
      AND candidate.lane = $2
      AND candidate.status = 'pending'
      AND candidate.next_attempt_at <= $3
      AND (candidate.ordering_key IS NULL OR NOT EXISTS (
          SELECT 1
          FROM webhook_delivery AS earlier
          WHERE earlier.tenant_id = candidate.tenant_id
            AND earlier.endpoint_id = candidate.endpoint_id
            AND earlier.ordering_key = candidate.ordering_key
            AND earlier.sequence < candidate.sequence
            AND earlier.ordering_key IS NOT NULL
            AND earlier.status IN ('pending', 'in_flight')
      ))
      AND (e.status <> 'failing' OR NOT EXISTS (
          SELECT 1
          FROM webhook_delivery AS other
          WHERE other.tenant_id = e.tenant_id
            AND other.endpoint_id = e.id
            AND other.status = 'in_flight'
      ))
    ORDER BY candidate.next_attempt_at, candidate.id
    LIMIT $4
"
    };
}
/// PostgreSQL locks the rows of each endpoint in a lateral join, which SQLite does not have.
static SELECT_DUE: EngineSql = EngineSql::each(
    concat!(
        due_columns!("NULL"),
        r"
    FROM json_each($1) j
    JOIN webhook_endpoint AS e ON e.tenant_id = unhex(j.value->>'t') AND e.id = unhex(j.value->>'e')
        AND e.status <> 'disabled'
    JOIN webhook_delivery AS d ON d.tenant_id = e.tenant_id AND d.id IN (
    SELECT candidate.id
",
        due_of_endpoint!(),
        ") ",
        due_joins!(),
        "LIMIT $5"
    ),
    concat!(
        due_columns!("NULL::uuid"),
        r"
    FROM jsonb_to_recordset($1) AS j (t UUID, e UUID)
    JOIN webhook_endpoint AS e ON e.tenant_id = j.t AND e.id = j.e AND e.status <> 'disabled'
    JOIN LATERAL (
    SELECT candidate.*
",
        due_of_endpoint!(),
        " FOR UPDATE OF candidate SKIP LOCKED) d ON true ",
        due_joins!(),
        "LIMIT $5"
    ),
);
/// Locks failing endpoints, so that two workers never probe the same endpoint concurrently.
static LOCK_FAILING_ENDPOINTS: EngineSql = EngineSql::new(
    r"
    SELECT endpoint.tenant_id, endpoint.id AS endpoint_id
    FROM webhook_endpoint AS endpoint
    JOIN jsonb_to_recordset($1) AS j (t UUID, e UUID) ON endpoint.tenant_id = j.t AND endpoint.id = j.e
    WHERE endpoint.status = 'failing'
    FOR NO KEY UPDATE OF endpoint SKIP LOCKED
",
);

static SELECT_REPLAYS: EngineSql = EngineSql::new(concat!(
    due_columns!("q.id"),
    r"
    FROM (
    SELECT w.*
    FROM webhook_replay AS w
    WHERE w.done_at IS NULL
      AND (w.claimed_until IS NULL OR w.claimed_until <= $1)
      AND EXISTS (
          SELECT 1
          FROM webhook_endpoint AS z
          WHERE z.tenant_id = w.tenant_id
            AND z.id = w.endpoint_id
            AND z.status <> 'disabled'
      )
    ORDER BY w.requested_at, w.id
    LIMIT $2
    FOR UPDATE OF w SKIP LOCKED
    ) q
    JOIN webhook_delivery AS d ON d.tenant_id = q.tenant_id AND d.id = q.delivery_id
    JOIN webhook_endpoint AS e ON e.tenant_id = q.tenant_id AND e.id = q.endpoint_id
",
    due_joins!(),
    "ORDER BY q.requested_at, q.id"
));

static SELECT_SECRETS: EngineSql = EngineSql::new(
    r"
    SELECT secret.tenant_id, secret.endpoint_id, secret.id, secret.secret, secret.signing_key
    FROM jsonb_to_recordset($1) AS j (t UUID, e UUID)
    JOIN webhook_secret AS secret ON secret.tenant_id = j.t AND secret.endpoint_id = j.e
    WHERE secret.expires_at IS NULL OR secret.expires_at > $2
    ORDER BY secret.created_at DESC, secret.id DESC
",
);

/// The status is an expression, so that PostgreSQL does not begin with the index of all pending deliveries.
static CLAIM: EngineSql = EngineSql::new(
    r"
    UPDATE webhook_delivery
    SET status = 'in_flight',
        claim = $1,
        claimed_until = $2,
        body = COALESCE(input.body, webhook_delivery.body),
        body_options = COALESCE(input.options, webhook_delivery.body_options)
    FROM jsonb_to_recordset($3) AS input (t UUID, d UUID, body TEXT, options JSONB)
    WHERE webhook_delivery.tenant_id = input.t
      AND webhook_delivery.id = input.d
      AND webhook_delivery.status || '' = 'pending'
    RETURNING webhook_delivery.id
",
);
static CLAIM_REPLAYS: EngineSql = EngineSql::new(
    r"
    UPDATE webhook_replay
    SET claim = $1,
        claimed_until = $2
    FROM jsonb_to_recordset($3) AS input (t UUID, r UUID)
    WHERE webhook_replay.tenant_id = input.t
      AND webhook_replay.id = input.r
",
);
/// Stores the new or reduced body of a delivery that is sent by a replay.
static UPDATE_BODIES: EngineSql = EngineSql::new(
    r"
    UPDATE webhook_delivery
    SET body = input.body,
        body_options = input.options
    FROM jsonb_to_recordset($1) AS input (t UUID, d UUID, body TEXT, options JSONB)
    WHERE webhook_delivery.tenant_id = input.t
      AND webhook_delivery.id = input.d
      AND input.body IS NOT NULL
",
);

/// Encodes endpoint keys as JSON rows that both database engines can join.
pub(crate) fn places(places: &[EndpointKey]) -> Json<Vec<serde_json::Value>> {
    Json(
        places
            .iter()
            .map(|place| json!({ "t": hex(place.tenant_id), "e": hex(place.endpoint_id) }))
            .collect(),
    )
}

impl<P> SystemTx<'_, P> {
    /// Returns endpoints with due deliveries, without locking them.
    pub(crate) async fn due_endpoints(&mut self) -> Result<Vec<DueEndpoint>, StoreError> {
        self.tx
            .fetch_all::<DueEndpoint>(SELECT_DUE_ENDPOINTS, (self.now,))
            .await
    }

    /// Returns whether a replay is waiting to be claimed.
    pub(crate) async fn is_replay_waiting(&mut self) -> Result<bool, StoreError> {
        Ok(self
            .tx
            .fetch_optional::<EndpointKey>(SELECT_WAITING_REPLAY, (self.now,))
            .await?
            .is_some())
    }
}

impl SystemTx<'_, WebhookQueue> {
    /// Returns claimable deliveries of the endpoints: at most `per_endpoint` of each and `limit` in total.
    pub(crate) async fn due_deliveries(
        &mut self,
        endpoints: &[EndpointKey],
        lane: DeliveryQueue,
        per_endpoint: i64,
        limit: i64,
    ) -> Result<Vec<DueDelivery>, StoreError> {
        let sql = &SELECT_DUE;
        self.tx
            .fetch_all::<DueDelivery>(sql, (places(endpoints), lane.name(), self.now, per_endpoint, limit))
            .await
    }

    /// Locks failing endpoints and returns those that no other worker is probing.
    pub(crate) async fn lock_failing(&mut self, endpoints: Vec<EndpointKey>) -> Result<Vec<EndpointKey>, StoreError> {
        self.tx
            .fetch_all::<EndpointKey>(&LOCK_FAILING_ENDPOINTS, (places(&endpoints),))
            .await
    }

    /// Returns waiting replays, oldest first.
    pub(crate) async fn due_replays(&mut self, limit: i64) -> Result<Vec<DueDelivery>, StoreError> {
        let sql = &SELECT_REPLAYS;
        self.tx.fetch_all::<DueDelivery>(sql, (self.now, limit)).await
    }

    /// Returns the valid secrets of the endpoints, newest first.
    pub(crate) async fn signing_secrets(
        &mut self,
        endpoints: &[EndpointKey],
    ) -> Result<Vec<SigningSecret>, StoreError> {
        let sql = &SELECT_SECRETS;
        self.tx
            .fetch_all::<SigningSecret>(sql, (places(endpoints), self.now))
            .await
    }

    /// Claims deliveries and stores their rendered bodies, so that every attempt sends the same bytes. Returns the ids
    /// of the claimed deliveries and replays.
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
        let (replays, scheduled): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row["r"].is_string());
        let mut claimed = Vec::new();
        if !scheduled.is_empty() {
            let sql = &CLAIM;
            let rows: Vec<(Uuid,)> = self
                .tx
                .fetch_all::<(Uuid,)>(sql, (claim, until, Json(&scheduled)))
                .await?;
            claimed.extend(rows.into_iter().map(|(id,)| id));
        }
        if !replays.is_empty() {
            let sql = &CLAIM_REPLAYS;
            self.tx.execute(sql, (claim, until, Json(&replays))).await?;
            let sql = &UPDATE_BODIES;
            self.tx.execute(sql, (Json(&replays),)).await?;
            claimed.extend(claims.iter().filter_map(|one| one.delivery.replay_id));
        }
        Ok(claimed)
    }
}
