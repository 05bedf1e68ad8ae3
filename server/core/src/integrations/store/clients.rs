//! Source systems, integration clients and their credentials; and the twin tenant in which test keys live.

use chrono::{DateTime, Utc};
use domain::feature_gates::FeatureGate;
use domain::ids::{ClientId, ClientKind, SourceSystemId, SourceSystemKind};
use domain::mapping::{DuplicateNamePolicy, ProblemPolicy};
use domain::scopes::Scope;
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::Key;
use crate::db::{Engine, StoreError, Tx, all, maybe, one, run};
use crate::db::{SystemTx, TenantTx};
use crate::identity::actors::{Actor as _, Administrator, ApiClient, Partner, Staff, TenantId};
use crate::integrations::model::{ClientLine, CredentialLine, SourceLine, UseLine};

/// A key or token with its client.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct ClientIdentity {
    pub tenant_id: Uuid,
    /// The tenant's twin for test data, if there is one.
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

/// A client with the hash of one of its OAuth secrets.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct SecretIdentity {
    pub tenant_id: Uuid,
    pub secret_id: Uuid,
    pub secret_hash: Vec<u8>,
    pub scopes: Json<Vec<String>>,
}

/// The settings of a source system, as they are made and changed.
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

/// The settings of a source system, read for a job.
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

const KEY: &str = "SELECT k.tenant_id, twin.id AS twin_id, k.is_test, k.client_id, c.source_system_id, s.key AS source_key, c.scopes, k.secret_hash, k.expires_at, k.revoked_at, \
    c.revoked_at AS client_revoked_at, k.last_used_at \
    FROM api_key k JOIN integration_client c ON c.tenant_id = k.tenant_id AND c.id = k.client_id \
    JOIN source_system s ON s.tenant_id = c.tenant_id AND s.id = c.source_system_id LEFT JOIN tenant twin ON twin.live_tenant_id = k.tenant_id WHERE k.public_id = $1";
const TOKEN_IDENTITY: &str = "SELECT a.tenant_id, NULL AS twin_id, $2 AS is_test, a.client_id, c.source_system_id, s.key AS source_key, a.scopes, a.token_hash AS secret_hash, a.expires_at, NULL AS revoked_at, \
    c.revoked_at AS client_revoked_at, a.created_at AS last_used_at \
    FROM access_token a JOIN integration_client c ON c.tenant_id = a.tenant_id AND c.id = a.client_id \
    JOIN source_system s ON s.tenant_id = c.tenant_id AND s.id = c.source_system_id WHERE a.token_hash = $1";
const TOKEN_IDENTITY_POSTGRES: &str = "SELECT a.tenant_id, NULL::UUID AS twin_id, $2 AS is_test, a.client_id, c.source_system_id, s.key AS source_key, a.scopes, a.token_hash AS secret_hash, a.expires_at, NULL::TIMESTAMPTZ AS revoked_at, \
    c.revoked_at AS client_revoked_at, a.created_at AS last_used_at \
    FROM access_token a JOIN integration_client c ON c.tenant_id = a.tenant_id AND c.id = a.client_id \
    JOIN source_system s ON s.tenant_id = c.tenant_id AND s.id = c.source_system_id WHERE a.token_hash = $1";
const USED: &str = "UPDATE api_key SET last_used_at = $2 WHERE public_id = $1";
const SECRETS: &str = "SELECT x.tenant_id, x.id AS secret_id, x.secret_hash, c.scopes \
    FROM client_secret x JOIN integration_client c ON c.tenant_id = x.tenant_id AND c.id = x.client_id \
    WHERE x.client_id = $1 AND x.revoked_at IS NULL AND c.revoked_at IS NULL ORDER BY x.created_at LIMIT 4";
const STILL_GRANTS_SQLITE: &str = "SELECT c.scopes FROM integration_client c JOIN client_secret x ON x.tenant_id = c.tenant_id AND x.client_id = c.id \
    WHERE c.tenant_id = $1 AND c.id = $2 AND x.id = $3 AND x.revoked_at IS NULL AND c.revoked_at IS NULL";
const STILL_GRANTS_POSTGRES: &str = "SELECT c.scopes FROM integration_client c JOIN client_secret x ON x.tenant_id = c.tenant_id AND x.client_id = c.id \
    WHERE c.tenant_id = $1 AND c.id = $2 AND x.id = $3 AND x.revoked_at IS NULL AND c.revoked_at IS NULL FOR UPDATE OF c, x";
const SECRET_USED: &str = "UPDATE client_secret SET last_used_at = $3 WHERE tenant_id = $1 AND id = $2";
const INSERT_TOKEN: &str = "INSERT INTO access_token (token_hash, tenant_id, client_id, scopes, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)";
const DELETE_TOKEN: &str = "DELETE FROM access_token WHERE token_hash = $1 AND client_id = $2";
const DELETE_EXPIRED_TOKENS: &str = "DELETE FROM access_token WHERE expires_at <= $1";
const INSERT_SOURCE: &str = "INSERT INTO source_system (tenant_id, id, key, create_customers, create_locations, create_contacts, auto_update, customer_required, problem_policy, duplicate_names, created_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
const UPDATE_SOURCE: &str = "UPDATE source_system SET create_customers = $3, create_locations = $4, create_contacts = $5, auto_update = $6, customer_required = $7, problem_policy = $8, duplicate_names = $9 \
    WHERE tenant_id = $1 AND id = $2";
const INSERT_CLIENT: &str = "INSERT INTO integration_client (tenant_id, id, name, source_system_id, scopes, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
const INSERT_KEY: &str = "INSERT INTO api_key (tenant_id, public_id, client_id, is_test, secret_hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
const INSERT_SECRET: &str =
    "INSERT INTO client_secret (tenant_id, id, client_id, secret_hash, created_at) VALUES ($1, $2, $3, $4, $5)";
const REVOKE_KEY: &str = "UPDATE api_key SET revoked_at = $3 WHERE tenant_id = $1 AND public_id = $2 AND client_id = $4 AND revoked_at IS NULL";
const REVOKE_SECRET: &str = "UPDATE client_secret SET revoked_at = $3 WHERE tenant_id = $1 AND id = $2 AND client_id = $4 AND revoked_at IS NULL";
const END_TOKENS: &str = "DELETE FROM access_token WHERE tenant_id = $1 AND client_id = $2";
const REVOKE_CLIENT: &str =
    "UPDATE integration_client SET revoked_at = $3 WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL";
const SET_SCOPES: &str = "UPDATE integration_client SET scopes = $3 WHERE tenant_id = $1 AND id = $2";
const SETTINGS: &str = "SELECT s.create_customers, s.create_locations, s.create_contacts, s.auto_update, s.customer_required, s.problem_policy, s.duplicate_names, t.zone \
    FROM source_system s JOIN tenant t ON t.id = s.tenant_id WHERE s.tenant_id = $1 AND s.id = $2";
const SOURCES: &str = "SELECT s.id, s.key, s.create_customers, s.create_locations, s.create_contacts, s.auto_update, s.customer_required, s.problem_policy, s.duplicate_names, \
    (SELECT count(*) FROM integration_client c WHERE c.tenant_id = s.tenant_id AND c.source_system_id = s.id AND c.revoked_at IS NULL) AS clients \
    FROM source_system s WHERE s.tenant_id = $1 ORDER BY s.key LIMIT 200";
const SOURCE: &str = "SELECT s.id, s.key, s.create_customers, s.create_locations, s.create_contacts, s.auto_update, s.customer_required, s.problem_policy, s.duplicate_names, \
    (SELECT count(*) FROM integration_client c WHERE c.tenant_id = s.tenant_id AND c.source_system_id = s.id AND c.revoked_at IS NULL) AS clients \
    FROM source_system s WHERE s.tenant_id = $1 AND s.id = $2";
const GATES: &str = "SELECT gate FROM feature_gate WHERE tenant_id = $1 AND enabled";
const SET_GATE: &str = "INSERT INTO feature_gate (tenant_id, gate, enabled) VALUES ($1, $2, $3) ON CONFLICT (tenant_id, gate) DO UPDATE SET enabled = excluded.enabled";
macro_rules! client {
    () => {
        "SELECT c.id, c.name, c.source_system_id, s.key AS source_key, c.scopes, c.created_at, c.revoked_at, \
         (SELECT max(k.last_used_at) FROM api_key k WHERE k.tenant_id = c.tenant_id AND k.client_id = c.id) AS last_used_at, \
         (SELECT count(*) FROM api_key k WHERE k.tenant_id = c.tenant_id AND k.client_id = c.id AND k.revoked_at IS NULL) AS keys \
         FROM integration_client c JOIN source_system s ON s.tenant_id = c.tenant_id AND s.id = c.source_system_id "
    };
}
const CLIENTS: &str = concat!(client!(), "WHERE c.tenant_id = $1 ORDER BY c.name LIMIT 200");
const DISABLE_ENDPOINTS: &str = "UPDATE webhook_endpoint SET status = 'disabled', disabled_at = $3, disabled_reason = 'client_revoked' WHERE tenant_id = $1 AND client_id = $2 AND status <> 'disabled'";
const HOLD_DELIVERIES: &str = "UPDATE webhook_delivery SET status = 'held' WHERE tenant_id = $1 AND status = 'pending' \
    AND endpoint_id IN (SELECT e.id FROM webhook_endpoint e WHERE e.tenant_id = $1 AND e.client_id = $2)";
const CANCEL_ITEMS: &str = "UPDATE import_item SET status = 'cancelled' WHERE tenant_id = $1 AND status = 'pending' \
    AND job_id IN (SELECT j.id FROM import_job j WHERE j.tenant_id = $1 AND j.client_id = $2 AND j.status IN ('accepted', 'processing'))";
const CANCEL_JOBS: &str = "UPDATE import_job SET status = 'cancelled', finished_at = $3, claim = NULL, claimed_until = NULL \
    WHERE tenant_id = $1 AND client_id = $2 AND status IN ('accepted', 'processing')";
const CLIENT: &str = concat!(client!(), "WHERE c.tenant_id = $1 AND c.id = $2");
const OWN_CLIENTS: &str = concat!(
    client!(),
    "WHERE c.tenant_id = $1 AND c.source_system_id = $2 AND c.revoked_at IS NULL ORDER BY c.name LIMIT 200"
);
const KEYS: &str = "SELECT k.public_id AS id, CASE WHEN k.is_test THEN 'test' ELSE 'live' END AS kind, k.created_at, k.expires_at, k.revoked_at, k.last_used_at FROM api_key k \
    WHERE k.tenant_id = $1 AND k.client_id = $2 ORDER BY k.created_at DESC, k.public_id LIMIT 50";
const CLIENT_SECRETS: &str = "SELECT x.id, x.created_at, x.revoked_at, x.last_used_at FROM client_secret x WHERE x.tenant_id = $1 AND x.client_id = $2 ORDER BY x.created_at DESC LIMIT 20";
const COUNT_KEYS: &str = "SELECT count(*) FROM api_key WHERE tenant_id = $1 AND client_id = $2 AND is_test = $3 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $4)";
const COUNT_SECRETS: &str =
    "SELECT count(*) FROM client_secret WHERE tenant_id = $1 AND client_id = $2 AND revoked_at IS NULL";
const USE: &str = "INSERT INTO api_use (tenant_id, client_id, day, answered, refused, limited) VALUES ($1, $2, $3, $4, $5, $6) \
    ON CONFLICT (tenant_id, client_id, day) DO UPDATE SET answered = api_use.answered + excluded.answered, refused = api_use.refused + excluded.refused, limited = api_use.limited + excluded.limited";

const USE_OF: &str = "SELECT day, answered, refused, limited FROM api_use WHERE tenant_id = $1 AND client_id = $2 ORDER BY day DESC LIMIT 14";

/// The twin of a tenant holds what test keys send: another tenant altogether, with the same source systems, clients and
/// gates. What stands between two tenants stands between test and live.
const MAKE_TWIN: &str = "INSERT INTO tenant (id, slug, name, zone, locale, shows_technician, is_demo, live_tenant_id, created_at) \
    SELECT $2, slug || '~test', name, zone, locale, shows_technician, is_demo, id, $3 FROM tenant WHERE id = $1 ON CONFLICT (live_tenant_id) DO NOTHING";
const TWIN_SOURCES: &str = "INSERT INTO source_system (tenant_id, id, key, create_customers, create_locations, create_contacts, auto_update, customer_required, problem_policy, duplicate_names, created_at) \
    SELECT twin.id, s.id, s.key, s.create_customers, s.create_locations, s.create_contacts, s.auto_update, s.customer_required, s.problem_policy, s.duplicate_names, s.created_at \
    FROM source_system s JOIN tenant twin ON twin.live_tenant_id = s.tenant_id WHERE s.tenant_id = $1 \
    ON CONFLICT (tenant_id, id) DO UPDATE SET create_customers = excluded.create_customers, create_locations = excluded.create_locations, create_contacts = excluded.create_contacts, \
    auto_update = excluded.auto_update, customer_required = excluded.customer_required, problem_policy = excluded.problem_policy, duplicate_names = excluded.duplicate_names";
const TWIN_CLIENTS: &str = "INSERT INTO integration_client (tenant_id, id, name, source_system_id, scopes, created_at, revoked_at) \
    SELECT twin.id, c.id, c.name, c.source_system_id, c.scopes, c.created_at, c.revoked_at FROM integration_client c JOIN tenant twin ON twin.live_tenant_id = c.tenant_id WHERE c.tenant_id = $1 \
    ON CONFLICT (tenant_id, id) DO UPDATE SET scopes = excluded.scopes, revoked_at = excluded.revoked_at";
const TWIN_GATES: &str = "INSERT INTO feature_gate (tenant_id, gate, enabled) SELECT twin.id, g.gate, g.enabled FROM feature_gate g JOIN tenant twin ON twin.live_tenant_id = g.tenant_id \
    WHERE g.tenant_id = $1 ON CONFLICT (tenant_id, gate) DO UPDATE SET enabled = excluded.enabled";

/// Brings the twin up to date, if there is one; `make` makes one. The transaction names its tenant again afterwards.
async fn mirror(tx: &mut Tx, tenant: Uuid, make: Option<(Uuid, DateTime<Utc>)>) -> Result<(), StoreError> {
    if let Some((id, now)) = make {
        run!(&mut *tx, MAKE_TWIN, tenant, id, now)?;
    }
    for sql in [TWIN_SOURCES, TWIN_CLIENTS, TWIN_GATES] {
        run!(&mut *tx, sql, tenant)?;
    }
    Ok(())
}

impl SystemTx<'_> {
    pub(crate) async fn client_by_key(&mut self, public_id: &str) -> Result<Option<ClientIdentity>, StoreError> {
        maybe!(&mut self.tx, ClientIdentity, KEY, public_id)
    }

    pub(crate) async fn client_by_token(&mut self, token_hash: &[u8]) -> Result<Option<ClientIdentity>, StoreError> {
        let sql = match self.store.engine() {
            Engine::Sqlite => TOKEN_IDENTITY,
            Engine::Postgres => TOKEN_IDENTITY_POSTGRES,
        };
        maybe!(&mut self.tx, ClientIdentity, sql, token_hash, false)
    }

    pub(crate) async fn key_used(&mut self, public_id: &str) -> Result<(), StoreError> {
        run!(&mut self.tx, USED, public_id, self.now).map(drop)
    }

    pub(crate) async fn secrets_of(&mut self, client: ClientId) -> Result<Vec<SecretIdentity>, StoreError> {
        all!(&mut self.tx, SecretIdentity, SECRETS, client.uuid())
    }

    /// Whether a secret and its client's scopes are what they were when they were read; holds both until the end.
    pub(crate) async fn still_grants(&mut self, secret: &SecretIdentity, client: ClientId) -> Result<bool, StoreError> {
        type Row = (Json<Vec<String>>,);
        let sql = self.tx.dialect(STILL_GRANTS_SQLITE, STILL_GRANTS_POSTGRES);
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

    /// Keeps a token of a client whose secret was right.
    pub(crate) async fn insert_token(
        &mut self,
        secret: &SecretIdentity,
        client: ClientId,
        token_hash: &[u8],
        scopes: &[Scope],
        expires_at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        run!(&mut self.tx, SECRET_USED, secret.tenant_id, secret.secret_id, self.now)?;
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

    /// Adds to what a client used on a day.
    pub(crate) async fn add_use(
        &mut self,
        tenant: TenantId,
        client: ClientId,
        day: &str,
        counts: [i64; 3],
    ) -> Result<(), StoreError> {
        let [answered, refused, limited] = counts;
        run!(
            &mut self.tx,
            USE,
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
    /// Brings the twin of the tenant up to date, if there is one; `make` makes it. For these statements the transaction
    /// belongs to no single tenant, since they write into the twin.
    pub(crate) async fn mirror_into_twin(&mut self, make: bool) -> Result<(), StoreError> {
        let tenant = self.tenant();
        let id = self.store.randomness.uuid_v7(self.now);
        self.tx.name_tenant("*").await?;
        mirror(&mut self.tx, tenant, make.then_some((id, self.now))).await?;
        self.tx.name_tenant(&tenant.to_string()).await
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
        all!(&mut self.tx, ClientLine, CLIENTS, tenant)
    }

    pub(crate) async fn client(&mut self, id: ClientId) -> Result<Option<ClientLine>, StoreError> {
        let tenant = self.tenant();
        maybe!(&mut self.tx, ClientLine, CLIENT, tenant, id.uuid())
    }

    /// Keys and OAuth secrets of a client, newest first.
    pub(crate) async fn credentials_of(&mut self, client: ClientId) -> Result<Vec<CredentialLine>, StoreError> {
        type SecretRow = (Uuid, DateTime<Utc>, Option<DateTime<Utc>>, Option<DateTime<Utc>>);
        let tenant = self.tenant();
        let mut lines: Vec<CredentialLine> = all!(&mut self.tx, CredentialLine, KEYS, tenant, client.uuid())?;
        let secrets: Vec<SecretRow> = all!(&mut self.tx, SecretRow, CLIENT_SECRETS, tenant, client.uuid())?;
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

    /// How often a client called on its latest days.
    pub(crate) async fn use_of(&mut self, client: ClientId) -> Result<Vec<UseLine>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, UseLine, USE_OF, tenant, client.uuid())
    }

    /// How many keys of a kind a client can use now.
    pub(crate) async fn active_keys(&mut self, client: ClientId, is_test: bool) -> Result<i64, StoreError> {
        let tenant = self.tenant();
        let (count,) = one!(
            &mut self.tx,
            (i64,),
            COUNT_KEYS,
            tenant,
            client.uuid(),
            is_test,
            self.now
        )?;
        Ok(count)
    }

    /// How many OAuth secrets a client can use now.
    pub(crate) async fn active_secrets(&mut self, client: ClientId) -> Result<i64, StoreError> {
        let tenant = self.tenant();
        let (count,) = one!(&mut self.tx, (i64,), COUNT_SECRETS, tenant, client.uuid())?;
        Ok(count)
    }

    pub(crate) async fn revoke_key(&mut self, client: ClientId, public_id: &str) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(run!(&mut self.tx, REVOKE_KEY, tenant, public_id, now, client.uuid())? == 1)
    }

    /// Ends a secret, and every token: nobody knows which secret a token was made with.
    pub(crate) async fn revoke_secret(&mut self, client: ClientId, id: Uuid) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let revoked = run!(&mut self.tx, REVOKE_SECRET, tenant, id, now, client.uuid())? == 1;
        run!(&mut self.tx, END_TOKENS, tenant, client.uuid())?;
        Ok(revoked)
    }

    /// Ends a client: its credentials, its endpoints with what they still wait for, and its jobs that have not ended.
    pub(crate) async fn revoke_client(&mut self, client: ClientId) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        // First what a token in the making waits for, then the tokens.
        let revoked = run!(&mut self.tx, REVOKE_CLIENT, tenant, client.uuid(), now)? == 1;
        run!(&mut self.tx, END_TOKENS, tenant, client.uuid())?;
        run!(&mut self.tx, DISABLE_ENDPOINTS, tenant, client.uuid(), now)?;
        run!(&mut self.tx, HOLD_DELIVERIES, tenant, client.uuid())?;
        run!(&mut self.tx, CANCEL_ITEMS, tenant, client.uuid())?;
        run!(&mut self.tx, CANCEL_JOBS, tenant, client.uuid(), now)?;
        Ok(revoked)
    }

    /// Changes what a client may do; tokens that were made for more end.
    pub(crate) async fn set_scopes(&mut self, client: ClientId, scopes: &[Scope]) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        let changed = run!(&mut self.tx, SET_SCOPES, tenant, client.uuid(), Json(scopes))? == 1;
        run!(&mut self.tx, END_TOKENS, tenant, client.uuid())?;
        Ok(changed)
    }

    pub(crate) async fn sources(&mut self) -> Result<Vec<SourceLine>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, SourceLine, SOURCES, tenant)
    }

    pub(crate) async fn source(&mut self, id: SourceSystemId) -> Result<Option<SourceLine>, StoreError> {
        let tenant = self.tenant();
        maybe!(&mut self.tx, SourceLine, SOURCE, tenant, id.uuid())
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
        let rows: Vec<(String,)> = all!(&mut self.tx, (String,), GATES, tenant)?;
        Ok(rows.into_iter().map(|(gate,)| gate).collect())
    }

    pub(crate) async fn switch_gate(&mut self, gate: FeatureGate, enabled: bool) -> Result<(), StoreError> {
        let tenant = self.tenant();
        run!(&mut self.tx, SET_GATE, tenant, gate.name(), enabled).map(drop)
    }

    /// The settings and rights under which a client's imports run.
    pub(crate) async fn settings_of_source(&mut self, id: SourceSystemId) -> Result<SourceSettings, StoreError> {
        let tenant = self.tenant();
        one!(&mut self.tx, SourceSettings, SETTINGS, tenant, id.uuid())
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

impl TenantTx<'_, Partner> {
    /// The clients of the partner's source that are in use.
    pub(crate) async fn own_clients(&mut self) -> Result<Vec<ClientLine>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system.uuid());
        all!(&mut self.tx, ClientLine, OWN_CLIENTS, tenant, source)
    }
}
