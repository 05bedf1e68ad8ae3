//! Source systems, integration clients, keys and webhook endpoints.

use chrono::{DateTime, Utc};
use domain::ids::{ClientId, ClientKind, Id, SourceSystemId, SourceSystemKind, WebhookEndpointId};
use domain::mapping::{DuplicateNamePolicy, ProblemPolicy};
use domain::scopes::Scope;
use sqlx::types::Json;
use uuid::Uuid;

use super::Key;
use super::engine::{StoreError, all, maybe, one, run};
use super::transaction::{SystemTx, TenantTx};
use super::views::{ClientLine, EndpointLine};
use crate::actors::{Actor as _, ApiClient, Operator, Staff, TenantId};

/// A key with its client.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct ClientIdentity {
    pub tenant_id: Uuid,
    pub client_id: Key<ClientKind>,
    pub source_system_id: Key<SourceSystemKind>,
    pub source_key: String,
    pub scopes: Json<Vec<String>>,
    pub secret_hash: Vec<u8>,
    pub expires_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub client_revoked_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
}

/// A source system to make.
pub(crate) struct NewSourceSystem<'a> {
    pub key: &'a str,
    pub auto_create: bool,
    pub auto_update: bool,
    pub problem_policy: ProblemPolicy,
    pub duplicate_names: DuplicateNamePolicy,
}

/// A client to make.
pub(crate) struct NewClient<'a> {
    pub name: &'a str,
    pub source_system: SourceSystemId,
    pub scopes: &'a [Scope],
    pub key_public_id: &'a str,
    pub key_secret_hash: &'a [u8],
}

/// An endpoint to make.
pub(crate) struct NewEndpoint<'a> {
    pub id: WebhookEndpointId,
    pub client: ClientId,
    pub source_system: SourceSystemId,
    pub url: &'a str,
    pub description: Option<&'a str>,
    pub event_types: &'a [String],
    pub data_options: &'a [String],
    pub secret: &'a [u8],
}

/// The settings of a source system.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct SourceSettings {
    pub create_customers: bool,
    pub create_locations: bool,
    pub create_contacts: bool,
    pub auto_update: bool,
    pub customer_required: bool,
    #[sqlx(try_from = "String")]
    pub problem_policy: ProblemPolicy,
    #[sqlx(try_from = "String")]
    pub duplicate_names: DuplicateNamePolicy,
    pub zone: String,
}

const KEY: &str = "SELECT k.tenant_id, k.client_id, c.source_system_id, s.key AS source_key, c.scopes, k.secret_hash, k.expires_at, k.revoked_at, \
    c.revoked_at AS client_revoked_at, k.last_used_at \
    FROM api_key k JOIN integration_client c ON c.tenant_id = k.tenant_id AND c.id = k.client_id \
    JOIN source_system s ON s.tenant_id = c.tenant_id AND s.id = c.source_system_id WHERE k.public_id = $1";
const USED: &str = "UPDATE api_key SET last_used_at = $2 WHERE public_id = $1";
const INSERT_SOURCE: &str = "INSERT INTO source_system (tenant_id, id, key, create_customers, create_locations, create_contacts, auto_update, customer_required, problem_policy, duplicate_names, created_at) \
    VALUES ($1, $2, $3, $4, $4, $4, $5, $6, $7, $8, $9)";
const INSERT_CLIENT: &str = "INSERT INTO integration_client (tenant_id, id, name, source_system_id, scopes, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
const INSERT_KEY: &str =
    "INSERT INTO api_key (tenant_id, public_id, client_id, secret_hash, created_at) VALUES ($1, $2, $3, $4, $5)";
const SETTINGS: &str = "SELECT s.create_customers, s.create_locations, s.create_contacts, s.auto_update, s.customer_required, s.problem_policy, s.duplicate_names, t.zone \
    FROM source_system s JOIN tenant t ON t.id = s.tenant_id WHERE s.tenant_id = $1 AND s.id = $2";
const GATES: &str = "SELECT gate FROM feature_gate WHERE tenant_id = $1 AND enabled";
const CLIENTS: &str = "SELECT c.id, c.name, s.key AS source_key, c.scopes, c.created_at, c.revoked_at, \
    (SELECT max(k.last_used_at) FROM api_key k WHERE k.tenant_id = c.tenant_id AND k.client_id = c.id) AS last_used_at \
    FROM integration_client c JOIN source_system s ON s.tenant_id = c.tenant_id AND s.id = c.source_system_id WHERE c.tenant_id = $1 ORDER BY c.name LIMIT 200";
const INSERT_ENDPOINT: &str = "INSERT INTO webhook_endpoint (tenant_id, id, client_id, source_system_id, url, description, event_types, data_options, secret, status, failures_in_a_row, created_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'active', 0, $10)";
const ENDPOINTS: &str = "SELECT e.id, e.url, e.description, e.event_types, e.data_options, e.status, e.created_at, s.key AS source_key, c.name AS client_name \
    FROM webhook_endpoint e JOIN source_system s ON s.tenant_id = e.tenant_id AND s.id = e.source_system_id \
    JOIN integration_client c ON c.tenant_id = e.tenant_id AND c.id = e.client_id \
    WHERE e.tenant_id = $1 AND ($2 IS NULL OR e.client_id = $2) AND ($3 IS NULL OR e.id = $3) ORDER BY e.created_at, e.id LIMIT 200";

impl SystemTx<'_> {
    pub(crate) async fn client_by_key(&mut self, public_id: &str) -> Result<Option<ClientIdentity>, StoreError> {
        maybe!(&mut self.tx, ClientIdentity, KEY, public_id)
    }

    pub(crate) async fn key_used(&mut self, public_id: &str) -> Result<(), StoreError> {
        run!(&mut self.tx, USED, public_id, self.now).map(drop)
    }

    pub(crate) async fn insert_source_system(
        &mut self,
        tenant: TenantId,
        new: &NewSourceSystem<'_>,
    ) -> Result<SourceSystemId, StoreError> {
        let id: SourceSystemId = Id::from_uuid(self.store.randomness.uuid_v7(self.now));
        run!(
            &mut self.tx,
            INSERT_SOURCE,
            tenant.uuid(),
            id.uuid(),
            new.key,
            new.auto_create,
            new.auto_update,
            false,
            new.problem_policy.name(),
            new.duplicate_names.name(),
            self.now
        )?;
        Ok(id)
    }

    pub(crate) async fn insert_client(
        &mut self,
        tenant: TenantId,
        new: &NewClient<'_>,
    ) -> Result<ClientId, StoreError> {
        let id: ClientId = Id::from_uuid(self.store.randomness.uuid_v7(self.now));
        run!(
            &mut self.tx,
            INSERT_CLIENT,
            tenant.uuid(),
            id.uuid(),
            new.name,
            new.source_system.uuid(),
            Json(new.scopes),
            self.now
        )?;
        run!(
            &mut self.tx,
            INSERT_KEY,
            tenant.uuid(),
            new.key_public_id,
            id.uuid(),
            new.key_secret_hash,
            self.now
        )?;
        Ok(id)
    }
}

impl<A: Operator> TenantTx<'_, A> {
    pub(crate) async fn endpoints(
        &mut self,
        client: Option<ClientId>,
        id: Option<WebhookEndpointId>,
    ) -> Result<Vec<EndpointLine>, StoreError> {
        let tenant = self.tenant();
        all!(
            &mut self.tx,
            EndpointLine,
            ENDPOINTS,
            tenant,
            client.map(Id::uuid),
            id.map(Id::uuid)
        )
    }

    pub(crate) async fn insert_endpoint(&mut self, new: &NewEndpoint<'_>) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        run!(
            &mut self.tx,
            INSERT_ENDPOINT,
            tenant,
            new.id.uuid(),
            new.client.uuid(),
            new.source_system.uuid(),
            new.url,
            new.description,
            Json(new.event_types),
            Json(new.data_options),
            new.secret,
            now
        )?;
        Ok(())
    }
}

impl TenantTx<'_, Staff> {
    pub(crate) async fn clients(&mut self) -> Result<Vec<ClientLine>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, ClientLine, CLIENTS, tenant)
    }
}

impl TenantTx<'_, ApiClient> {
    pub(crate) async fn source_settings(&mut self) -> Result<SourceSettings, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system.uuid());
        one!(&mut self.tx, SourceSettings, SETTINGS, tenant, source)
    }

    pub(crate) async fn open_gates(&mut self) -> Result<Vec<String>, StoreError> {
        let tenant = self.tenant();
        let rows: Vec<(String,)> = all!(&mut self.tx, (String,), GATES, tenant)?;
        Ok(rows.into_iter().map(|(gate,)| gate).collect())
    }
}
