//! Webhook endpoints, their secrets and recoveries, as clients and staff handle them.

use chrono::{DateTime, Utc};
use domain::ids::{ClientId, DeliveryId, Id, RecoveryId, ReplayId, SourceSystemId, WebhookEndpointId, WebhookSecretId};
use domain::webhooks::{DisabledReason, EndpointStatus, Health, Ordering};
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::TenantTx;
use crate::db::{StoreError, all, maybe, one, run};
use crate::identity::actors::Operator;
use crate::webhooks::model::{EndpointLine, RecoveryLine};

/// An endpoint to make.
pub(crate) struct NewEndpoint<'a> {
    pub id: WebhookEndpointId,
    pub client: ClientId,
    pub source_system: SourceSystemId,
    pub url: &'a str,
    pub description: Option<&'a str>,
    pub event_types: &'a [String],
    pub data_options: &'a [String],
    pub ordering: Ordering,
}

/// A secret to keep, encrypted.
pub(crate) struct NewWebhookSecret<'a> {
    pub id: WebhookSecretId,
    pub endpoint: WebhookEndpointId,
    pub secret: &'a [u8],
    pub signing_key: Option<&'a [u8]>,
    pub public_key: Option<&'a str>,
}

/// Which deliveries of an endpoint are meant: those made in a time range, from and until.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Range {
    pub since: DateTime<Utc>,
    pub until: DateTime<Utc>,
}

const INSERT: &str = "INSERT INTO webhook_endpoint (tenant_id, id, client_id, source_system_id, url, description, event_types, data_options, ordering, api_version, status, failures_in_a_row, failed_deliveries, created_at, updated_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'active', 0, 0, $11, $11)";
const UPDATE: &str = "UPDATE webhook_endpoint SET url = $3, description = $4, event_types = $5, data_options = $6, ordering = $7, updated_at = $8 WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL";
const COUNT: &str =
    "SELECT count(*) FROM webhook_endpoint WHERE tenant_id = $1 AND client_id = $2 AND deleted_at IS NULL";
const ENDPOINTS: &str = "SELECT e.id, e.client_id, e.source_system_id, e.url, e.description, e.event_types, e.data_options, e.ordering, e.api_version, e.status, e.failures_in_a_row, e.failed_deliveries, e.first_failure_at, \
    e.last_success_at, e.disabled_at, e.disabled_reason, e.created_at, e.updated_at, s.key AS source_key, c.name AS client_name, c.scopes AS client_scopes, (c.revoked_at IS NOT NULL) AS is_client_revoked, \
    (SELECT x.public_key FROM webhook_secret x WHERE x.tenant_id = e.tenant_id AND x.endpoint_id = e.id AND x.expires_at IS NULL) AS public_key, \
    (SELECT max(x.expires_at) FROM webhook_secret x WHERE x.tenant_id = e.tenant_id AND x.endpoint_id = e.id AND x.expires_at > $4) AS rotating_until \
    FROM webhook_endpoint e JOIN source_system s ON s.tenant_id = e.tenant_id AND s.id = e.source_system_id \
    JOIN integration_client c ON c.tenant_id = e.tenant_id AND c.id = e.client_id \
    WHERE e.tenant_id = $1 AND e.deleted_at IS NULL AND ($2 IS NULL OR e.client_id = $2) AND ($3 IS NULL OR e.id = $3) ORDER BY e.created_at, e.id LIMIT 500";
const SET_STATUS: &str = "UPDATE webhook_endpoint SET status = $3, failures_in_a_row = $4, failed_deliveries = $5, first_failure_at = $6, disabled_at = $7, disabled_reason = $8, updated_at = $9 \
    WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL AND status = $10";
const HOLD: &str =
    "UPDATE webhook_delivery SET status = 'held' WHERE tenant_id = $1 AND endpoint_id = $2 AND status = 'pending'";
const DELETE: &str = "UPDATE webhook_endpoint SET status = 'disabled', disabled_reason = 'person', disabled_at = $3, deleted_at = $3, updated_at = $3 WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL";
const DELETE_SECRETS: &str = "DELETE FROM webhook_secret WHERE tenant_id = $1 AND endpoint_id = $2";
const INSERT_SECRET: &str = "INSERT INTO webhook_secret (tenant_id, id, endpoint_id, secret, signing_key, public_key, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
const END_SECRETS: &str = "UPDATE webhook_secret SET expires_at = $3 WHERE tenant_id = $1 AND endpoint_id = $2 AND (expires_at IS NULL OR expires_at > $3)";
const DELETE_ENDED: &str = "DELETE FROM webhook_secret WHERE tenant_id = $1 AND endpoint_id = $2 AND expires_at <= $3";
const COUNT_SECRETS: &str = "SELECT count(*) FROM webhook_secret WHERE tenant_id = $1 AND endpoint_id = $2 AND (expires_at IS NULL OR expires_at > $3)";
const INSERT_RECOVERY: &str = "INSERT INTO webhook_recovery (tenant_id, id, endpoint_id, since, until, deliveries, requested_by, created_at) VALUES ($1, $2, $3, $4, $5, 0, $6, $7)";
const RECOVER: &str = "UPDATE webhook_delivery SET status = 'pending', lane = 'retry', attempts = 0, next_attempt_at = $5, recovery_id = $6 \
    WHERE tenant_id = $1 AND endpoint_id = $2 AND status IN ('held', 'failed') AND created_at >= $3 AND created_at < $4";
const COUNT_RECOVERY: &str = "UPDATE webhook_recovery SET deliveries = $3 WHERE tenant_id = $1 AND id = $2";
const RECOVERIES: &str = "SELECT r.id, r.since, r.until, r.deliveries, r.requested_by, r.created_at, \
    (SELECT count(*) FROM webhook_delivery d WHERE d.tenant_id = r.tenant_id AND d.recovery_id = r.id AND d.status = 'delivered') AS delivered, \
    (SELECT count(*) FROM webhook_delivery d WHERE d.tenant_id = r.tenant_id AND d.recovery_id = r.id AND d.status IN ('pending', 'in_flight')) AS waiting \
    FROM webhook_recovery r WHERE r.tenant_id = $1 AND r.endpoint_id = $2 ORDER BY r.created_at DESC, r.id DESC LIMIT 10";
const REPLAY: &str = "INSERT INTO webhook_replay (tenant_id, id, delivery_id, endpoint_id, requested_by, requested_at) VALUES ($1, $2, $3, $4, $5, $6)";
const DELIVERIES_IN: &str = "SELECT d.id FROM webhook_delivery d WHERE d.tenant_id = $1 AND d.endpoint_id = $2 AND d.created_at >= $3 AND d.created_at < $4 ORDER BY d.created_at, d.id LIMIT $5";
const REPLAY_SQLITE: &str = "INSERT INTO webhook_replay (tenant_id, id, delivery_id, endpoint_id, requested_by, requested_at) \
    SELECT $1, unhex(value->>'id'), unhex(value->>'delivery_id'), $2, $3, $4 FROM json_each($5)";
const REPLAY_POSTGRES: &str = "INSERT INTO webhook_replay (tenant_id, id, delivery_id, endpoint_id, requested_by, requested_at) \
    SELECT $1, x.id, x.delivery_id, $2, $3, $4 FROM jsonb_to_recordset($5) AS x (id UUID, delivery_id UUID)";

impl<A: Operator> TenantTx<'_, A> {
    pub(crate) async fn endpoints(
        &mut self,
        client: Option<ClientId>,
        id: Option<WebhookEndpointId>,
    ) -> Result<Vec<EndpointLine>, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        all!(
            &mut self.tx,
            EndpointLine,
            ENDPOINTS,
            tenant,
            client.map(Id::uuid),
            id.map(Id::uuid),
            now
        )
    }

    pub(crate) async fn count_endpoints(&mut self, client: ClientId) -> Result<i64, StoreError> {
        let tenant = self.tenant();
        let (count,) = one!(&mut self.tx, (i64,), COUNT, tenant, client.uuid())?;
        Ok(count)
    }

    pub(crate) async fn insert_endpoint(&mut self, new: &NewEndpoint<'_>) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        run!(
            &mut self.tx,
            INSERT,
            tenant,
            new.id.uuid(),
            new.client.uuid(),
            new.source_system.uuid(),
            new.url,
            new.description,
            Json(new.event_types),
            Json(new.data_options),
            new.ordering.name(),
            domain::webhooks::API_VERSION,
            now
        )?;
        Ok(())
    }

    pub(crate) async fn update_endpoint(&mut self, new: &NewEndpoint<'_>) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        run!(
            &mut self.tx,
            UPDATE,
            tenant,
            new.id.uuid(),
            new.url,
            new.description,
            Json(new.event_types),
            Json(new.data_options),
            new.ordering.name(),
            now
        )
        .map(drop)
    }

    /// Enables or disables; false if it was no longer in the state in which it was read. What waits for a disabled
    /// endpoint is held.
    pub(crate) async fn set_endpoint_status(
        &mut self,
        id: WebhookEndpointId,
        from: EndpointStatus,
        to: EndpointStatus,
        reason: Option<DisabledReason>,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let health = Health::fresh();
        let disabled_at = (to == EndpointStatus::Disabled).then_some(now);
        let written = run!(
            &mut self.tx,
            SET_STATUS,
            tenant,
            id.uuid(),
            domain::lifecycle::Lifecycle::name(to),
            health.failures_in_a_row,
            health.failed_deliveries,
            health.first_failure_at,
            disabled_at,
            reason.map(DisabledReason::name),
            now,
            domain::lifecycle::Lifecycle::name(from)
        )?;
        if written == 1 && to == EndpointStatus::Disabled {
            run!(&mut self.tx, HOLD, tenant, id.uuid())?;
        }
        Ok(written == 1)
    }

    /// Ends an endpoint: nothing is sent any more, and its secrets are gone.
    pub(crate) async fn delete_endpoint(&mut self, id: WebhookEndpointId) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let written = run!(&mut self.tx, DELETE, tenant, id.uuid(), now)?;
        run!(&mut self.tx, HOLD, tenant, id.uuid())?;
        run!(&mut self.tx, DELETE_SECRETS, tenant, id.uuid())?;
        Ok(written == 1)
    }

    pub(crate) async fn insert_webhook_secret(&mut self, new: &NewWebhookSecret<'_>) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        run!(
            &mut self.tx,
            INSERT_SECRET,
            tenant,
            new.id.uuid(),
            new.endpoint.uuid(),
            new.secret,
            new.signing_key,
            new.public_key,
            now
        )
        .map(drop)
    }

    /// Lets the secrets so far sign until a moment and no longer; those whose time is over are removed.
    pub(crate) async fn end_webhook_secrets(
        &mut self,
        endpoint: WebhookEndpointId,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        run!(&mut self.tx, END_SECRETS, tenant, endpoint.uuid(), at)?;
        run!(&mut self.tx, DELETE_ENDED, tenant, endpoint.uuid(), now).map(drop)
    }

    pub(crate) async fn count_webhook_secrets(&mut self, endpoint: WebhookEndpointId) -> Result<i64, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let (count,) = one!(&mut self.tx, (i64,), COUNT_SECRETS, tenant, endpoint.uuid(), now)?;
        Ok(count)
    }

    /// Makes held and failed deliveries due again, from the first attempt on; the answer is how many.
    pub(crate) async fn recover_deliveries(
        &mut self,
        endpoint: WebhookEndpointId,
        range: Range,
    ) -> Result<(RecoveryId, i64), StoreError> {
        let (tenant, now, id) = (self.tenant(), self.now, self.new_id::<domain::ids::RecoveryKind>());
        let label = self.actor.label();
        run!(
            &mut self.tx,
            INSERT_RECOVERY,
            tenant,
            id.uuid(),
            endpoint.uuid(),
            range.since,
            range.until,
            label,
            now
        )?;
        let count = run!(
            &mut self.tx,
            RECOVER,
            tenant,
            endpoint.uuid(),
            range.since,
            range.until,
            now,
            id.uuid()
        )?;
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        run!(&mut self.tx, COUNT_RECOVERY, tenant, id.uuid(), count)?;
        Ok((id, count))
    }

    pub(crate) async fn recoveries_of(&mut self, endpoint: WebhookEndpointId) -> Result<Vec<RecoveryLine>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, RecoveryLine, RECOVERIES, tenant, endpoint.uuid())
    }

    /// Asks for one more attempt.
    pub(crate) async fn insert_replay(
        &mut self,
        delivery: DeliveryId,
        endpoint: WebhookEndpointId,
    ) -> Result<ReplayId, StoreError> {
        let (tenant, now, id) = (self.tenant(), self.now, self.new_id::<domain::ids::ReplayKind>());
        let label = self.actor.label();
        run!(
            &mut self.tx,
            REPLAY,
            tenant,
            id.uuid(),
            delivery.uuid(),
            endpoint.uuid(),
            label,
            now
        )?;
        Ok(id)
    }

    /// Asks for one more attempt of every delivery in a range, at most so many; the answer is how many there were.
    pub(crate) async fn insert_replays(
        &mut self,
        endpoint: WebhookEndpointId,
        range: Range,
        most: i64,
    ) -> Result<usize, StoreError> {
        let (tenant, now, label) = (self.tenant(), self.now, self.actor.label());
        let found: Vec<(Uuid,)> = all!(
            &mut self.tx,
            (Uuid,),
            DELIVERIES_IN,
            tenant,
            endpoint.uuid(),
            range.since,
            range.until,
            most
        )?;
        let rows: Vec<_> = found
            .iter()
            .map(|(delivery,)| {
                let id: ReplayId = Id::from_uuid(self.store.randomness.uuid_v7(now));
                serde_json::json!({ "id": crate::db::bulk::hex_id(id), "delivery_id": crate::db::bulk::hex(*delivery) })
            })
            .collect();
        if !rows.is_empty() {
            let sql = self.tx.dialect(REPLAY_SQLITE, REPLAY_POSTGRES);
            run!(&mut self.tx, sql, tenant, endpoint.uuid(), label, now, Json(&rows))?;
        }
        Ok(rows.len())
    }

    /// Tells workers in other processes, at commit, that there is something to do.
    pub(crate) async fn wake_workers(&mut self) -> Result<(), StoreError> {
        crate::events::wake(&mut self.tx, self.store).await
    }

    pub(crate) async fn endpoint(
        &mut self,
        client: Option<ClientId>,
        id: WebhookEndpointId,
    ) -> Result<Option<EndpointLine>, StoreError> {
        Ok(self.endpoints(client, Some(id)).await?.pop())
    }

    /// The client whose endpoint is to be made: its source system and scopes, unless it was revoked.
    pub(crate) async fn client_of_endpoint(
        &mut self,
        id: ClientId,
    ) -> Result<Option<(SourceSystemId, Vec<String>)>, StoreError> {
        const CLIENT: &str = "SELECT source_system_id, scopes FROM integration_client WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL";
        let tenant = self.tenant();
        let row: Option<(Uuid, Json<Vec<String>>)> =
            maybe!(&mut self.tx, (Uuid, Json<Vec<String>>), CLIENT, tenant, id.uuid())?;
        Ok(row.map(|(source, scopes)| (Id::from_uuid(source), scopes.0)))
    }
}
