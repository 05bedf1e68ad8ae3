//! Source systems, integration clients and their credentials, and the sandbox tenant of test keys.

use chrono::{DateTime, Utc};
use domain::feature_gates::FeatureGate;
use domain::ids::{ClientId, ClientKind, SourceSystemId, SourceSystemKind};
use domain::mapping::{DuplicateNamePolicy, ProblemPolicy};
use domain::scopes::Scope;
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::Key;
use crate::db::{CrossTenantTx, SystemTx, TenantTx};
use crate::db::{Engine, StoreError, Tx, all, maybe, one, run};
use crate::identity::actors::{Actor as _, Administrator, ApiClient, Partner, Staff, TenantId};
use crate::integrations::model::{ClientLine, CredentialLine, SourceLine, UsageLine};

/// An API key or access token with its client.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct ClientIdentity {
    pub tenant_id: Uuid,
    /// The sandbox tenant, if there is one.
    pub twin_id: Option<Uuid>,
    pub is_test: bool,
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

/// An OAuth secret with the scopes of its client.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct SecretIdentity {
    pub tenant_id: Uuid,
    pub secret_id: Uuid,
    pub secret_hash: Vec<u8>,
    pub scopes: Json<Vec<String>>,
}

/// The editable settings of a source system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceForm {
    /// Imports may create customers.
    pub create_customers: bool,
    /// Imports may create locations.
    pub create_locations: bool,
    /// Imports may create contacts.
    pub create_contacts: bool,
    /// Imports may update what they map.
    pub auto_update: bool,
    /// An import without a customer fails.
    pub customer_required: bool,
    /// What happens to a target whose customer is not resolved.
    pub problem_policy: ProblemPolicy,
    /// What happens when a customer of the same name exists.
    pub duplicate_names: DuplicateNamePolicy,
}

/// The settings of a source system and the time zone of its tenant, read for a job.
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

const SELECT_KEY_IDENTITY: &str = r"
    SELECT
        api_key.tenant_id, sandbox.id AS twin_id, api_key.is_test, api_key.client_id,
        client.source_system_id, source.key AS source_key, client.scopes, api_key.secret_hash,
        api_key.expires_at, api_key.revoked_at, client.revoked_at AS client_revoked_at, api_key.last_used_at
    FROM api_key
    JOIN integration_client AS client ON client.tenant_id = api_key.tenant_id
        AND client.id = api_key.client_id
    JOIN source_system AS source ON source.tenant_id = client.tenant_id
        AND source.id = client.source_system_id
    LEFT JOIN tenant AS sandbox ON sandbox.live_tenant_id = api_key.tenant_id
    WHERE api_key.public_id = $1
";
const SELECT_TOKEN_IDENTITY_SQLITE: &str = r"
    SELECT
        token.tenant_id, NULL AS twin_id, $2 AS is_test, token.client_id, client.source_system_id,
        source.key AS source_key, token.scopes, token.token_hash AS secret_hash, token.expires_at,
        NULL AS revoked_at, client.revoked_at AS client_revoked_at, token.created_at AS last_used_at
    FROM access_token AS token
    JOIN integration_client AS client ON client.tenant_id = token.tenant_id AND client.id = token.client_id
    JOIN source_system AS source ON source.tenant_id = client.tenant_id
        AND source.id = client.source_system_id
    WHERE token.token_hash = $1
";
const SELECT_TOKEN_IDENTITY_POSTGRES: &str = r"
    SELECT
        token.tenant_id, NULL::UUID AS twin_id, $2 AS is_test, token.client_id, client.source_system_id,
        source.key AS source_key, token.scopes, token.token_hash AS secret_hash, token.expires_at,
        NULL::TIMESTAMPTZ AS revoked_at, client.revoked_at AS client_revoked_at,
        token.created_at AS last_used_at
    FROM access_token AS token
    JOIN integration_client AS client ON client.tenant_id = token.tenant_id AND client.id = token.client_id
    JOIN source_system AS source ON source.tenant_id = client.tenant_id
        AND source.id = client.source_system_id
    WHERE token.token_hash = $1
";
const UPDATE_KEY_LAST_USED: &str = "UPDATE api_key SET last_used_at = $2 WHERE public_id = $1";
const SELECT_SECRETS_OF_CLIENT: &str = r"
    SELECT secret.tenant_id, secret.id AS secret_id, secret.secret_hash, client.scopes
    FROM client_secret AS secret
    JOIN integration_client AS client ON client.tenant_id = secret.tenant_id
        AND client.id = secret.client_id
    WHERE secret.client_id = $1
      AND secret.revoked_at IS NULL
      AND client.revoked_at IS NULL
    ORDER BY secret.created_at
    LIMIT 4
";
const LOCK_SECRET_AND_CLIENT_SQLITE: &str = r"
    SELECT client.scopes
    FROM integration_client AS client
    JOIN client_secret AS secret ON secret.tenant_id = client.tenant_id AND secret.client_id = client.id
    WHERE client.tenant_id = $1
      AND client.id = $2
      AND secret.id = $3
      AND secret.revoked_at IS NULL
      AND client.revoked_at IS NULL
";
const LOCK_SECRET_AND_CLIENT_POSTGRES: &str = r"
    SELECT client.scopes
    FROM integration_client AS client
    JOIN client_secret AS secret ON secret.tenant_id = client.tenant_id AND secret.client_id = client.id
    WHERE client.tenant_id = $1
      AND client.id = $2
      AND secret.id = $3
      AND secret.revoked_at IS NULL
      AND client.revoked_at IS NULL
    FOR UPDATE OF client, secret
";
const UPDATE_SECRET_LAST_USED: &str = "UPDATE client_secret SET last_used_at = $3 WHERE tenant_id = $1 AND id = $2";
const INSERT_TOKEN: &str = r"
    INSERT INTO access_token (token_hash, tenant_id, client_id, scopes, created_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6)
";
const DELETE_TOKEN: &str = "DELETE FROM access_token WHERE token_hash = $1 AND client_id = $2";
const DELETE_EXPIRED_TOKENS: &str = "DELETE FROM access_token WHERE expires_at <= $1";
const INSERT_SOURCE: &str = r"
    INSERT INTO source_system (
        tenant_id, id, key, create_customers, create_locations, create_contacts, auto_update,
        customer_required, problem_policy, duplicate_names, created_at
    )
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
";
const UPDATE_SOURCE: &str = r"
    UPDATE source_system
    SET
        create_customers = $3, create_locations = $4, create_contacts = $5, auto_update = $6,
        customer_required = $7, problem_policy = $8, duplicate_names = $9
    WHERE tenant_id = $1
      AND id = $2
";
const INSERT_CLIENT: &str = r"
    INSERT INTO integration_client (tenant_id, id, name, source_system_id, scopes, created_at)
    VALUES ($1, $2, $3, $4, $5, $6)
";
const INSERT_KEY: &str = r"
    INSERT INTO api_key (tenant_id, public_id, client_id, is_test, secret_hash, created_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
";
const INSERT_SECRET: &str = r"
    INSERT INTO client_secret (tenant_id, id, client_id, secret_hash, created_at)
    VALUES ($1, $2, $3, $4, $5)
";
const REVOKE_KEY: &str = r"
    UPDATE api_key
    SET revoked_at = $3
    WHERE tenant_id = $1
      AND public_id = $2
      AND client_id = $4
      AND revoked_at IS NULL
";
const REVOKE_SECRET: &str = r"
    UPDATE client_secret
    SET revoked_at = $3
    WHERE tenant_id = $1
      AND id = $2
      AND client_id = $4
      AND revoked_at IS NULL
";
const DELETE_TOKENS_OF_CLIENT: &str = "DELETE FROM access_token WHERE tenant_id = $1 AND client_id = $2";
const REVOKE_CLIENT: &str = r"
    UPDATE integration_client
    SET revoked_at = $3
    WHERE tenant_id = $1
      AND id = $2
      AND revoked_at IS NULL
";
const UPDATE_SCOPES: &str = "UPDATE integration_client SET scopes = $3 WHERE tenant_id = $1 AND id = $2";
const SELECT_SOURCE_SETTINGS: &str = r"
    SELECT
        source.create_customers, source.create_locations, source.create_contacts, source.auto_update,
        source.customer_required, source.problem_policy, source.duplicate_names, tenant.zone
    FROM source_system AS source
    JOIN tenant ON tenant.id = source.tenant_id
    WHERE source.tenant_id = $1
      AND source.id = $2
";
const SELECT_SOURCES: &str = r"
    SELECT
        source.id, source.key, source.create_customers, source.create_locations, source.create_contacts,
        source.auto_update, source.customer_required, source.problem_policy, source.duplicate_names,
        (
            SELECT count(*)
            FROM integration_client AS client
            WHERE client.tenant_id = source.tenant_id
              AND client.source_system_id = source.id
              AND client.revoked_at IS NULL
        ) AS clients
    FROM source_system AS source
    WHERE source.tenant_id = $1
    ORDER BY source.key
    LIMIT 200
";
const SELECT_SOURCE: &str = r"
    SELECT
        source.id, source.key, source.create_customers, source.create_locations, source.create_contacts,
        source.auto_update, source.customer_required, source.problem_policy, source.duplicate_names,
        (
            SELECT count(*)
            FROM integration_client AS client
            WHERE client.tenant_id = source.tenant_id
              AND client.source_system_id = source.id
              AND client.revoked_at IS NULL
        ) AS clients
    FROM source_system AS source
    WHERE source.tenant_id = $1
      AND source.id = $2
";
const SELECT_ENABLED_GATES: &str = r"
    SELECT gate
    FROM feature_gate
    WHERE tenant_id = $1
      AND enabled
";
const UPSERT_GATE: &str = r"
    INSERT INTO feature_gate (tenant_id, gate, enabled)
    VALUES ($1, $2, $3)
    ON CONFLICT (tenant_id, gate)
    DO UPDATE SET enabled = excluded.enabled
";
macro_rules! select_client {
    () => {
        r"
            SELECT
                client.id, client.name, client.source_system_id, source.key AS source_key, client.scopes,
                client.created_at, client.revoked_at,
                (
                    SELECT max(api_key.last_used_at)
                    FROM api_key
                    WHERE api_key.tenant_id = client.tenant_id
                      AND api_key.client_id = client.id
                ) AS last_used_at,
                (
                    SELECT count(*)
                    FROM api_key
                    WHERE api_key.tenant_id = client.tenant_id
                      AND api_key.client_id = client.id
                      AND api_key.revoked_at IS NULL
                ) AS keys
            FROM integration_client AS client
            JOIN source_system AS source ON source.tenant_id = client.tenant_id
                AND source.id = client.source_system_id
        "
    };
}
const SELECT_CLIENTS: &str = concat!(
    select_client!(),
    "WHERE client.tenant_id = $1 ORDER BY client.name LIMIT 200"
);
const DISABLE_ENDPOINTS_OF_CLIENT: &str = r"
    UPDATE webhook_endpoint
    SET status = 'disabled', disabled_at = $3, disabled_reason = 'client_revoked'
    WHERE tenant_id = $1
      AND client_id = $2
      AND status <> 'disabled'
";
const HOLD_DELIVERIES_OF_CLIENT: &str = r"
    UPDATE webhook_delivery
    SET status = 'held'
    WHERE tenant_id = $1
      AND status = 'pending'
      AND endpoint_id IN (
          SELECT endpoint.id
          FROM webhook_endpoint AS endpoint
          WHERE endpoint.tenant_id = $1
            AND endpoint.client_id = $2
      )
";
const CANCEL_ITEMS_OF_CLIENT: &str = r"
    UPDATE import_item
    SET status = 'cancelled'
    WHERE tenant_id = $1
      AND status = 'pending'
      AND job_id IN (
          SELECT job.id
          FROM import_job AS job
          WHERE job.tenant_id = $1
            AND job.client_id = $2
            AND job.status IN ('accepted', 'processing')
      )
";
const CANCEL_JOBS_OF_CLIENT: &str = r"
    UPDATE import_job
    SET status = 'cancelled', finished_at = $3, claim = NULL, claimed_until = NULL
    WHERE tenant_id = $1
      AND client_id = $2
      AND status IN ('accepted', 'processing')
";
const SELECT_CLIENT: &str = concat!(select_client!(), "WHERE client.tenant_id = $1 AND client.id = $2");
const SELECT_CLIENTS_OF_SOURCE: &str = concat!(
    select_client!(),
    r"
        WHERE client.tenant_id = $1
          AND client.source_system_id = $2
          AND client.revoked_at IS NULL
        ORDER BY client.name
        LIMIT 200
    "
);
const SELECT_KEYS: &str = r"
    SELECT
        api_key.public_id AS id, CASE WHEN api_key.is_test THEN 'test' ELSE 'live' END AS kind,
        api_key.created_at, api_key.expires_at, api_key.revoked_at, api_key.last_used_at
    FROM api_key
    WHERE api_key.tenant_id = $1
      AND api_key.client_id = $2
    ORDER BY api_key.created_at DESC, api_key.public_id
    LIMIT 50
";
const SELECT_SECRETS: &str = r"
    SELECT secret.id, secret.created_at, secret.revoked_at, secret.last_used_at
    FROM client_secret AS secret
    WHERE secret.tenant_id = $1
      AND secret.client_id = $2
    ORDER BY secret.created_at DESC
    LIMIT 20
";
const COUNT_ACTIVE_KEYS: &str = r"
    SELECT count(*)
    FROM api_key
    WHERE tenant_id = $1
      AND client_id = $2
      AND is_test = $3
      AND revoked_at IS NULL
      AND (expires_at IS NULL OR expires_at > $4)
";
const COUNT_ACTIVE_SECRETS: &str = r"
    SELECT count(*)
    FROM client_secret
    WHERE tenant_id = $1
      AND client_id = $2
      AND revoked_at IS NULL
";
const ADD_USAGE: &str = r"
    INSERT INTO api_use (tenant_id, client_id, day, answered, refused, limited)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (tenant_id, client_id, day)
    DO UPDATE SET
        answered = api_use.answered + excluded.answered, refused = api_use.refused + excluded.refused,
        limited = api_use.limited + excluded.limited
";

const SELECT_USAGE: &str = r"
    SELECT day, answered, refused, limited
    FROM api_use
    WHERE tenant_id = $1
      AND client_id = $2
    ORDER BY day DESC
    LIMIT 14
";

/// The sandbox is a separate tenant with the same source systems, clients and gates. Data of test keys is therefore
/// isolated from live data in the same way as data of two tenants.
const INSERT_SANDBOX_TENANT: &str = r"
    INSERT INTO tenant (id, slug, name, zone, locale, shows_technician, is_demo, live_tenant_id, created_at)
    SELECT $2, slug || '~test', name, zone, locale, shows_technician, is_demo, id, $3
    FROM tenant
    WHERE id = $1
    ON CONFLICT (live_tenant_id) DO NOTHING
";
const COPY_SOURCES_TO_SANDBOX: &str = r"
    INSERT INTO source_system (
        tenant_id, id, key, create_customers, create_locations, create_contacts, auto_update,
        customer_required, problem_policy, duplicate_names, created_at
    )
    SELECT
        sandbox.id, source.id, source.key, source.create_customers, source.create_locations,
        source.create_contacts, source.auto_update, source.customer_required, source.problem_policy,
        source.duplicate_names, source.created_at
    FROM source_system AS source
    JOIN tenant AS sandbox ON sandbox.live_tenant_id = source.tenant_id
    WHERE source.tenant_id = $1
    ON CONFLICT (tenant_id, id)
    DO UPDATE SET
        create_customers = excluded.create_customers, create_locations = excluded.create_locations,
        create_contacts = excluded.create_contacts, auto_update = excluded.auto_update,
        customer_required = excluded.customer_required, problem_policy = excluded.problem_policy,
        duplicate_names = excluded.duplicate_names
";
const COPY_CLIENTS_TO_SANDBOX: &str = r"
    INSERT INTO integration_client (tenant_id, id, name, source_system_id, scopes, created_at, revoked_at)
    SELECT
        sandbox.id, client.id, client.name, client.source_system_id, client.scopes, client.created_at,
        client.revoked_at
    FROM integration_client AS client
    JOIN tenant AS sandbox ON sandbox.live_tenant_id = client.tenant_id
    WHERE client.tenant_id = $1
    ON CONFLICT (tenant_id, id)
    DO UPDATE SET scopes = excluded.scopes, revoked_at = excluded.revoked_at
";
const COPY_GATES_TO_SANDBOX: &str = r"
    INSERT INTO feature_gate (tenant_id, gate, enabled)
    SELECT sandbox.id, gate.gate, gate.enabled
    FROM feature_gate AS gate
    JOIN tenant AS sandbox ON sandbox.live_tenant_id = gate.tenant_id
    WHERE gate.tenant_id = $1
    ON CONFLICT (tenant_id, gate)
    DO UPDATE SET enabled = excluded.enabled
";

/// Updates the sandbox if there is one; `create` creates it.
async fn sync_sandbox_tenant(
    tx: &mut Tx,
    tenant: Uuid,
    create: Option<(Uuid, DateTime<Utc>)>,
) -> Result<(), StoreError> {
    if let Some((id, now)) = create {
        run!(&mut *tx, INSERT_SANDBOX_TENANT, tenant, id, now)?;
    }
    for sql in [COPY_SOURCES_TO_SANDBOX, COPY_CLIENTS_TO_SANDBOX, COPY_GATES_TO_SANDBOX] {
        run!(&mut *tx, sql, tenant)?;
    }
    Ok(())
}

impl<M> CrossTenantTx<'_, M> {
    pub(crate) async fn client_by_key(&mut self, public_id: &str) -> Result<Option<ClientIdentity>, StoreError> {
        maybe!(&mut self.tx, ClientIdentity, SELECT_KEY_IDENTITY, public_id)
    }

    pub(crate) async fn client_by_token(&mut self, token_hash: &[u8]) -> Result<Option<ClientIdentity>, StoreError> {
        let sql = match self.store.engine() {
            Engine::Sqlite => SELECT_TOKEN_IDENTITY_SQLITE,
            Engine::Postgres => SELECT_TOKEN_IDENTITY_POSTGRES,
        };
        maybe!(&mut self.tx, ClientIdentity, sql, token_hash, false)
    }

    pub(crate) async fn list_secrets(&mut self, client: ClientId) -> Result<Vec<SecretIdentity>, StoreError> {
        all!(&mut self.tx, SecretIdentity, SELECT_SECRETS_OF_CLIENT, client.uuid())
    }
}

impl SystemTx<'_> {
    pub(crate) async fn mark_key_used(&mut self, public_id: &str) -> Result<(), StoreError> {
        run!(&mut self.tx, UPDATE_KEY_LAST_USED, public_id, self.now).map(drop)
    }

    /// Returns whether a secret is valid and the scopes of its client are unchanged since they were read. Locks both
    /// rows until the transaction ends.
    pub(crate) async fn lock_unchanged_secret(
        &mut self,
        secret: &SecretIdentity,
        client: ClientId,
    ) -> Result<bool, StoreError> {
        type Row = (Json<Vec<String>>,);
        let sql = self
            .tx
            .dialect(LOCK_SECRET_AND_CLIENT_SQLITE, LOCK_SECRET_AND_CLIENT_POSTGRES);
        let row: Option<Row> = maybe!(
            &mut self.tx,
            Row,
            sql,
            secret.tenant_id,
            client.uuid(),
            secret.secret_id
        )?;
        Ok(row.is_some_and(|(scopes,)| scopes.0 == secret.scopes.0))
    }

    /// Stores a token and marks the secret as used.
    pub(crate) async fn insert_token(
        &mut self,
        secret: &SecretIdentity,
        client: ClientId,
        token_hash: &[u8],
        scopes: &[Scope],
        expires_at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        run!(
            &mut self.tx,
            UPDATE_SECRET_LAST_USED,
            secret.tenant_id,
            secret.secret_id,
            self.now
        )?;
        run!(
            &mut self.tx,
            INSERT_TOKEN,
            token_hash,
            secret.tenant_id,
            client.uuid(),
            Json(scopes),
            self.now,
            expires_at
        )
        .map(drop)
    }

    pub(crate) async fn delete_token(&mut self, token_hash: &[u8], client: ClientId) -> Result<(), StoreError> {
        run!(&mut self.tx, DELETE_TOKEN, token_hash, client.uuid()).map(drop)
    }

    pub(crate) async fn delete_expired_tokens(&mut self) -> Result<u64, StoreError> {
        self.execute_now(DELETE_EXPIRED_TOKENS).await
    }

    /// Adds to the usage of a client on a day.
    pub(crate) async fn add_usage(
        &mut self,
        tenant: TenantId,
        client: ClientId,
        day: &str,
        counts: [i64; 3],
    ) -> Result<(), StoreError> {
        let [answered, refused, limited] = counts;
        run!(
            &mut self.tx,
            ADD_USAGE,
            tenant.uuid(),
            client.uuid(),
            day,
            answered,
            refused,
            limited
        )
        .map(drop)
    }
}

impl<A: Administrator> TenantTx<'_, A> {
    /// Updates the sandbox of the tenant if there is one; `create` creates it. The row-level security setting is
    /// widened to all tenants for these statements, since they write to another tenant, and restored afterwards.
    pub(crate) async fn sync_sandbox(&mut self, create: bool) -> Result<(), StoreError> {
        let tenant = self.tenant();
        let id = self.store.randomness.uuid_v7(self.now);
        self.tx.set_tenant("*").await?;
        sync_sandbox_tenant(&mut self.tx, tenant, create.then_some((id, self.now))).await?;
        self.tx.set_tenant(&tenant.to_string()).await
    }

    pub(crate) async fn insert_source_system(
        &mut self,
        key: &str,
        form: &SourceForm,
    ) -> Result<SourceSystemId, StoreError> {
        let (tenant, id, now) = (self.tenant(), self.new_id::<SourceSystemKind>(), self.now);
        run!(
            &mut self.tx,
            INSERT_SOURCE,
            tenant,
            id.uuid(),
            key,
            form.create_customers,
            form.create_locations,
            form.create_contacts,
            form.auto_update,
            form.customer_required,
            form.problem_policy.name(),
            form.duplicate_names.name(),
            now
        )?;
        Ok(id)
    }

    pub(crate) async fn insert_client(
        &mut self,
        name: &str,
        source_system: SourceSystemId,
        scopes: &[Scope],
    ) -> Result<ClientId, StoreError> {
        let (tenant, id, now) = (self.tenant(), self.new_id::<ClientKind>(), self.now);
        run!(
            &mut self.tx,
            INSERT_CLIENT,
            tenant,
            id.uuid(),
            name,
            source_system.uuid(),
            Json(scopes),
            now
        )?;
        Ok(id)
    }

    pub(crate) async fn insert_key(
        &mut self,
        client: ClientId,
        is_test: bool,
        public_id: &str,
        secret_hash: &[u8],
        expires_at: Option<DateTime<Utc>>,
    ) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        run!(
            &mut self.tx,
            INSERT_KEY,
            tenant,
            public_id,
            client.uuid(),
            is_test,
            secret_hash,
            now,
            expires_at
        )
        .map(drop)
    }

    pub(crate) async fn insert_secret(&mut self, client: ClientId, secret_hash: &[u8]) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let id = self.store.randomness.uuid_v7(now);
        run!(&mut self.tx, INSERT_SECRET, tenant, id, client.uuid(), secret_hash, now).map(drop)
    }
}

impl TenantTx<'_, Staff> {
    pub(crate) async fn clients(&mut self) -> Result<Vec<ClientLine>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, ClientLine, SELECT_CLIENTS, tenant)
    }

    pub(crate) async fn client(&mut self, id: ClientId) -> Result<Option<ClientLine>, StoreError> {
        let tenant = self.tenant();
        maybe!(&mut self.tx, ClientLine, SELECT_CLIENT, tenant, id.uuid())
    }

    /// Returns the keys and OAuth secrets of a client, newest first.
    pub(crate) async fn list_credentials(&mut self, client: ClientId) -> Result<Vec<CredentialLine>, StoreError> {
        type SecretRow = (Uuid, DateTime<Utc>, Option<DateTime<Utc>>, Option<DateTime<Utc>>);
        let tenant = self.tenant();
        let mut lines: Vec<CredentialLine> = all!(&mut self.tx, CredentialLine, SELECT_KEYS, tenant, client.uuid())?;
        let secrets: Vec<SecretRow> = all!(&mut self.tx, SecretRow, SELECT_SECRETS, tenant, client.uuid())?;
        lines.extend(
            secrets
                .into_iter()
                .map(|(id, created_at, revoked_at, last_used_at)| CredentialLine {
                    id: id.simple().to_string(),
                    kind: "secret".to_owned(),
                    created_at,
                    expires_at: None,
                    revoked_at,
                    last_used_at,
                }),
        );
        Ok(lines)
    }

    /// Returns the usage of a client on its latest days.
    pub(crate) async fn list_usage(&mut self, client: ClientId) -> Result<Vec<UsageLine>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, UsageLine, SELECT_USAGE, tenant, client.uuid())
    }

    /// Returns how many active keys of a kind a client has.
    pub(crate) async fn count_active_keys(&mut self, client: ClientId, is_test: bool) -> Result<i64, StoreError> {
        let tenant = self.tenant();
        let (count,) = one!(
            &mut self.tx,
            (i64,),
            COUNT_ACTIVE_KEYS,
            tenant,
            client.uuid(),
            is_test,
            self.now
        )?;
        Ok(count)
    }

    /// Returns how many active OAuth secrets a client has.
    pub(crate) async fn count_active_secrets(&mut self, client: ClientId) -> Result<i64, StoreError> {
        let tenant = self.tenant();
        let (count,) = one!(&mut self.tx, (i64,), COUNT_ACTIVE_SECRETS, tenant, client.uuid())?;
        Ok(count)
    }

    pub(crate) async fn revoke_key(&mut self, client: ClientId, public_id: &str) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(run!(&mut self.tx, REVOKE_KEY, tenant, public_id, now, client.uuid())? == 1)
    }

    /// Revokes a secret and all tokens of the client, since a token does not record which secret it was issued for.
    pub(crate) async fn revoke_secret(&mut self, client: ClientId, id: Uuid) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let revoked = run!(&mut self.tx, REVOKE_SECRET, tenant, id, now, client.uuid())? == 1;
        run!(&mut self.tx, DELETE_TOKENS_OF_CLIENT, tenant, client.uuid())?;
        Ok(revoked)
    }

    /// Revokes a client: disables its webhook endpoints, holds their pending deliveries and cancels its active jobs.
    pub(crate) async fn revoke_client(&mut self, client: ClientId) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        // The client row first: issuing a token locks it, so no token can be issued after the deletion below.
        let revoked = run!(&mut self.tx, REVOKE_CLIENT, tenant, client.uuid(), now)? == 1;
        run!(&mut self.tx, DELETE_TOKENS_OF_CLIENT, tenant, client.uuid())?;
        run!(&mut self.tx, DISABLE_ENDPOINTS_OF_CLIENT, tenant, client.uuid(), now)?;
        run!(&mut self.tx, HOLD_DELIVERIES_OF_CLIENT, tenant, client.uuid())?;
        run!(&mut self.tx, CANCEL_ITEMS_OF_CLIENT, tenant, client.uuid())?;
        run!(&mut self.tx, CANCEL_JOBS_OF_CLIENT, tenant, client.uuid(), now)?;
        Ok(revoked)
    }

    /// Updates the scopes of a client and revokes its tokens.
    pub(crate) async fn set_scopes(&mut self, client: ClientId, scopes: &[Scope]) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        let changed = run!(&mut self.tx, UPDATE_SCOPES, tenant, client.uuid(), Json(scopes))? == 1;
        run!(&mut self.tx, DELETE_TOKENS_OF_CLIENT, tenant, client.uuid())?;
        Ok(changed)
    }

    pub(crate) async fn sources(&mut self) -> Result<Vec<SourceLine>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, SourceLine, SELECT_SOURCES, tenant)
    }

    pub(crate) async fn source(&mut self, id: SourceSystemId) -> Result<Option<SourceLine>, StoreError> {
        let tenant = self.tenant();
        maybe!(&mut self.tx, SourceLine, SELECT_SOURCE, tenant, id.uuid())
    }

    pub(crate) async fn update_source(&mut self, id: SourceSystemId, form: &SourceForm) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        Ok(run!(
            &mut self.tx,
            UPDATE_SOURCE,
            tenant,
            id.uuid(),
            form.create_customers,
            form.create_locations,
            form.create_contacts,
            form.auto_update,
            form.customer_required,
            form.problem_policy.name(),
            form.duplicate_names.name()
        )? == 1)
    }

    pub(crate) async fn gates(&mut self) -> Result<Vec<String>, StoreError> {
        let tenant = self.tenant();
        let rows: Vec<(String,)> = all!(&mut self.tx, (String,), SELECT_ENABLED_GATES, tenant)?;
        Ok(rows.into_iter().map(|(gate,)| gate).collect())
    }

    pub(crate) async fn set_gate_enabled(&mut self, gate: FeatureGate, enabled: bool) -> Result<(), StoreError> {
        let tenant = self.tenant();
        run!(&mut self.tx, UPSERT_GATE, tenant, gate.name(), enabled).map(drop)
    }

    /// Returns the settings under which imports of a source run.
    pub(crate) async fn settings_of_source(&mut self, id: SourceSystemId) -> Result<SourceSettings, StoreError> {
        let tenant = self.tenant();
        one!(&mut self.tx, SourceSettings, SELECT_SOURCE_SETTINGS, tenant, id.uuid())
    }
}

impl TenantTx<'_, ApiClient> {
    pub(crate) async fn source_settings(&mut self) -> Result<SourceSettings, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system().uuid());
        one!(&mut self.tx, SourceSettings, SELECT_SOURCE_SETTINGS, tenant, source)
    }

    pub(crate) async fn list_enabled_gates(&mut self) -> Result<Vec<String>, StoreError> {
        let tenant = self.tenant();
        let rows: Vec<(String,)> = all!(&mut self.tx, (String,), SELECT_ENABLED_GATES, tenant)?;
        Ok(rows.into_iter().map(|(gate,)| gate).collect())
    }
}

impl TenantTx<'_, Partner> {
    /// Returns the active clients of the partner's source.
    pub(crate) async fn list_clients_of_source(&mut self) -> Result<Vec<ClientLine>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system().uuid());
        all!(&mut self.tx, ClientLine, SELECT_CLIENTS_OF_SOURCE, tenant, source)
    }
}
