//! API keys, OAuth secrets and access tokens of integration clients.

use chrono::{DateTime, Utc};
use domain::ids::{ClientId, ClientKind, SourceSystemKind};
use domain::integrations::CredentialKind;
use domain::scopes::Scope;
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::EngineSql;
use crate::db::purpose::{Purge, SignIn};
use crate::db::{Key, StoreError, SystemTx, TenantTx};
use crate::identity::actors::{Administrator, Partner, Staff};
use crate::integrations::model::CredentialSummary;
use crate::integrations::{NewKey, NewSecret};

/// An API key or access token with its client.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct ClientIdentity {
    pub tenant_id: Uuid,
    /// The sandbox tenant, if there is one.
    pub sandbox_id: Option<Uuid>,
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

/// Something of a client, with the name of the client.
#[derive(sqlx::FromRow)]
struct OfClient<T> {
    client_name: String,
    #[sqlx(flatten)]
    of: T,
}

#[derive(sqlx::FromRow)]
struct SecretRow {
    id: Uuid,
    created_at: DateTime<Utc>,
    revoked_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
    label: Option<String>,
    hint: Option<String>,
}

impl SecretRow {
    fn summary(self) -> CredentialSummary {
        CredentialSummary {
            id: self.id.simple().to_string(),
            kind: CredentialKind::Secret,
            created_at: self.created_at,
            expires_at: None,
            revoked_at: self.revoked_at,
            last_used_at: self.last_used_at,
            label: self.label,
            hint: self.hint,
        }
    }
}

const SELECT_KEY_IDENTITY: &str = r"
    SELECT
        api_key.tenant_id, sandbox.id AS sandbox_id, api_key.is_test, api_key.client_id,
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
static SELECT_TOKEN_IDENTITY: EngineSql = EngineSql::new(
    r"
    SELECT
        token.tenant_id, NULL::UUID AS sandbox_id, $2 AS is_test, token.client_id, client.source_system_id,
        source.key AS source_key, token.scopes, token.token_hash AS secret_hash, token.expires_at,
        NULL::TIMESTAMPTZ AS revoked_at, client.revoked_at AS client_revoked_at,
        token.created_at AS last_used_at
    FROM access_token AS token
    JOIN integration_client AS client ON client.tenant_id = token.tenant_id AND client.id = token.client_id
    JOIN source_system AS source ON source.tenant_id = client.tenant_id
        AND source.id = client.source_system_id
    WHERE token.token_hash = $1
",
);
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
static LOCK_SECRET_AND_CLIENT: EngineSql = EngineSql::new(
    r"
    SELECT client.scopes
    FROM integration_client AS client
    JOIN client_secret AS secret ON secret.tenant_id = client.tenant_id AND secret.client_id = client.id
    WHERE client.tenant_id = $1
      AND client.id = $2
      AND secret.id = $3
      AND secret.revoked_at IS NULL
      AND client.revoked_at IS NULL
    FOR UPDATE OF client, secret
",
);
const UPDATE_SECRET_LAST_USED: &str = "UPDATE client_secret SET last_used_at = $3 WHERE tenant_id = $1 AND id = $2";
const INSERT_TOKEN: &str = r"
    INSERT INTO access_token (token_hash, tenant_id, client_id, scopes, created_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6)
";
const DELETE_TOKEN: &str = "DELETE FROM access_token WHERE token_hash = $1 AND client_id = $2";
const DELETE_EXPIRED_TOKENS: &str = "DELETE FROM access_token WHERE expires_at <= $1";
const INSERT_KEY: &str = r"
    INSERT INTO api_key (
        tenant_id, public_id, client_id, is_test, secret_hash, created_at, expires_at, label, hint
    )
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
";
const INSERT_SECRET: &str = r"
    INSERT INTO client_secret (tenant_id, id, client_id, secret_hash, created_at, label, hint)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
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
const SELECT_KEYS: &str = r"
    SELECT
        api_key.public_id AS id, CASE WHEN api_key.is_test THEN 'test' ELSE 'live' END AS kind,
        api_key.created_at, api_key.expires_at, api_key.revoked_at, api_key.last_used_at, api_key.label,
        api_key.hint
    FROM api_key
    WHERE api_key.tenant_id = $1
      AND api_key.client_id = $2
    ORDER BY api_key.created_at DESC, api_key.public_id
    LIMIT 50
";
const SELECT_SECRETS: &str = r"
    SELECT secret.id, secret.created_at, secret.revoked_at, secret.last_used_at, secret.label, secret.hint
    FROM client_secret AS secret
    WHERE secret.tenant_id = $1
      AND secret.client_id = $2
    ORDER BY secret.created_at DESC
    LIMIT 20
";
/// Active keys of a partner's source with the names of their clients; expired ones are shown, revoked ones are not.
const SELECT_KEYS_OF_SOURCE: &str = r"
    SELECT
        client.name AS client_name, api_key.public_id AS id,
        CASE WHEN api_key.is_test THEN 'test' ELSE 'live' END AS kind, api_key.created_at, api_key.expires_at,
        api_key.revoked_at, api_key.last_used_at, api_key.label, api_key.hint
    FROM api_key
    JOIN integration_client AS client ON client.tenant_id = api_key.tenant_id
        AND client.id = api_key.client_id
    WHERE api_key.tenant_id = $1
      AND client.source_system_id = $2
      AND client.revoked_at IS NULL
      AND api_key.revoked_at IS NULL
    ORDER BY client.name, api_key.created_at DESC, api_key.public_id
    LIMIT 100
";
const SELECT_SECRETS_OF_SOURCE: &str = r"
    SELECT
        client.name AS client_name, secret.id, secret.created_at, secret.revoked_at, secret.last_used_at,
        secret.label, secret.hint
    FROM client_secret AS secret
    JOIN integration_client AS client ON client.tenant_id = secret.tenant_id
        AND client.id = secret.client_id
    WHERE secret.tenant_id = $1
      AND client.source_system_id = $2
      AND client.revoked_at IS NULL
      AND secret.revoked_at IS NULL
    ORDER BY client.name, secret.created_at DESC
    LIMIT 100
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

impl<P> SystemTx<'_, P> {
    pub(crate) async fn client_by_key(&mut self, public_id: &str) -> Result<Option<ClientIdentity>, StoreError> {
        self.tx
            .fetch_optional::<ClientIdentity>(SELECT_KEY_IDENTITY, (public_id,))
            .await
    }

    pub(crate) async fn client_by_token(&mut self, token_hash: &[u8]) -> Result<Option<ClientIdentity>, StoreError> {
        self.tx
            .fetch_optional::<ClientIdentity>(&SELECT_TOKEN_IDENTITY, (token_hash, false))
            .await
    }

    pub(crate) async fn list_secrets(&mut self, client: ClientId) -> Result<Vec<SecretIdentity>, StoreError> {
        self.tx
            .fetch_all::<SecretIdentity>(SELECT_SECRETS_OF_CLIENT, (client.uuid(),))
            .await
    }
}

/// In test mode the actor's tenant is the sandbox, but credentials are stored with the live tenant.
impl<P> SystemTx<'_, P> {
    /// Returns the keys and OAuth secrets of the active clients of a partner's source, with the names of the clients.
    pub(crate) async fn credentials_of_source(
        &mut self,
        by: &Partner,
    ) -> Result<Vec<(String, CredentialSummary)>, StoreError> {
        let (tenant, source) = (by.live_tenant().uuid(), by.source_system().uuid());
        let keys = self
            .tx
            .fetch_all::<OfClient<CredentialSummary>>(SELECT_KEYS_OF_SOURCE, (tenant, source))
            .await?;
        let secrets = self
            .tx
            .fetch_all::<OfClient<SecretRow>>(SELECT_SECRETS_OF_SOURCE, (tenant, source))
            .await?;
        let keys = keys.into_iter().map(|key| (key.client_name, key.of));
        let secrets = secrets
            .into_iter()
            .map(|secret| (secret.client_name, secret.of.summary()));
        Ok(keys.chain(secrets).collect())
    }
}

impl SystemTx<'_, SignIn> {
    pub(crate) async fn mark_key_used(&mut self, public_id: &str) -> Result<(), StoreError> {
        self.tx
            .execute(UPDATE_KEY_LAST_USED, (public_id, self.now))
            .await
            .map(drop)
    }

    /// Returns whether a secret is valid and the scopes of its client are unchanged since they were read. Locks both
    /// rows until the transaction ends.
    pub(crate) async fn lock_unchanged_secret(
        &mut self,
        secret: &SecretIdentity,
        client: ClientId,
    ) -> Result<bool, StoreError> {
        type Row = (Json<Vec<String>>,);
        let sql = &LOCK_SECRET_AND_CLIENT;
        let row: Option<Row> = self
            .tx
            .fetch_optional::<Row>(sql, (secret.tenant_id, client.uuid(), secret.secret_id))
            .await?;
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
        self.tx
            .execute(UPDATE_SECRET_LAST_USED, (secret.tenant_id, secret.secret_id, self.now))
            .await?;
        self.tx
            .execute(
                INSERT_TOKEN,
                (
                    token_hash,
                    secret.tenant_id,
                    client.uuid(),
                    Json(scopes),
                    self.now,
                    expires_at,
                ),
            )
            .await
            .map(drop)
    }

    pub(crate) async fn delete_token(&mut self, token_hash: &[u8], client: ClientId) -> Result<(), StoreError> {
        self.tx
            .execute(DELETE_TOKEN, (token_hash, client.uuid()))
            .await
            .map(drop)
    }
}

impl SystemTx<'_, Purge> {
    pub(crate) async fn delete_expired_tokens(&mut self) -> Result<u64, StoreError> {
        self.execute_now(DELETE_EXPIRED_TOKENS).await
    }
}

impl<A: Administrator> TenantTx<'_, A> {
    pub(crate) async fn insert_key(
        &mut self,
        client: ClientId,
        key: &NewKey,
        label: Option<&str>,
        expires_at: Option<DateTime<Utc>>,
    ) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        self.tx
            .execute(
                INSERT_KEY,
                (
                    tenant,
                    &key.public_id,
                    client.uuid(),
                    key.is_test,
                    &key.secret_hash,
                    now,
                    expires_at,
                    label,
                    &key.hint,
                ),
            )
            .await
            .map(drop)
    }

    pub(crate) async fn insert_secret(
        &mut self,
        client: ClientId,
        secret: &NewSecret,
        label: Option<&str>,
    ) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let id = self.store.randomness.uuid_v7(now);
        self.tx
            .execute(
                INSERT_SECRET,
                (tenant, id, client.uuid(), &secret.hash, now, label, &secret.hint),
            )
            .await
            .map(drop)
    }
}

impl TenantTx<'_, Staff> {
    /// Returns the keys and OAuth secrets of a client, newest first.
    pub(crate) async fn list_credentials(&mut self, client: ClientId) -> Result<Vec<CredentialSummary>, StoreError> {
        let tenant = self.tenant();
        let mut lines: Vec<CredentialSummary> = self
            .tx
            .fetch_all::<CredentialSummary>(SELECT_KEYS, (tenant, client.uuid()))
            .await?;
        let secrets = self
            .tx
            .fetch_all::<SecretRow>(SELECT_SECRETS, (tenant, client.uuid()))
            .await?;
        lines.extend(secrets.into_iter().map(SecretRow::summary));
        Ok(lines)
    }

    /// Returns how many active keys of a kind a client has.
    pub(crate) async fn count_active_keys(&mut self, client: ClientId, is_test: bool) -> Result<i64, StoreError> {
        let tenant = self.tenant();
        let (count,) = self
            .tx
            .fetch_one::<(i64,)>(COUNT_ACTIVE_KEYS, (tenant, client.uuid(), is_test, self.now))
            .await?;
        Ok(count)
    }

    /// Returns how many active OAuth secrets a client has.
    pub(crate) async fn count_active_secrets(&mut self, client: ClientId) -> Result<i64, StoreError> {
        let tenant = self.tenant();
        let (count,) = self
            .tx
            .fetch_one::<(i64,)>(COUNT_ACTIVE_SECRETS, (tenant, client.uuid()))
            .await?;
        Ok(count)
    }

    pub(crate) async fn revoke_key(&mut self, client: ClientId, public_id: &str) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(self
            .tx
            .execute(REVOKE_KEY, (tenant, public_id, now, client.uuid()))
            .await?
            == 1)
    }

    /// Revokes a secret and all tokens of the client, since a token does not record which secret it was issued for.
    pub(crate) async fn revoke_secret(&mut self, client: ClientId, id: Uuid) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let revoked = self.tx.execute(REVOKE_SECRET, (tenant, id, now, client.uuid())).await? == 1;
        self.delete_tokens_of_client(client).await?;
        Ok(revoked)
    }

    /// Revokes all tokens of a client.
    pub(crate) async fn delete_tokens_of_client(&mut self, client: ClientId) -> Result<(), StoreError> {
        let tenant = self.tenant();
        self.tx
            .execute(DELETE_TOKENS_OF_CLIENT, (tenant, client.uuid()))
            .await
            .map(drop)
    }
}
