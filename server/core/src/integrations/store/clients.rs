//! Integration clients.

use domain::ids::{ClientId, ClientKind, SourceSystemId};
use domain::scopes::Scope;
use sqlx::types::Json;

use crate::db::{StoreError, TenantTx};
use crate::identity::actors::{Actor as _, Administrator, Partner, Staff};
use crate::integrations::model::ClientSummary;

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
const INSERT_CLIENT: &str = r"
    INSERT INTO integration_client (tenant_id, id, name, source_system_id, scopes, created_at)
    VALUES ($1, $2, $3, $4, $5, $6)
";
const REVOKE_CLIENT: &str = r"
    UPDATE integration_client
    SET revoked_at = $3
    WHERE tenant_id = $1
      AND id = $2
      AND revoked_at IS NULL
";
const UPDATE_SCOPES: &str = "UPDATE integration_client SET scopes = $3 WHERE tenant_id = $1 AND id = $2";

impl<A: Administrator> TenantTx<'_, A> {
    pub(crate) async fn insert_client(
        &mut self,
        name: &str,
        source_system: SourceSystemId,
        scopes: &[Scope],
    ) -> Result<ClientId, StoreError> {
        let (tenant, id, now) = (self.tenant(), self.new_id::<ClientKind>(), self.now);
        self.tx
            .execute(
                INSERT_CLIENT,
                (tenant, id.uuid(), name, source_system.uuid(), Json(scopes), now),
            )
            .await?;
        Ok(id)
    }
}

impl TenantTx<'_, Staff> {
    pub(crate) async fn clients(&mut self) -> Result<Vec<ClientSummary>, StoreError> {
        let tenant = self.tenant();
        self.tx.fetch_all::<ClientSummary>(SELECT_CLIENTS, (tenant,)).await
    }

    pub(crate) async fn client(&mut self, id: ClientId) -> Result<Option<ClientSummary>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_optional::<ClientSummary>(SELECT_CLIENT, (tenant, id.uuid()))
            .await
    }

    /// Revokes a client: disables its webhook endpoints, holds their pending deliveries and cancels its active jobs.
    pub(crate) async fn revoke_client(&mut self, client: ClientId) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        // The client row first: issuing a token locks it, so no token can be issued after the deletion below.
        let revoked = self.tx.execute(REVOKE_CLIENT, (tenant, client.uuid(), now)).await? == 1;
        self.delete_tokens_of_client(client).await?;
        self.disable_endpoints_of_client(client).await?;
        self.cancel_imports_of_client(client).await?;
        Ok(revoked)
    }

    /// Updates the scopes of a client and revokes its tokens.
    pub(crate) async fn set_scopes(&mut self, client: ClientId, scopes: &[Scope]) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        let changed = self
            .tx
            .execute(UPDATE_SCOPES, (tenant, client.uuid(), Json(scopes)))
            .await?
            == 1;
        self.delete_tokens_of_client(client).await?;
        Ok(changed)
    }
}

impl TenantTx<'_, Partner> {
    /// Returns the active clients of the partner's source.
    pub(crate) async fn list_clients_of_source(&mut self) -> Result<Vec<ClientSummary>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system().uuid());
        self.tx
            .fetch_all::<ClientSummary>(SELECT_CLIENTS_OF_SOURCE, (tenant, source))
            .await
    }
}
