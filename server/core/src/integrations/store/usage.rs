//! Daily usage of the API by client, and the request log.

use chrono::{DateTime, Utc};
use domain::ids::{ApiCallId, ClientId};
use uuid::Uuid;

use crate::db::purpose::{Purge, UsageCounting};
use crate::db::{StoreError, SystemTx, TenantTx, far_future};
use crate::identity::actors::{Partner, Staff, TenantId};
use crate::integrations::model::{ApiCallEntry, UsageEntry};
use crate::integrations::usage::ApiCall;

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

const INSERT_CALL: &str = r"
    INSERT INTO api_call (
        tenant_id, id, client_id, is_test, called_at, method, path, status, code, duration_ms, request_id
    )
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
";
macro_rules! select_calls {
    () => {
        r"
    SELECT
        call.id, client.name AS client_name, call.is_test, call.called_at, call.method, call.path, call.status,
        call.code, call.duration_ms, call.request_id
    FROM api_call AS call
    JOIN integration_client AS client ON client.tenant_id = call.tenant_id AND client.id = call.client_id
        "
    };
}
const SELECT_CALLS_OF_CLIENT: &str = concat!(
    select_calls!(),
    r"
    WHERE call.tenant_id = $1
      AND call.client_id = $2
    ORDER BY call.called_at DESC, call.id DESC
    LIMIT $3
    "
);
const SELECT_CALLS_OF_SOURCE: &str = concat!(
    select_calls!(),
    r"
    WHERE call.tenant_id = $1
      AND client.source_system_id = $2
      AND call.is_test = $3
      AND (call.status >= 400 OR $4 = 0)
      AND (call.called_at, call.id) < ($5, $6)
    ORDER BY call.called_at DESC, call.id DESC
    LIMIT $7
    "
);
const DELETE_OLD_CALLS: &str = "DELETE FROM api_call WHERE called_at < $1";
const SELECT_CLIENTS_WITH_MANY_CALLS: &str = r"
    SELECT tenant_id, client_id
    FROM api_call
    GROUP BY tenant_id, client_id
    HAVING count(*) > $1
";
const DELETE_OLDEST_CALLS: &str = r"
    DELETE FROM api_call
    WHERE tenant_id = $1
      AND client_id = $2
      AND called_at <= (
          SELECT called_at
          FROM api_call
          WHERE tenant_id = $1
            AND client_id = $2
          ORDER BY called_at DESC
          LIMIT 1 OFFSET $3
      )
";

impl SystemTx<'_, UsageCounting> {
    /// Adds a call to the request log. `tenant` is the live tenant, also for test keys.
    pub(crate) async fn insert_call(
        &mut self,
        tenant: TenantId,
        client: ClientId,
        call: &ApiCall,
    ) -> Result<(), StoreError> {
        let id = self.store.randomness.uuid_v7(call.called_at);
        let row = (
            tenant.uuid(),
            id,
            client.uuid(),
            call.is_test,
            call.called_at,
            &call.method,
            &call.path,
            i64::from(call.status),
            call.code,
            call.duration.num_milliseconds().max(0),
            &call.request_id,
        );
        self.tx.execute(INSERT_CALL, row).await.map(drop)
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
        self.tx
            .execute(
                ADD_USAGE,
                (tenant.uuid(), client.uuid(), day, answered, refused, limited),
            )
            .await
            .map(drop)
    }
}

/// In test mode the actor's tenant is the sandbox, but the request log is stored with the live tenant.
impl<P> SystemTx<'_, P> {
    /// Returns a page of the calls of the clients of the partner's source, newest first: those with test keys in test mode,
    /// otherwise those with live credentials.
    pub(crate) async fn calls_of_source(
        &mut self,
        by: &Partner,
        errors_only: bool,
        before: Option<(DateTime<Utc>, ApiCallId)>,
        limit: i64,
    ) -> Result<Vec<ApiCallEntry>, StoreError> {
        let (tenant, source) = (by.live_tenant().uuid(), by.source_system().uuid());
        let (at, id) = before.map_or((far_future(), Uuid::max()), |(at, id)| (at, id.uuid()));
        self.tx
            .fetch_all::<ApiCallEntry>(
                SELECT_CALLS_OF_SOURCE,
                (tenant, source, by.is_test(), i64::from(errors_only), at, id, limit),
            )
            .await
    }
}

impl SystemTx<'_, Purge> {
    /// Deletes calls before a time, and all but the newest `kept` of a client.
    pub(crate) async fn purge_calls(&mut self, before: DateTime<Utc>, kept: i64) -> Result<(), StoreError> {
        self.tx.execute(DELETE_OLD_CALLS, (before,)).await?;
        let clients = self
            .tx
            .fetch_all::<(Uuid, Uuid)>(SELECT_CLIENTS_WITH_MANY_CALLS, (kept,))
            .await?;
        for (tenant, client) in clients {
            self.tx.execute(DELETE_OLDEST_CALLS, (tenant, client, kept)).await?;
        }
        Ok(())
    }
}

impl TenantTx<'_, Staff> {
    /// Returns the latest calls of a client, newest first.
    pub(crate) async fn list_calls(&mut self, client: ClientId, limit: i64) -> Result<Vec<ApiCallEntry>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<ApiCallEntry>(SELECT_CALLS_OF_CLIENT, (tenant, client.uuid(), limit))
            .await
    }

    /// Returns the usage of a client on its latest days.
    pub(crate) async fn list_usage(&mut self, client: ClientId) -> Result<Vec<UsageEntry>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<UsageEntry>(SELECT_USAGE, (tenant, client.uuid()))
            .await
    }
}
